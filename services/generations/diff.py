"""How the files of two generations differ, as patches that git applies, whatever is in the files.

Lines are compared by rapidfuzz (https://rapidfuzz.github.io/RapidFuzz/Usage/distance/Indel.html), in C++ and in time
that grows with the product of the two numbers of lines. It holds the interpreter's lock meanwhile, so that product is
limited. Patches have git's extended headers (git-scm.com/docs/diff-format), with whole names of contents: by these
`git apply -3` finds what a patch was made for, and merges where somebody has changed it.
"""

import io
import time
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import Indel

from services.core.frozen import frozen
from services.core.git import blob_sha, quoted
from services.generations.artifact import FileContent

MOST_COMPARISONS: Final = 25_000_000
"""Lines of a file times lines of the other, without those that both begin and end with: about 10 ms."""
LONGEST_FILE: Final = 200_000
"""Characters; a longer one is not compared line by line."""
LONGEST_PATCH: Final = 100_000
"""Characters; a longer one is left out."""
SECONDS: Final = 1.0
"""What patches of all files of two generations may take; those that come later are left out."""
CONTEXT: Final = 3
"""Lines shown around a change."""

_MODE: Final = "100644"
"""Of every file of a generation, as git writes it."""


class FileChangeKind(Enum):
    """What became of a file."""

    ADDED = "ADDED"
    """It is new."""
    CHANGED = "CHANGED"
    """Its content is another one."""
    REMOVED = "REMOVED"
    """It is gone."""


@frozen
class FileChange:
    """`before` and `after` are the file's SHA-256, None where there is none."""

    path: str
    kind: FileChangeKind
    before: str | None
    after: str | None
    patch: str | None
    """As `git diff --full-index` has it; None where it would be too long, or take too long to work out."""


@frozen
class _Edit:
    """The lines `start` to `end` of the old file become those of the new one."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def changes(
    before: Sequence[FileContent], after: Sequence[FileContent], *, seconds: float = SECONDS
) -> list[FileChange]:
    """Return what changed, by path; files that are the same are left out. For a thread: it may take `seconds`."""
    old, new = {file.path: file for file in before}, {file.path: file for file in after}
    until = time.monotonic() + seconds
    return [
        _change(path, old.get(path), new.get(path), until)
        for path in sorted(old.keys() | new.keys())
        if path not in old or path not in new or old[path].sha256 != new[path].sha256
    ]


def _change(path: str, old: FileContent | None, new: FileContent | None, until: float) -> FileChange:
    kind = FileChangeKind.ADDED if old is None else FileChangeKind.REMOVED if new is None else FileChangeKind.CHANGED
    patch = None if time.monotonic() > until else _patch(path, old, new)
    return FileChange(path, kind, old.sha256 if old else None, new.sha256 if new else None, patch)


def _patch(path: str, old: FileContent | None, new: FileContent | None) -> str | None:
    if max(len(file.content) for file in (old, new) if file) > LONGEST_FILE:
        return None
    before, after = _lines(old), _lines(new)
    edits = _edits(before, after)
    if edits is None:
        return None
    patch = _header(path, old, new)
    if edits:
        patch += f"--- {_named('a', path) if old else '/dev/null'}\n+++ {_named('b', path) if new else '/dev/null'}\n"
    for hunk in _hunks(edits):
        for line in _written(hunk, before, after):
            patch += line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            if len(patch) > LONGEST_PATCH:
                return None
    return patch


def _header(path: str, old: FileContent | None, new: FileContent | None) -> str:
    lines = [f"diff --git {quoted(f'a/{path}')} {quoted(f'b/{path}')}"]
    if old is None:
        lines.append(f"new file mode {_MODE}")
    if new is None:
        lines.append(f"deleted file mode {_MODE}")
    names = f"{_name(old)}..{_name(new)}"
    lines.append(f"index {names} {_MODE}" if old and new else f"index {names}")
    return "".join(f"{line}\n" for line in lines)


def _name(file: FileContent | None) -> str:
    return blob_sha(file.content.encode()) if file else "0" * 40


def _named(side: str, path: str) -> str:
    """Write a path before a hunk: a tab says where a name with spaces ends."""
    name = quoted(f"{side}/{path}")
    return f"{name}\t" if " " in name and not name.startswith('"') else name


def _edits(before: Sequence[str], after: Sequence[str]) -> list[_Edit] | None:
    """Return what turns one text into the other, with as few lines as can be; None where that takes too long."""
    shortest = min(len(before), len(after))
    start = next((at for at in range(shortest) if before[at] != after[at]), shortest)
    most = shortest - start
    end = next((at for at in range(most) if before[-1 - at] != after[-1 - at]), most)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if len(old) * len(new) > MOST_COMPARISONS:
        return None
    edits: list[_Edit] = []
    for step in Indel.opcodes(old, new):
        if step.tag == "equal":
            continue
        edit = _Edit(*(start + at for at in (step.src_start, step.src_end, step.dest_start, step.dest_end)))
        if edits and (edits[-1].old_end, edits[-1].new_end) == (edit.old_start, edit.new_start):
            edit = _Edit(edits[-1].old_start, edit.old_end, edits[-1].new_start, edit.new_end)
            edits.pop()
        edits.append(edit)
    return edits


def _hunks(edits: Sequence[_Edit]) -> Iterator[list[_Edit]]:
    """Yield the edits that are shown together, since their contexts touch."""
    hunk: list[_Edit] = []
    for edit in edits:
        if hunk and edit.old_start - hunk[-1].old_end > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _written(hunk: Sequence[_Edit], before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a hunk (https://www.gnu.org/software/diffutils/manual/html_node/Detailed-Unified.html)."""
    first, last = hunk[0], hunk[-1]
    lead = min(CONTEXT, first.old_start)
    tail = min(CONTEXT, len(before) - last.old_end)
    old_range = _range(first.old_start - lead, last.old_end + tail)
    new_range = _range(first.new_start - lead, last.new_end + tail)
    yield f"@@ -{old_range} +{new_range} @@\n"
    yield from (f" {line}" for line in before[first.old_start - lead : first.old_start])
    for edit, following in pairwise((*hunk, None)):
        assert edit is not None  # noqa: S101 - the last one alone is none
        yield from (f"-{line}" for line in before[edit.old_start : edit.old_end])
        yield from (f"+{line}" for line in after[edit.new_start : edit.new_end])
        shown = following.old_start if following else edit.old_end + tail
        yield from (f" {line}" for line in before[edit.old_end : shown])


def _range(start: int, end: int) -> str:
    """Write which lines of a file: their first one from 1, and how many unless it is one; of none, the line before."""
    count = end - start
    return f"{start + 1}" if count == 1 else f"{start + bool(count)},{count}"


def _lines(file: FileContent | None) -> list[str]:
    return list(io.StringIO(file.content)) if file else []
