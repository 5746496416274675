"""Deliveries to GitHub: what people have changed stays, over a fake that merges by the real git."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platforms.port import DeployFailed
from tests.fakes.targets.github import FakeGitHub
from tests.services.platforms.deliveries import APP, CODE, changed, delivered, outcomes, repository
from tests.services.platforms.pushes import FILES, NAME, own, pushed


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    with FakeGitHub() as running:
        yield running


async def test_a_first_delivery_is_one_commit_of_both_branches(fake: FakeGitHub) -> None:
    result = await delivered(fake, generation="generation_1")

    there = repository(fake)
    head = there.git.commits[there.git.branches["main"]]
    assert there.git.branches == {"main": result.commit, "generated": result.generated}
    assert (result.commit, result.is_new, result.is_merged, outcomes(result)) == (result.generated, True, True, {})
    trailers = f"Snapinfra-Generation: generation_1\nSnapinfra-Tree: {head.tree}\nSnapinfra-Id: push_1\n"
    assert head.message == f"Generation 1\n\n{trailers}"
    assert there.messages() == ["Generation 1", "Begin the repository"]
    assert own(there) == CODE


async def test_a_branch_that_nobody_has_touched_goes_forward(fake: FakeGitHub) -> None:
    await delivered(fake)

    result = await delivered(fake, {"README.md": b"# More\n", "src/new.ts": b"1"}, number=2)

    assert repository(fake).messages() == ["Generation 2", "Generation 1", "Begin the repository"]
    assert own(repository(fake)) == {"README.md": b"# More\n", "src/new.ts": b"1"}
    assert result.commit == result.generated


async def test_what_people_changed_stays_and_is_merged_with_what_is_new(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    mine = {"README.md": b"# Mine\n", "src/app.ts": changed(12, b"mine"), "src/mine.ts": b"//", "src/old.ts": None}
    there.push("main", mine)

    result = await delivered(fake, {**CODE, "src/app.ts": changed(1, b"new"), "src/new.ts": b"1"}, number=2)

    assert outcomes(result) == {"README.md": "KEPT", "src/app.ts": "MERGED", "src/old.ts": "KEPT"}
    assert own(there) == {
        "README.md": b"# Mine\n",
        "src/app.ts": changed(1, b"new", changed(12, b"mine")),
        "src/mine.ts": b"//",
        "src/new.ts": b"1",
    }
    assert (result.is_new, result.is_merged, result.pull_request) == (True, True, None)
    assert result.commit == there.git.branches["main"]
    assert (
        there.git.commits[result.commit].message == "Merge branch 'generated'\n\nGeneration 2\n\nSnapinfra-Id: push_2\n"
    )
    assert own(there, "generated") == {**CODE, "src/app.ts": changed(1, b"new"), "src/new.ts": b"1"}


async def test_git_reads_one_commit_for_each_generation(fake: FakeGitHub, tmp_path: Path) -> None:
    await delivered(fake, generation="generation_1")
    repository(fake).push("main", {"README.md": b"# Mine\n"})
    await delivered(fake, {**CODE, "src/app.ts": b"2\n"}, number=2, generation="generation_2")
    repository(fake).git.write(tmp_path / "bare.git")

    def git(*arguments: str) -> list[str]:
        command = ["git", "-C", str(tmp_path / "bare.git"), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    git("fsck", "--strict", "--full")
    trailer = "--format=%(trailers:key=Snapinfra-Generation,valueonly)"
    assert git("log", trailer, "generated") == ["generation_2", "generation_1"]
    assert git("diff", "--name-only", "generated", "main") == ["README.md"]
    assert git("ls-tree", "-r", "--name-only", "generated") == sorted(CODE)


async def test_where_both_changed_a_line_the_branch_stays_and_a_pull_request_asks(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    before = there.push("main", {"src/app.ts": changed(3, b"mine"), "README.md": b"# Mine\n"})

    result = await delivered(fake, {**CODE, "src/app.ts": changed(3, b"new"), "src/new.ts": b"1"}, number=2)

    assert outcomes(result) == {"README.md": "KEPT", "src/app.ts": "CONFLICT"}
    assert (result.is_new, result.is_merged) == (False, False)
    assert result.pull_request == f"https://github.com/{NAME}/pull/1"
    assert there.git.branches["main"] == result.commit == before.sha
    assert own(there, "generated")["src/app.ts"] == changed(3, b"new")
    (pull,) = there.pulls
    assert (pull.head, pull.base) == ("generated", "main")


async def test_later_deliveries_come_into_the_pull_request_that_is_open(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    there.push("main", {"src/app.ts": changed(3, b"mine")})
    await delivered(fake, {**CODE, "src/app.ts": changed(3, b"new")}, number=2)

    again = await delivered(fake, {**CODE, "src/app.ts": changed(3, b"newer")}, number=3)
    same = await delivered(fake, {**CODE, "src/app.ts": changed(3, b"newer")}, number=4)

    assert again.pull_request == same.pull_request == f"https://github.com/{NAME}/pull/1"
    assert len(there.pulls) == 1
    assert same.generated == again.generated


async def test_what_was_resolved_once_is_not_asked_again(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    there.push("main", {"src/app.ts": changed(3, b"mine")})
    asked = await delivered(fake, {**CODE, "src/app.ts": changed(3, b"new")}, number=2)
    there.merge("main", asked.generated, {"src/app.ts": changed(3, b"both")})

    result = await delivered(fake, {**CODE, "src/app.ts": changed(9, b"next", changed(3, b"new"))}, number=3)

    assert outcomes(result) == {"src/app.ts": "MERGED"}
    assert own(there)["src/app.ts"] == changed(9, b"next", changed(3, b"both"))


async def test_who_deleted_what_is_told(fake: FakeGitHub) -> None:
    await delivered(fake)
    repository(fake).push("main", {"README.md": None, "src/old.ts": b"export const mine = 1;\n"})

    result = await delivered(fake, {"README.md": b"# More\n", "src/app.ts": APP}, number=2)

    assert outcomes(result) == {"README.md": "CONFLICT_DELETED", "src/old.ts": "CONFLICT_NOT_GENERATED"}
    assert not result.is_merged


async def test_a_file_that_people_have_moved_is_followed(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    there.push("main", {"src/app.ts": None, "src/main.ts": changed(12, b"mine")})

    result = await delivered(fake, {**CODE, "src/app.ts": changed(1, b"new")}, number=2)

    assert result.is_merged
    assert own(there)["src/main.ts"] == changed(1, b"new", changed(12, b"mine"))
    assert "src/app.ts" not in own(there)


async def test_a_repository_of_people_is_joined_and_loses_nothing(fake: FakeGitHub) -> None:
    there = fake.add(NAME)
    before = there.push("main", {"LICENSE": b"MIT", "src/app.ts": APP})

    result = await delivered(fake)

    assert own(there) == {**CODE, "LICENSE": b"MIT"}
    assert there.messages() == [
        "Merge branch 'generated'",
        "Join the branch generated, of which nothing is taken over yet",
        "Generation 1",
        "Begin the branch generated",
        "By hand",
    ]
    assert before.sha in {commit.sha for commit in there.git.ancestors(result.commit)}
    assert own(there, "generated") == CODE


async def test_a_file_that_people_had_before_is_not_replaced(fake: FakeGitHub) -> None:
    there = fake.add(NAME)
    there.push("main", {"README.md": b"# Mine\n"})

    result = await delivered(fake)

    assert outcomes(result) == {"README.md": "CONFLICT"}
    assert own(there) == {"README.md": b"# Mine\n"}
    assert result.pull_request is not None


async def test_what_was_pushed_before_there_was_the_branch_is_what_is_compared_with(fake: FakeGitHub) -> None:
    await pushed(fake, CODE, mark="push_0")
    there = repository(fake)
    there.push("main", {"src/app.ts": changed(12, b"mine"), "LICENSE": b"MIT", "src/old.ts": None})

    result = await delivered(fake, {**CODE, "src/app.ts": changed(1, b"new")})

    assert outcomes(result) == {"src/app.ts": "MERGED", "src/old.ts": "KEPT"}
    assert own(there) == {
        "README.md": CODE["README.md"],
        "src/app.ts": changed(1, b"new", changed(12, b"mine")),
        "LICENSE": b"MIT",
    }
    assert own(there, "generated") == {**CODE, "src/app.ts": changed(1, b"new")}


@pytest.mark.parametrize("is_squashed", [False, True])
async def test_a_branch_that_was_deleted_after_its_merge_goes_on(fake: FakeGitHub, *, is_squashed: bool) -> None:
    first = await delivered(fake, generation="generation_1")
    there = repository(fake)
    there.push("main", {"LICENSE": b"MIT", "README.md": b"# Mine\n"})
    second = await delivered(fake, {**CODE, "src/old.ts": b"2\n"}, number=2, generation="generation_2")
    if is_squashed:  # as GitHub words it: with the trailers of what was squashed at its end
        message = there.git.commits[second.generated].message
        there.push("main", {"src/mine.ts": b"//"}, f"Merge what Snapinfra generated (#1)\n\n* {message}")
    del there.git.branches["generated"]

    result = await delivered(fake, {**CODE, "src/old.ts": b"3\n"}, number=3)

    assert outcomes(result) == {"README.md": "KEPT"}
    assert own(there)["src/old.ts"] == b"3\n"
    assert (own(there)["LICENSE"], own(there)["README.md"]) == (b"MIT", b"# Mine\n")
    assert own(there, "generated") == {**CODE, "src/old.ts": b"3\n"}
    assert first.generated in {commit.sha for commit in there.git.ancestors(result.generated)}


async def test_a_new_branch_begins_at_the_default_branch(fake: FakeGitHub) -> None:
    await delivered(fake)
    repository(fake).push("main", {"LICENSE": b"MIT"})

    result = await delivered(fake, {**CODE, "README.md": b"# More\n"}, number=2, branch="next")

    assert own(repository(fake), "next") == {**CODE, "README.md": b"# More\n", "LICENSE": b"MIT"}
    assert own(repository(fake)) == {**CODE, "LICENSE": b"MIT"}
    assert result.commit == repository(fake).git.branches["next"]


async def test_a_delivery_to_generated_alone_touches_no_other_branch(fake: FakeGitHub) -> None:
    await delivered(fake)
    before = repository(fake).git.branches["main"]

    result = await delivered(fake, {**CODE, "README.md": b"# More\n"}, number=2, branch="generated")

    assert repository(fake).git.branches == {"main": before, "generated": result.commit}
    assert (result.is_new, result.is_merged) == (True, True)


async def test_the_same_again_makes_no_commit(fake: FakeGitHub) -> None:
    first = await delivered(fake)
    mine = repository(fake).push("main", {"README.md": b"# Mine\n"})

    again = await delivered(fake, number=2)

    assert (again.commit, again.generated, again.is_new) == (mine.sha, first.generated, False)


async def test_an_attempt_that_comes_late_brings_nothing_earlier_back(fake: FakeGitHub) -> None:
    first = await delivered(fake)
    second = await delivered(fake, {**CODE, "README.md": b"# More\n"}, number=2)

    late = await delivered(fake)

    assert (late.commit, late.generated) == (first.commit, first.generated)
    assert repository(fake).git.branches == {"main": second.commit, "generated": second.commit}


async def test_a_protected_branch_is_asked_by_a_pull_request(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    there.protected.add("main")

    ahead = await delivered(fake, {**CODE, "src/old.ts": b"2\n"}, number=2)
    there.protected.clear()
    there.push("main", {"README.md": b"# Mine\n"})
    there.protected.add("main")
    beside = await delivered(fake, {**CODE, "src/old.ts": b"3\n"}, number=3)

    assert ahead.pull_request == beside.pull_request == f"https://github.com/{NAME}/pull/1"
    assert (ahead.is_merged, outcomes(ahead)) == (False, {})
    assert (beside.is_merged, outcomes(beside)) == (False, {"README.md": "KEPT"})


async def test_a_token_that_may_open_no_pull_request_has_pushed_all_the_same(fake: FakeGitHub) -> None:
    await delivered(fake)
    repository(fake).push("main", {"src/app.ts": b"mine\n"})
    fake.may_pull = False

    result = await delivered(fake, {**CODE, "src/app.ts": b"new\n"}, number=2)

    assert (result.is_merged, result.pull_request) == (False, None)
    assert own(repository(fake), "generated")["src/app.ts"] == b"new\n"


async def test_many_files_in_conflict_are_told_and_not_all_looked_at(fake: FakeGitHub) -> None:
    files = {f"src/{number:02}.ts": APP for number in range(30)}
    await delivered(fake, files)
    mine = changed(3, b"mine")
    repository(fake).push("main", {path: mine if path > "src/02" else changed(12, b"mine") for path in files})

    result = await delivered(fake, {path: changed(3, b"new") for path in files}, number=2)

    said = outcomes(result)
    assert {path for path, outcome in said.items() if outcome == "MERGED"} == {"src/00.ts", "src/01.ts"}
    assert len(said) == 30
    assert fake.calls.total() < 150


async def test_secrets_are_not_delivered(fake: FakeGitHub) -> None:
    await delivered(fake, {**CODE, ".env": b"KEY=1"})

    assert own(repository(fake), "generated") == CODE


async def test_modes_links_and_submodules_of_people_stay(fake: FakeGitHub) -> None:
    there = fake.add(NAME)
    git = there.git
    link, script = git.add("blob", b"README.md"), git.add("blob", b"#!/bin/sh")
    there.commit("main", git.add_tree({"link": ("120000", link), "run.sh": ("100755", script)}), "By hand")

    result = await delivered(fake)

    tree = git.tree(git.commits[result.commit].tree)
    assert (tree["link"], tree["run.sh"]) == (("120000", link), ("100755", script))


async def test_a_history_of_its_own_is_joined_at_the_first_generation(fake: FakeGitHub) -> None:
    await delivered(fake)
    there = repository(fake)
    there.push("orphan", {"LICENSE": b"MIT"})

    await delivered(fake, {**CODE, "README.md": b"# More\n"}, number=2, branch="orphan")

    assert own(there, "orphan") == {**CODE, "README.md": b"# More\n", "LICENSE": b"MIT"}


async def test_what_can_not_be_pushed_is_refused_before_any_call(fake: FakeGitHub) -> None:
    with pytest.raises(DeployFailed):
        await delivered(fake, {})
    assert not fake.calls


async def test_large_files_come_before_their_tree(fake: FakeGitHub) -> None:
    files = {f"data/{number}": b"%d" % number * 400_000 for number in range(4)} | dict(FILES)

    await delivered(fake, files)

    assert own(repository(fake)) == files
