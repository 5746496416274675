"""The rules for the path of a generated file: which leave their folder, which overwrite another."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

MAX_PATH: Final = 200
"""Characters."""
MAX_FILES: Final = 400
"""Of a generation."""
_MAX_SEGMENT: Final = 255
"""Bytes of UTF-8 that a file system takes as the name of a file or folder."""


class DiscardReason(Enum):
    """Why a file of a generation is not kept."""

    PATH_ABSOLUTE = "PATH_ABSOLUTE"
    """The path starts at a root or a drive."""
    PATH_ESCAPES = "PATH_ESCAPES"
    """A `.` or `..` segment."""
    PATH_MALFORMED = "PATH_MALFORMED"
    """An empty segment, a backslash, a control character, or space at the edge of a segment."""
    PATH_TOO_LONG = "PATH_TOO_LONG"
    """More than 200 characters, or a segment of more than 255 bytes as UTF-8."""
    PATH_COLLIDES = "PATH_COLLIDES"
    """The same as another path but for its case, or a file where another path needs a folder."""
    DUPLICATE = "DUPLICATE"
    """A repeated path with different content; the first file stays, and is asked for again."""
    NOT_IN_MANIFEST = "NOT_IN_MANIFEST"
    """The answer did not announce it."""
    TOO_MANY_FILES = "TOO_MANY_FILES"
    """More than 400 files."""
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    """More than 1 MiB."""
    TOTAL_TOO_LARGE = "TOTAL_TOO_LARGE"
    """More than 10 MiB in all."""
    NUL = "NUL"
    """The content holds a NUL character."""
    UNSEEN = "UNSEEN"
    """The model was not shown the file, which it would have replaced unread; it is asked again, with the file."""
    INCOMPLETE = "INCOMPLETE"
    """The text ended inside the file."""


def path_fault(path: str) -> DiscardReason | None:
    """Return what is wrong with a path on its own, or None."""
    segments = path.split("/")
    if len(path) > MAX_PATH or any(len(segment.encode(errors="replace")) > _MAX_SEGMENT for segment in segments):
        return DiscardReason.PATH_TOO_LONG
    if path.startswith("/") or path[1:2] == ":":
        return DiscardReason.PATH_ABSOLUTE
    if "\\" in path or any(unicodedata.category(character).startswith("C") for character in path):
        return DiscardReason.PATH_MALFORMED
    if any(segment in {".", ".."} for segment in segments):
        return DiscardReason.PATH_ESCAPES
    if any(not segment or segment != segment.strip() for segment in segments):
        return DiscardReason.PATH_MALFORMED
    return None


@dataclass(slots=True)
class Tree:
    """Paths that can stand side by side on any file system, also one that ignores case."""

    _files: set[str] = field(default_factory=set[str])
    _folders: set[str] = field(default_factory=set[str])

    def add(self, path: str) -> bool:
        """Add a path, or return False where it collides with one added earlier."""
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        parents = set(_parents(key))
        if key in self._files or key in self._folders or parents & self._files:
            return False
        self._files.add(key)
        self._folders |= parents
        return True


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
