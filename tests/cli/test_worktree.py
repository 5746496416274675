"""Folders in which people work on what was generated: what they changed stays, by the real git, whatever is there."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.client import Refused
from cli.git import Git
from cli.worktree import Merge, Worktree

APP = "".join(f"line {number}\n" for number in range(1, 13))
CODE: Mapping[str, str] = {
    "README.md": "# Books\n",
    "src/app.ts": APP,
    "src/old.ts": "export {};\n",
    'a "b" é.txt': "1\n",
}


def settings(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who works beside a folder, without the settings of who runs the tests."""
    home = next(parent for parent in folder.parents if (parent / ".gitconfig").exists())
    return {"PATH": os.defpath, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture(autouse=True)
def gitconfig(tmp_path: Path) -> Path:
    """Settings of somebody whose name git knows."""
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Alice\n\temail = alice@example.com\n")
    return tmp_path / ".gitconfig"


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    environment = settings(folder)
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout


def worktree(folder: Path) -> Worktree:
    return Worktree.of(Git(folder, settings(folder)))


def encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: content.encode() for path, content in files.items()}


def pulled(folder: Path, files: Mapping[str, str] = CODE, *, base: Mapping[str, str] | None = None) -> Merge:
    tree = worktree(folder)
    message = "Generation 1 of Books\n\nSnapinfra-Generation: generation_1\n"
    tree.write(encoded(files), message=message, base=None if base is None else encoded(base))
    return tree.merge()


def write(folder: Path, files: Mapping[str, str | None], *, commits: bool = True) -> None:
    """Change files as a person does: delete those of None."""
    for path, content in files.items():
        if content is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode())
    if commits:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "Mine")


