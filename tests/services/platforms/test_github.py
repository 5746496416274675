"""Pushes to GitHub, over a fake whose objects git itself reads."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platforms.github.pushing import Pushed
from services.platforms.github.repository import INLINE
from services.platforms.github.tree import MANIFEST
from tests.fakes.targets.github import FakeGitHub
from tests.services.platforms.pushes import FILES, NAME, own, pushed


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running


async def test_a_push_creates_a_private_repository_with_one_commit_of_the_files(fake: FakeGitHub) -> None:
    result = await pushed(fake, description="Books to lend")

    repository = fake.repositories[NAME]
    assert (repository.is_private, repository.description) == (True, "Books to lend")
    assert own(repository) == FILES
    assert repository.messages() == ["Add the backend", "Begin the repository"]
    head = repository.git.commits[repository.git.branches["main"]]
    assert head.message == "Add the backend\n\nSnapinfra-Id: push_1\n"
    assert result == Pushed(
        repository=NAME,
        url=f"https://github.com/{NAME}",
        clone_url=f"https://github.com/{NAME}.git",
        branch="main",
        commit=head.sha,
        is_new=True,
        has_created=True,
    )
    assert fake.files(NAME, result.commit) == repository.files()


async def test_git_reads_what_was_pushed(fake: FakeGitHub, tmp_path: Path) -> None:
    await pushed(fake)
    second = await pushed(fake, {**FILES, "src/app.ts": b"export const size = 2;\n"}, mark="push_2")
    fake.repositories[NAME].git.write(tmp_path / "bare.git")

    def git(*arguments: str) -> bytes:
        command = ["git", "-C", str(tmp_path / "bare.git"), *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout

    git("fsck", "--strict", "--full")
    assert git("rev-parse", "main").decode().strip() == second.commit
    assert git("log", "-1", "--format=%(trailers:key=Snapinfra-Id,valueonly)", "main").decode().strip() == "push_2"
    assert git("show", "main:src/app.ts") == b"export const size = 2;\n"
    assert git("show", "main:assets/logo.png") == FILES["assets/logo.png"]
    assert git("show", "--name-only", "--format=", "main").decode().split() == [MANIFEST, "src/app.ts"]


async def test_a_name_without_an_owner_is_of_the_tokens_user(fake: FakeGitHub) -> None:
    assert (await pushed(fake, repository="backend")).repository == NAME


async def test_a_repository_of_an_organization_is_created_there(fake: FakeGitHub) -> None:
    assert (await pushed(fake, repository="acme/backend")).repository == "acme/backend"
    assert set(fake.repositories) == {"acme/backend"}


async def test_the_next_push_is_a_commit_on_top_and_deletes_what_it_no_longer_has(fake: FakeGitHub) -> None:
    first = await pushed(fake)
    files = {"README.md": b"# Books\n", "src/app.ts": FILES["src/app.ts"]}

    second = await pushed(fake, files, mark="push_2")

    repository = fake.repositories[NAME]
    assert own(repository) == files
    assert repository.git.commits[second.commit].parents == (first.commit,)
    assert not second.has_created


async def test_the_mark_of_a_push_is_found_again(fake: FakeGitHub) -> None:
    first = await pushed(fake)
    later = await pushed(fake, {"other": b"1"}, mark="push_2")

    again = await pushed(fake)

    assert (again.commit, again.is_new) == (first.commit, True)
    assert fake.repositories[NAME].git.branches["main"] == later.commit


async def test_a_message_can_not_pass_for_a_mark(fake: FakeGitHub) -> None:
    await pushed(fake, message="Try\n\nSnapinfra-Id: push_2")

    second = await pushed(fake, {"a": b"1"}, mark="push_2")

    assert own(fake.repositories[NAME]) == {"a": b"1"}
    assert second.is_new


async def test_a_push_without_changes_makes_no_commit_unless_it_is_to(fake: FakeGitHub) -> None:
    first = await pushed(fake)

    same = await pushed(fake, mark="push_2")
    always = await pushed(fake, mark="push_3", is_always=True)

    assert (same.commit, same.is_new) == (first.commit, False)
    assert fake.repositories[NAME].git.commits[always.commit].parents == (first.commit,)
    assert fake.files(NAME, always.commit) == fake.files(NAME, first.commit)


async def test_what_people_put_there_stays(fake: FakeGitHub) -> None:
    await pushed(fake)
    repository = fake.repositories[NAME]
    repository.push("main", {"LICENSE": b"MIT", "src/mine.ts": b"//", "empty": b"mine now", "README.md": b"mine"})

    await pushed(fake, {"README.md": b"# Books\n"}, mark="push_2")

    assert own(repository) == {
        "LICENSE": b"MIT",
        "src/mine.ts": b"//",
        "empty": b"mine now",  # which we wrote, they changed, and the new push does not have
        "README.md": b"# Books\n",
    }


async def test_what_people_deleted_may_be_pushed_again(fake: FakeGitHub) -> None:
    await pushed(fake)
    repository = fake.repositories[NAME]
    repository.push("main", {MANIFEST: None, "empty": None})

    await pushed(fake, mark="push_2")

    assert own(repository) == FILES


async def test_files_and_folders_may_change_places(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    repository.push("main", {"src": b"a file", "lib/a": b"1", "lib/b/c": b"2", "bin/run": b"3"})

    await pushed(fake, {"src/app.ts": b"//", "lib": b"a file", "bin/run": b"4"})

    assert own(repository) == {"src/app.ts": b"//", "lib": b"a file", "bin/run": b"4"}


async def test_modes_links_and_submodules_stay(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    git = repository.git
    script, link = git.add("blob", b"#!/bin/sh"), git.add("blob", b"README.md")
    entries = {"run.sh": ("100755", script), "link": ("120000", link), "sub": ("160000", "a" * 40)}
    repository.commit("main", git.add_tree(entries), "By hand")

    result = await pushed(fake, {"run.sh": b"#!/bin/bash", "a.txt": b"a"})

    tree = git.tree(git.commits[result.commit].tree)
    assert tree["link"] == ("120000", link)
    assert tree["sub"] == ("160000", "a" * 40)
    assert tree["run.sh"] == ("100755", git.add("blob", b"#!/bin/bash"))
    assert tree["a.txt"][0] == "100644"


async def test_a_new_branch_begins_at_the_default_branch(fake: FakeGitHub) -> None:
    repository = fake.add(NAME, default_branch="trunk")
    start = repository.push("trunk", {"LICENSE": b"MIT"})

    result = await pushed(fake, branch="snapinfra/next")

    assert repository.git.commits[result.commit].parents == (start.sha,)
    assert own(repository, "snapinfra/next") == {**FILES, "LICENSE": b"MIT"}
    assert own(repository, "trunk") == {"LICENSE": b"MIT"}


async def test_without_a_branch_it_is_the_default_one(fake: FakeGitHub) -> None:
    fake.add(NAME, default_branch="trunk").push("trunk", {"LICENSE": b"MIT"})

    assert (await pushed(fake, branch=None)).branch == "trunk"
    assert (await pushed(fake, branch=None, repository="new")).branch == "main"


async def test_a_branch_may_begin_with_the_repository(fake: FakeGitHub) -> None:
    fake.add(NAME)

    await pushed(fake, branch="feature/books")

    assert own(fake.repositories[NAME], "feature/books") == FILES


async def test_a_branch_may_begin_where_no_default_branch_is(fake: FakeGitHub) -> None:
    repository = fake.add(NAME)
    repository.push("other", {"LICENSE": b"MIT"})

    result = await pushed(fake)

    assert repository.git.commits[result.commit].parents == ()
    assert own(repository) == FILES


async def test_large_files_come_before_their_tree(fake: FakeGitHub) -> None:
    files = {f"data/{number}": b"%d" % number * (INLINE // 3) for number in range(5)} | {"a": b"1"}

    await pushed(fake, files)

    assert own(fake.repositories[NAME]) == files
    assert fake.calls[f"POST /repos/{NAME}/git/blobs"] == 3


async def test_what_programs_read_secrets_from_is_never_pushed(fake: FakeGitHub) -> None:
    secret = {".env": b"KEY=1", "app/.env.local": b"KEY=1", ".ENV.Production": b"KEY=1"}
    examples = {".env.example": b"KEY=", "app/.env.sample": b"KEY=", ".envrc": b"use node", "env": b"1"}

    await pushed(fake, {**secret, **examples})

    assert own(fake.repositories[NAME]) == examples
