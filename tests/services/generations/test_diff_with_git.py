"""That git applies the difference of two generations, also where somebody has changed the files meanwhile."""

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.generations.artifact import FileContent
from services.generations.diff import changes
from services.llm.paths import Tree, path_fault

_ENDS = st.sampled_from(["", "\n", "\r\n", "\r"])
_LINES = st.lists(
    st.sampled_from(["a", "b", "", "é", "\r", "\x00", "\x1b[0m", "-- ", "+++ b/x", "@@ -1 +1 @@", "\\ No"])
)
CONTENTS: st.SearchStrategy[str] = st.tuples(_LINES, st.sampled_from(["\n", "\r\n"]), _ENDS).map(
    lambda parts: parts[1].join(parts[0]) + parts[2]
)
_NAME = st.text(st.sampled_from("aB1 .\"é木-'$`*[]&é\u0301"), min_size=1, max_size=6)
PATHS = st.lists(_NAME, min_size=1, max_size=3).map("/".join).filter(lambda path: path_fault(path) is None)
FILES = st.dictionaries(PATHS, CONTENTS, max_size=6)


def standing(*generations: Mapping[str, str]) -> bool:
    """Say whether a generation may have these paths, by the rules that keep paths apart on any file system."""
    return all(all(map(Tree().add, files)) for files in generations)


def of(files: Mapping[str, str]) -> list[FileContent]:
    digests = {path: hashlib.sha256(content.encode()).hexdigest() for path, content in files.items()}
    return [FileContent(path, digests[path], content) for path, content in files.items()]


def patch_of(before: Mapping[str, str], after: Mapping[str, str]) -> bytes:
    return "".join(change.patch or "" for change in changes(of(before), of(after), seconds=60)).encode()


class Clone:
    """A repository of somebody who has the files of a generation."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        self.git("init", "--quiet")
        self.write(files)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Generated")

    def git(self, *arguments: str, given: bytes | None = None, status: int = 0) -> bytes:
        settings = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false")
        command = ["git", "-C", str(self.folder), *settings, *arguments]
        done = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr.decode()
        return done.stdout

    def write(self, files: Mapping[str, str]) -> None:
        for path, content in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_bytes(content.encode())

    def files(self) -> dict[str, str]:
        paths = self.git("ls-files", "-z").decode().split("\0")[:-1]
        return {path: (self.folder / path).read_bytes().decode() for path in paths}


@settings(max_examples=60, deadline=None)
@given(before=FILES, after=FILES, data=st.data())
def test_git_applies_it_to_what_was_generated_and_takes_it_back(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, str], after: dict[str, str], data: st.DataObject
) -> None:
    kept = data.draw(st.dictionaries(st.sampled_from(sorted(before)), CONTENTS)) if before else {}
    after = {**after, **kept}
    if before == after or not standing(before, after):
        return
    clone = Clone(tmp_path_factory.mktemp("clone"), before)

    clone.git("apply", "-3", "--whitespace=nowarn", given=patch_of(before, after))

    assert clone.files() == after
    clone.git("apply", "-3", "-R", "--whitespace=nowarn", given=patch_of(before, after))
    assert clone.files() == before


LINES = [f"line {number}\n" for number in range(12)]
BEFORE = {"src/a b.ts": "".join(LINES), "größe.ts": "".join(LINES)}
AFTER = {path: text.replace("line 2\n", "line two\n") for path, text in BEFORE.items()}


def test_git_merges_it_with_what_somebody_has_changed(tmp_path: Path) -> None:
    clone = Clone(tmp_path, BEFORE)
    clone.write({path: text.replace("line 9\n", "line nine\n") for path, text in BEFORE.items()})
    clone.git("commit", "--quiet", "--all", "--message", "Mine")

    clone.git("apply", "-3", given=patch_of(BEFORE, AFTER))

    assert clone.files() == {path: text.replace("line 9\n", "line nine\n") for path, text in AFTER.items()}


def test_git_names_the_files_in_which_both_have_changed_a_line(tmp_path: Path) -> None:
    clone = Clone(tmp_path, BEFORE)
    clone.write({"größe.ts": BEFORE["größe.ts"].replace("line 2\n", "line zwei\n")})
    clone.git("commit", "--quiet", "--all", "--message", "Mine")

    clone.git("apply", "-3", given=patch_of(BEFORE, AFTER), status=1)

    assert clone.git("diff", "--name-only", "--diff-filter=U", "-z").decode() == "größe.ts\0"
    assert (tmp_path / "src/a b.ts").read_text() == AFTER["src/a b.ts"]
    assert "<<<<<<< ours\nline zwei\n=======\nline two\n>>>>>>> theirs\n" in (tmp_path / "größe.ts").read_text()


def test_it_is_what_git_itself_writes(tmp_path: Path) -> None:
    before = {"a b": "1\n", "gone": "1\n", "empty": "", 'q"é': "1\n2\n", "same": "1\n"}
    after = {"a b": "2", "new": "1\r\n", "also empty": "", 'q"é': "1\n3\n", "same": "1\n"}
    clone = Clone(tmp_path, before)
    clone.write(after)
    for path in before.keys() - after.keys():
        (tmp_path / path).unlink()
    clone.git("add", "--all")

    written = clone.git("diff", "--staged", "--full-index", "--no-renames")

    assert sorted(patch_of(before, after).split(b"diff --git ")) == sorted(written.split(b"diff --git "))