def there(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {str(path.relative_to(folder)): path.read_bytes().decode() for path in files}


def changed(line: int, to: str, content: str = APP) -> str:
    return content.replace(f"line {line}\n", f"{to}\n")


def outcomes(merge: Merge) -> dict[str, str]:
    return {path: outcome.value for path, outcome in merge.files.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what was generated."""
    pulled(tmp_path / "books")
    return tmp_path / "books"


@pytest.mark.parametrize("is_there", [False, True])
def test_a_new_folder_becomes_a_repository_with_both_branches(tmp_path: Path, *, is_there: bool) -> None:
    folder = tmp_path / "deep" / "books"
    if is_there:
        folder.mkdir(parents=True)

    merge = pulled(folder)

    assert there(folder) == CODE
    assert (merge.branch, merge.has_changes, merge.conflicts, outcomes(merge)) == ("main", True, [], {})
    assert git(folder, "rev-parse", "main") == git(folder, "rev-parse", "generated")
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "log", "-1", "--format=%an %s", "generated") == "Snapinfra Generation 1 of Books\n"
    assert worktree(folder).generation == "generation_1"
    git(folder, "fsck", "--strict")


def test_what_nobody_has_changed_goes_forward(folder: Path) -> None:
    files = {"README.md": "# More\n", "src/new.ts": "1"}

    pulled(folder, files)

    assert there(folder) == files
    assert git(folder, "rev-list", "--count", "main") == "2\n"


def test_what_people_changed_stays(folder: Path) -> None:
    mine = {"README.md": "# Mine\n", "src/app.ts": changed(12, "mine"), "src/old.ts": None, "LICENSE": "MIT\n"}
    write(folder, mine)

    merge = pulled(folder, {**CODE, "src/app.ts": changed(1, "new"), "src/new.ts": "1\n"})

    assert outcomes(merge) == {"README.md": "KEPT", "src/app.ts": "MERGED", "src/old.ts": "KEPT"}
    expected = {**CODE, "README.md": "# Mine\n", "src/app.ts": changed(1, "new", changed(12, "mine"))}
    expected |= {"src/new.ts": "1\n", "LICENSE": "MIT\n"}
    assert there(folder) == {path: content for path, content in expected.items() if path != "src/old.ts"}
    assert git(folder, "log", "-1", "--format=%an %s") == "Alice Merge branch 'generated'\n"


def test_conflicts_are_told_by_file_and_marked(folder: Path) -> None:
    write(folder, {"src/app.ts": changed(3, "mine"), "README.md": None, "src/old.ts": "mine\n"})
    before = git(folder, "rev-parse", "HEAD")
    code = {**CODE, "src/app.ts": changed(3, "new"), "README.md": "# More\n"}
    del code["src/old.ts"]

    merge = pulled(folder, code)

    assert outcomes(merge) == {
        "README.md": "CONFLICT_DELETED",
        "src/app.ts": "CONFLICT",
        "src/old.ts": "CONFLICT_NOT_GENERATED",
    }
    assert merge.conflicts == ["README.md", "src/app.ts", "src/old.ts"]
    assert "<<<<<<< HEAD\nmine\n=======\nnew\n>>>>>>> generated\n" in (folder / "src/app.ts").read_text()
    assert (folder / "src/old.ts").read_text() == "mine\n"
    git(folder, "merge", "--abort")
    assert git(folder, "rev-parse", "HEAD") == before
    assert there(folder)["src/app.ts"] == changed(3, "mine")


def test_what_was_resolved_once_is_not_asked_again(folder: Path) -> None:
    write(folder, {"src/app.ts": changed(3, "mine")})
    pulled(folder, {**CODE, "src/app.ts": changed(3, "new")})
    write(folder, {"src/app.ts": changed(3, "both")})

    merge = pulled(folder, {**CODE, "src/app.ts": changed(9, "next", changed(3, "new"))})

    assert outcomes(merge) == {"src/app.ts": "MERGED"}
    assert there(folder)["src/app.ts"] == changed(9, "next", changed(3, "both"))


def test_the_same_again_changes_nothing(folder: Path) -> None:
    write(folder, {"README.md": "# Mine\n"})
    before = git(folder, "rev-parse", "main", "generated")

    merge = pulled(folder)

    assert (merge.has_changes, outcomes(merge)) == (False, {"README.md": "KEPT"})
    assert git(folder, "rev-parse", "main", "generated") == before


def test_what_was_cut_short_before_the_merge_is_gone_on_with(folder: Path) -> None:
    write(folder, {"README.md": "# Mine\n"})
    worktree(folder).write(encoded({**CODE, "src/old.ts": "2\n"}), message="Generation 2")

    pulled(folder, {**CODE, "src/old.ts": "2\n"})

    assert there(folder) == {**CODE, "README.md": "# Mine\n", "src/old.ts": "2\n"}
    assert git(folder, "rev-list", "--count", "generated") == "2\n"


class TestUnpacked:
    """An archive that was unpacked and changed, and only then put under git."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "books"
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=trunk")
        write(folder, {**CODE, "src/app.ts": changed(12, "mine")})
        return folder

    def test_with_what_it_began_as_it_is_merged(self, folder: Path) -> None:
        merge = pulled(folder, {**CODE, "src/app.ts": changed(1, "new")}, base=CODE)

        assert (merge.branch, outcomes(merge)) == ("trunk", {"src/app.ts": "MERGED"})
        assert there(folder) == {**CODE, "src/app.ts": changed(1, "new", changed(12, "mine"))}

    def test_without_that_only_what_differs_is_a_conflict(self, folder: Path) -> None:
        merge = pulled(folder, {**CODE, "src/app.ts": changed(1, "new"), "src/new.ts": "1\n"})

        assert outcomes(merge) == {"src/app.ts": "CONFLICT"}
        assert there(folder)["src/new.ts"] == "1\n"

    def test_what_it_began_as_is_asked_once(self, folder: Path) -> None:
        pulled(folder, base=CODE)

        with pytest.raises(Refused, match="leave --from out"):
            pulled(folder, base=CODE)


class TestClone:
    """A clone of a repository that was pushed to."""

    @pytest.fixture
    def origin(self, tmp_path: Path) -> Path:
        pulled(tmp_path / "origin")
        return tmp_path / "origin"

    @pytest.fixture
    def clone(self, origin: Path) -> Path:
        clone = origin.with_name("clone")
        git(origin, "clone", "--quiet", str(origin), str(clone))
        return clone

    def test_it_goes_on_with_the_branch_of_the_origin(self, origin: Path, clone: Path) -> None:
        write(clone, {"README.md": "# Mine\n"})

        pulled(clone, {**CODE, "src/old.ts": "2\n"})

        assert there(clone) == {**CODE, "README.md": "# Mine\n", "src/old.ts": "2\n"}
        assert git(clone, "rev-parse", "generated^") == git(origin, "rev-parse", "generated")

    def test_branches_that_went_apart_come_together(self, origin: Path, clone: Path) -> None:
        pulled(clone, {**CODE, "src/old.ts": "2\n"})
        pulled(origin, {**CODE, "src/old.ts": "3\n"})
        git(clone, "fetch", "--quiet")

        pulled(clone, {**CODE, "src/old.ts": "4\n"})

        assert there(clone) == {**CODE, "src/old.ts": "4\n"}
        git(clone, "merge-base", "--is-ancestor", "origin/generated", "generated")

    def test_a_shallow_one_is_refused(self, origin: Path, clone: Path) -> None:
        pulled(origin, {**CODE, "src/old.ts": "2\n"})
        shallow = clone.with_name("shallow")
        git(origin, "clone", "--quiet", "--depth=1", f"file://{origin}", str(shallow))

        with pytest.raises(Refused, match="--unshallow"):
            pulled(shallow)


class TestHostile:
    """Folders that are not as they should be: they are refused with words, and nothing in them has changed."""

    def refused(self, folder: Path, words: str) -> None:
        before = there(folder)
        with pytest.raises(Refused, match=words):
            pulled(folder, {**CODE, "README.md": "# More\n"})
        assert there(folder) == before

    def test_changes_that_are_not_committed(self, folder: Path) -> None:
        write(folder, {"src/old.ts": "mine\n"}, commits=False)
        self.refused(folder, "Commit what you have changed first, or stash it: src/old.ts")
        git(folder, "add", "--all")
        self.refused(folder, "Commit what you have changed first")

    def test_a_file_that_git_does_not_know_where_a_new_one_comes(self, folder: Path) -> None:
        write(folder, {"src/new.ts": "mine\n"}, commits=False)
        before = there(folder)

        with pytest.raises(Refused, match=r"src/new\.ts"):
            pulled(folder, {**CODE, "src/new.ts": "new\n"})

        assert there(folder) == before
        assert git(folder, "status", "--porcelain") == "?? src/new.ts\n"

    def test_a_folder_without_git(self, tmp_path: Path) -> None:
        (tmp_path / "plain").mkdir()
        (tmp_path / "plain" / "README.md").write_text("mine")
        self.refused(tmp_path / "plain", "git init")
        assert not (tmp_path / "plain" / ".git").exists()

    def test_a_folder_inside_a_repository(self, folder: Path) -> None:
        self.refused(folder / "src", "no git repository of its own")

    def test_a_file_in_the_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "books").write_text("a file")
        for folder in (tmp_path / "books", tmp_path / "books" / "inner"):
            with pytest.raises(Refused, match="can't be used"):
                pulled(folder)
        assert (tmp_path / "books").read_text() == "a file"

    def test_a_merge_that_is_under_way(self, folder: Path) -> None:
        write(folder, {"README.md": "# Mine\n"})
        pulled(folder, {**CODE, "README.md": "# More\n"})
        self.refused(folder, "A merge is under way")

    def test_no_branch(self, folder: Path) -> None:
        git(folder, "checkout", "--quiet", "--detach")
        self.refused(folder, "git switch main")

    def test_the_branch_generated_itself(self, folder: Path) -> None:
        git(folder, "checkout", "--quiet", "generated")
        self.refused(folder, "generated is checked out")

    def test_the_branch_generated_in_another_worktree(self, folder: Path, tmp_path: Path) -> None:
        git(folder, "worktree", "add", "--quiet", str(tmp_path / "other"), "generated")
        self.refused(folder, "generated is checked out")

    def test_a_damaged_repository(self, folder: Path) -> None:
        (folder / ".git" / "HEAD").write_text("nonsense")
        self.refused(folder, "no git repository of its own")


class TestStrange:
    """What git merges all the same."""

    def test_a_folder_in_the_place_of_a_file(self, folder: Path) -> None:
        write(folder, {"src/old.ts": None})
        write(folder, {"src/old.ts/mine.ts": "mine\n"})

        merge = pulled(folder, {**CODE, "src/old.ts": "new\n"})

        assert merge.conflicts
        assert there(folder)["src/old.ts/mine.ts"] == "mine\n"

    def test_a_link_in_the_place_of_a_folder_is_never_followed(self, folder: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        git(folder, "rm", "-r", "--quiet", "src")
        (folder / "src").symlink_to(outside)
        git(folder, "add", "src")
        git(folder, "commit", "--quiet", "--message", "Mine")

        merge = pulled(folder, {**CODE, "src/app.ts": changed(1, "new"), "src/new.ts": "1\n"})

        assert merge.conflicts
        assert not any(outside.iterdir())

    def test_other_ends_of_lines(self, folder: Path) -> None:
        write(folder, {"src/app.ts": changed(12, "mine").replace("\n", "\r\n")})

        merge = pulled(folder, {**CODE, "src/app.ts": changed(1, "new")})

        assert outcomes(merge) == {"src/app.ts": "MERGED"}
        lines = there(folder)["src/app.ts"].splitlines()
        assert lines == changed(1, "new", changed(12, "mine")).splitlines()

    def test_a_checkout_that_writes_other_ends_of_lines(self, folder: Path) -> None:
        git(folder, "config", "core.autocrlf", "true")
        write(folder, {"src/app.ts": changed(12, "mine").replace("\n", "\r\n")})

        pulled(folder, {**CODE, "src/app.ts": changed(1, "new"), "src/new.ts": "1\n"})

        expected = changed(1, "new", changed(12, "mine"))
        assert git(folder, "show", "main:src/app.ts") == expected
        assert (folder / "src/new.ts").read_bytes() == b"1\r\n"
        assert git(folder, "show", "generated:src/new.ts") == "1\n"

    def test_a_file_that_was_moved_and_one_whose_case_was_changed(self, folder: Path) -> None:
        git(folder, "mv", "src/app.ts", "main.ts")
        git(folder, "mv", "README.md", "readme.md")
        write(folder, {"main.ts": changed(12, "mine")})

        pulled(folder, {**CODE, "src/app.ts": changed(1, "new"), "README.md": "# Books\nMore\n"})

        files = there(folder)
        assert files["main.ts"] == changed(1, "new", changed(12, "mine"))
        assert files["readme.md"] == "# Books\nMore\n"
        assert not {"src/app.ts", "README.md"} & files.keys()

    def test_a_mode_that_was_changed(self, folder: Path) -> None:
        (folder / "src/old.ts").chmod(0o755)
        write(folder, {})

        pulled(folder, {**CODE, "src/old.ts": "2\n"})

        assert (folder / "src/old.ts").stat().st_mode & 0o111
        assert there(folder)["src/old.ts"] == "2\n"

    def test_somebody_whose_name_git_does_not_know(self, folder: Path, gitconfig: Path) -> None:
        write(folder, {"README.md": "# Mine\n"})
        gitconfig.write_text("[user]\n\tuseConfigOnly = true\n")

        pulled(folder, {**CODE, "src/old.ts": "2\n"})

        assert git(folder, "log", "-1", "--format=%an %s") == "Snapinfra Merge branch 'generated'\n"

    def test_settings_that_merge_otherwise(self, folder: Path, gitconfig: Path) -> None:
        settings = "[merge]\n\tff = only\n[user]\n\tname = A\n\temail = a@example.com\n[core]\n\tquotePath = false\n"
        gitconfig.write_text(settings)
        write(folder, {'a "b" é.txt': "mine\n"})

        merge = pulled(folder, {**CODE, 'a "b" é.txt': "new\n"})

        assert outcomes(merge) == {'a "b" é.txt': "CONFLICT"}

    def test_a_repository_without_commits(self, tmp_path: Path) -> None:
        folder = tmp_path / "books"
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=trunk")
        (folder / "notes.txt").write_text("mine")

        merge = pulled(folder)

        assert (merge.branch, there(folder)) == ("trunk", {**CODE, "notes.txt": "mine"})
