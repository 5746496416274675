"""This file is how the files of two generations differ."""

import difflib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.generations.artifact import FileContent

LONGEST_FILE: Final = 200_000
"""Characters; a longer one is not compared line by line."""
LONGEST_PATCH: Final = 100_000
"""Characters; a longer one is left out."""


class FileChangeKind(Enum):
    """What became of a file."""

    ADDED = "ADDED"
    """It is new."""
    CHANGED = "CHANGED"
    """Its content is another one."""
    REMOVED = "REMOVED"
    """It is gone."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """`before` and `after` are the file's SHA-256, None where there is none."""

    path: str
    kind: FileChangeKind
    before: str | None
    after: str | None
    patch: str | None
    """In the unified format of `diff -u`; None where it would be too long."""


def changes(before: Sequence[FileContent], after: Sequence[FileContent]) -> list[FileChange]:
    """Return what changed, by path; files that are the same are left out."""
    old, new = {file.path: file for file in before}, {file.path: file for file in after}
    return [
        _change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if path not in old or path not in new or old[path].sha256 != new[path].sha256
    ]


def _change(path: str, old: FileContent | None, new: FileContent | None) -> FileChange:
    kind = FileChangeKind.ADDED if old is None else FileChangeKind.REMOVED if new is None else FileChangeKind.CHANGED
    if max(len(file.content) for file in (old, new) if file) > LONGEST_FILE:
        return FileChange(path, kind, old.sha256 if old else None, new.sha256 if new else None, None)
    lines = difflib.unified_diff(
        _lines(old),
        _lines(new),
        f"a/{path}" if old else "/dev/null",
        f"b/{path}" if new else "/dev/null",
    )
    patch = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return FileChange(
        path,
        kind,
        old.sha256 if old else None,
        new.sha256 if new else None,
        patch if len(patch) <= LONGEST_PATCH else None,
    )


def _lines(file: FileContent | None) -> list[str]:
    return list(io.StringIO(file.content)) if file else []
