"""What a text in the file protocol is read as, piece by piece."""

from dataclasses import dataclass

from services.llm.paths import DiscardReason


@dataclass(frozen=True, slots=True)
class Note:
    """Text outside the files, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class FileStarted:
    path: str


@dataclass(frozen=True, slots=True)
class FileDelta:
    """The next part of the content of the file started last, never empty."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class FileCompleted:
    """The file is whole: `sha256` (hex) and size of its content as UTF-8."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class FileDiscarded:
    """A file is not kept. After its `FileStarted`, what came of it is void; otherwise nothing of it comes.

    A file of this path that was whole before stays, and is missing: a DUPLICATE says something else. `path` may be cut
    where it is too long, and is not safe to use.
    """

    path: str
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class FileRemoved:
    """A file that existed already is to go."""

    path: str


@dataclass(frozen=True, slots=True)
class Voided:
    """All that was told of files was a draft: what the text writes begins now."""


FileEvent = Note | FileStarted | FileDelta | FileCompleted | FileDiscarded | FileRemoved
FileItem = FileEvent | Voided
