"""What becomes of a file that both have changed, as git itself says it."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.platforms.github.outcomes import FileOutcome, Versions, edited, merges
from services.platforms.github.tree import Entry

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", ""]), max_size=12)
TEXTS = st.tuples(LINES, st.sampled_from(["", "\n", "\r\n"])).map(lambda parts: "\n".join(parts[0]) + parts[1])


def entry(sha: str | None, mode: str = "100644") -> Entry | None:
    return None if sha is None else Entry("a.ts", mode, "blob", sha)


@settings(max_examples=150, deadline=None)
@given(base=TEXTS, theirs=TEXTS, ours=TEXTS)
def test_contents_merge_where_git_merges_them(
    tmp_path_factory: pytest.TempPathFactory, base: str, theirs: str, ours: str
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for name, text in {"base": base, "theirs": theirs, "ours": ours}.items():
        (folder / name).write_bytes(text.encode())
    command = ["git", "merge-file", "--stdout", "--quiet", "theirs", "base", "ours"]
    conflicts = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False).returncode

    assert merges(base.encode(), theirs.encode(), ours.encode()) == (conflicts == 0)


def test_contents_of_too_many_lines_are_not_looked_at() -> None:
    many = b"a\n" * 6_000

    assert not merges(many, many + b"b\n", b"c\n" + many)
    assert merges(many[:6_000], many[:6_000] + b"b\n", b"c\n" + many[:6_000])


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "merged", "hindered"),
    [
        ("1", "2", "1", FileOutcome.KEPT, FileOutcome.KEPT),
        ("1", None, "1", FileOutcome.KEPT, FileOutcome.KEPT),
        ("1", "2", "3", FileOutcome.MERGED, None),
        ("1", None, "2", FileOutcome.MERGED, FileOutcome.CONFLICT_DELETED),
        ("1", "2", None, FileOutcome.MERGED, FileOutcome.CONFLICT_NOT_GENERATED),
        (None, "1", "2", FileOutcome.MERGED, FileOutcome.CONFLICT),
    ],
)
def test_an_outcome_follows_from_three_versions(
    base: str | None, theirs: str | None, ours: str | None, merged: FileOutcome, hindered: FileOutcome | None
) -> None:
    versions = Versions(entry(base), entry(theirs), entry(ours))

    assert versions.is_edited
    assert (versions.outcome(is_merged=True), versions.outcome(is_merged=False)) == (merged, hindered)


def test_what_nobody_has_changed_or_is_theirs_alone_is_not_told() -> None:
    one, two = Entry("a.ts", "100644", "blob", "1"), Entry("a.ts", "100644", "blob", "2")

    assert edited({"a": one}, {"a": one}, {"a": two}) == {}
    assert edited({"a": one}, {"a": two}, {"a": two}) == {}
    assert edited({}, {"mine": one}, {}) == {}
    assert edited({"a": one}, {}, {}) == {}
    assert set(edited({"a": one}, {"a": two}, {"a": one})) == {"a"}
