"""What a text in the file protocol is read as, piece by piece."""

from services.core.frozen import frozen
from services.llm.paths import DiscardReason


@frozen
class Note:
    """Text outside the files, never empty."""

    text: str


@frozen
class FileStarted:
    path: str


@frozen
class FileDelta:
    """The next part of the content of the file started last, never empty."""

    path: str
    text: str


@frozen
class FileCompleted:
    """The file is whole: `sha256` (hex) and size of its content as UTF-8."""

    path: str
    sha256: str
    bytes: int


@frozen
class FileDiscarded:
    """A file is not kept. After its `FileStarted`, what came of it is void; otherwise nothing of it comes.

    A file of this path that was whole before stays, and is missing: a DUPLICATE says something else. `path` may be cut
    where it is too long, and is not safe to use.
    """

    path: str
    reason: DiscardReason


@frozen
class FileRemoved:
    """A file that existed already is to go."""

    path: str


@frozen
class Voided:
    """All that was told of files was a draft: what the text writes begins now."""


FileEvent = Note | FileStarted | FileDelta | FileCompleted | FileDiscarded | FileRemoved
FileItem = FileEvent | Voided
