"""How the files of two generations differ: patches that apply, and none where working one out would take long."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.generations import diff
from services.generations.artifact import FileContent
from services.generations.diff import changes

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "d d", "\r", "é", "-x", "+x", " "]), max_size=40)
TEXTS = st.builds("{}{}".format, LINES.map("\n".join), st.sampled_from(["", "\n"]))


def file(content: str, path: str = "src/a.ts") -> FileContent:
    return FileContent(path, hashlib.sha256(content.encode()).hexdigest(), content)


def patch_of(before: str, after: str) -> str | None:
    (change,) = changes([file(before)], [file(after)])
    return change.patch


def applied(before: str, patch: str) -> str:
    """Apply a patch as `patch` does, strictly: each line and each number must be right."""
    old, new, at = before.splitlines(keepends=True) if "\r" not in before else lines_of(before), list[str](), 0
    rows = lines_of(patch)[4:]
    while rows:
        header = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", rows.pop(0))
        assert header is not None
        old_start, old_count, new_start, new_count = (1 if it is None else int(it) for it in header.groups())
        begin = old_start - (old_count > 0)
        new += old[at:begin]
        assert len(new) == new_start - (new_count > 0)
        at = begin
        while old_count or new_count:
            row = rows.pop(0)
            mark, line = row[0], row[1:]
            if rows and rows[0].startswith("\\"):
                rows.pop(0)
                line = line.removesuffix("\n")
            if mark in "- ":
                assert old[at] == line
                at, old_count = at + 1, old_count - 1
            if mark in "+ ":
                new.append(line)
                new_count -= 1
    return "".join(new + old[at:])


def counted(turn: int) -> str:
    return "".join(f"{number % turn}\n" for number in range(66_000))


def lines_of(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_a_patch_applied_to_the_old_text_gives_the_new_one(before: str, after: str) -> None:
    if before != after:
        patch = patch_of(before, after)
        assert patch is not None
        assert applied(before, patch) == after


def test_a_patch_looks_as_that_of_git_diff() -> None:
    before = "".join(f"line {number}\n" for number in range(1, 21))
    after = before.replace("line 3\n", "line three\n").replace("line 18\n", "").replace("line 20\n", "line 20")

    assert patch_of(before, after) == (
        "diff --git a/src/a.ts b/src/a.ts\n"
        "index c4352f8b46de5cdb88d0cc96958316db42dd2398..8ecfd3e8141ec4adb54ddade9f3f252b16c7f77d 100644\n"
        "--- a/src/a.ts\n+++ b/src/a.ts\n"
        "@@ -1,6 +1,6 @@\n line 1\n line 2\n-line 3\n+line three\n line 4\n line 5\n line 6\n"
        "@@ -15,6 +15,5 @@\n line 15\n line 16\n line 17\n-line 18\n line 19\n-line 20\n+line 20\n"
        "\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n" * 49_000, "b\na\na\n" * 33_000),
        (counted(101), counted(103)),
        ("x\n" + "a\n" * 99_000, "a\n" * 99_000 + "y\n"),
        ("\n" * 199_000, "\n" * 100_000 + "x\n" + "\n" * 99_000),
        ("a" * 199_000, "b" * 199_000),
    ],
    ids=["two letters", "hundred values", "shifted by one", "one among empty lines", "one long line"],
)  # fmt: skip
def test_long_files_are_compared_within_bounds(before: str, after: str) -> None:
    patch = patch_of(before, after)

    assert patch is None or applied(before, patch) == after


def test_a_change_in_a_long_file_whose_rest_is_the_same_has_a_patch() -> None:
    before = "".join(f"{number % 7}\n" for number in range(90_000))
    after = before[:90_000] + "new\n" + before[90_000:]

    patch = patch_of(before, after)

    assert patch is not None
    assert applied(before, patch) == after


def test_once_the_time_is_over_files_are_named_without_their_patches() -> None:
    before, after = [file("a\n", "a"), file("a\n", "b")], [file("b\n", "a"), file("a\n", "c")]

    found = changes(before, after, seconds=-1)

    assert [(change.path, change.kind.value, change.patch) for change in found] == [
        ("a", "CHANGED", None),
        ("b", "REMOVED", None),
        ("c", "ADDED", None),
    ]


def test_so_many_different_lines_are_not_compared() -> None:
    least = int(diff.MOST_COMPARISONS**0.5) + 1
    before, after = ("".join(f"{letter}{number}\n" for number in range(least)) for letter in "ab")

    assert patch_of(before, after) is None
