"""The protocol in which a model writes the files of a backend as one text, and its incremental reader.

Each marker is a line of its own and carries a boundary, random text made for one request, so that no content can end a
file early:

    anything, read as notes
    === 9f2c… MANIFEST
    src/server.ts
    README.md
    === 9f2c… FILE src/server.ts
    import express from "express";
    === 9f2c… FILE README.md
    # Notes
    === 9f2c… DELETE src/old.ts
    === 9f2c… END
    anything, read as notes

A file's content is everything between its marker's newline and the next marker, so a file that is not empty ends with a
newline. A line that starts like a marker but is none of the five is content. DELETE is for files that exist already.
What decorates a path is no part of it (`paths.plain_path`), nor is a code fence around a whole file (`fences`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from services.llm.open_file import OpenFile
from services.llm.paths import MAX_PATH, DiscardReason, Tree, path_fault, plain_path


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

    A file of this path that was whole before stays: a DUPLICATE concerns the repetition only. `path` may be cut where
    it is too long, and is not safe to use.
    """

    path: str
    reason: DiscardReason


@dataclass(frozen=True, slots=True)
class FileRemoved:
    """A file that existed already is to go."""

    path: str


FileItem = Note | FileStarted | FileDelta | FileCompleted | FileDiscarded | FileRemoved

_LINE_LIMIT: Final = 1024
"""A longer marker or manifest line is cut: its path is refused anyway, and what is held back stays bounded."""
_WITH_PATH: Final = ("FILE ", "DELETE ")
_WORDS: Final = ("MANIFEST", "END", *_WITH_PATH)
_DIRECTIVE: Final = re.compile(r"(MANIFEST|END|FILE |DELETE )(.*)", re.DOTALL)
_MOST_REFUSED: Final = 50
"""Announced paths that are refused and named as missing; more are refused, and not named."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Halves of a pair, which a model's JSON may hold but no UTF-8 can."""


def new_boundary(random_bytes: Callable[[int], bytes]) -> str:
    """Make a boundary from a source of random bytes, such as secrets.token_bytes."""
    return random_bytes(8).hex()


def encode(boundary: str, files: Mapping[str, str], *, removed: Collection[str] = (), notes: str = "") -> str:
    """Write files as a model would, with a newline added to a content that lacks its last one."""
    marker = re.compile(rf"^{re.escape(_prefix(boundary))}(?:FILE |DELETE |(?:MANIFEST|END)[ \t\r]*$)", re.MULTILINE)
    if any(marker.search(content) for content in files.values()):
        raise ValueError("A file's content holds a marker with the boundary.")
    opening = f"{notes.rstrip(chr(10))}\n" if notes else ""
    manifest = "".join(f"{path}\n" for path in files)
    bodies = "".join(f"{_prefix(boundary)}FILE {path}\n{_ended(content)}" for path, content in files.items())
    deletions = "".join(f"{_prefix(boundary)}DELETE {path}\n" for path in removed)
    return f"{opening}{_prefix(boundary)}MANIFEST\n{manifest}{bodies}{deletions}{_prefix(boundary)}END\n"


def _prefix(boundary: str) -> str:
    return f"=== {boundary} "


def _ended(content: str) -> str:
    return content if not content or content.endswith("\n") else f"{content}\n"


class _Mode(Enum):
    NOTES = auto()
    MANIFEST = auto()
    FILE = auto()
    REFUSED = auto()
    DONE = auto()


@dataclass(slots=True)
class FileParser:
    """Reads the protocol as it arrives, holding back only what may be the start of a marker.

    However the text is cut into pieces, the same files are completed and the same ones discarded. Time is linear in the
    text, and no content is kept, but for that of a file which begins with a code fence: whether the fence is around all
    of it is known at its end. `existing` are the sizes in bytes, by path, of files that the text may change or
    remove; they count towards the limits.
    """

    boundary: str
    existing: Mapping[str, int] = field(default_factory=dict[str, int])
    max_files: int = 200
    max_file_bytes: int = 1024 * 1024
    max_total_bytes: int = 10 * 1024 * 1024
    announced: list[str] = field(default_factory=list[str], init=False)
    """The paths that the text has said it will write, in its order, also those that are refused: by its manifest, or by
    a marker for a file that no manifest names."""
    ended: bool = field(default=False, init=False)
    """Whether the END marker was seen."""
    _mode: _Mode = field(default=_Mode.NOTES, init=False)
    _held: str = field(default="", init=False)
    _line_start: bool = field(default=True, init=False)
    _skip_line: bool = field(default=False, init=False)
    _at_start: bool = field(default=True, init=False)
    _open: OpenFile | None = field(default=None, init=False)
    _total: int = field(default=0, init=False)
    _tree: Tree = field(default_factory=Tree, init=False)
    _listed: set[str] = field(default_factory=set[str], init=False)
    _refused: set[str] = field(default_factory=set[str], init=False)
    _unlisted: set[str] = field(default_factory=set[str], init=False)
    """Those of the refused that another manifest may name."""
    _seen: set[str] = field(default_factory=set[str], init=False)
    _completed: set[str] = field(default_factory=set[str], init=False)
    _items: list[FileItem] = field(default_factory=list[FileItem], init=False)

    def __post_init__(self) -> None:
        self._total = sum(self.existing.values())
        for path in self.existing:
            self._tree.add(path)

    @property
    def manifest(self) -> list[str]:
        """The announced paths that are accepted."""
        return [path for path in self.announced if path in self._listed]

    @property
    def missing(self) -> tuple[str, ...]:
        """The announced paths that have not been completed, in the manifest's order; with those that are refused."""
        return tuple(path for path in self.announced if path not in self._completed)

    def refuses(self, path: str) -> bool:
        """Return whether an announced path can never be completed, in whichever answer it comes."""
        return path not in self._listed and path not in self._unlisted

    @property
    def is_listing(self) -> bool:
        """Whether the text is within a manifest, so that more paths may follow."""
        return self._mode is _Mode.MANIFEST

    def feed(self, text: str) -> list[FileItem]:
        """Read the next piece of the text, of any length."""
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        buffer = self._held + _SURROGATE.sub("\ufffd", text)
        self._held = ""
        position = 0
        while position < len(buffer):
            position = self._step(buffer, position)
        return self._take()

    def end(self) -> list[FileItem]:
        """Say that the text is over. A file that no marker has closed is INCOMPLETE."""
        held, self._held = self._held, ""
        directive = self._directive(held)
        if directive is not None and directive[0] in _WITH_PATH:
            self._close()  # its own path may be cut short
        elif directive is not None:
            self._obey(*directive)
        elif held and self._mode is not _Mode.MANIFEST:
            self._content(held)
        if self._open is not None:
            self._discard(self._open.path, DiscardReason.INCOMPLETE)
        return self._take()

    def _take(self) -> list[FileItem]:
        items, self._items = self._items, []
        return items

    def _step(self, buffer: str, position: int) -> int:
        """Read one stretch from `position` and return where the next one starts."""
        if self._skip_line:
            newline = buffer.find("\n", position)
            self._skip_line = newline < 0
            return len(buffer) if newline < 0 else newline + 1
        if self._mode is _Mode.DONE:
            self._content(buffer[position:])
            return len(buffer)
        if self._mode is not _Mode.MANIFEST:
            candidate = self._candidate(buffer, position)
            if candidate > position:
                self._content(buffer[position:candidate])
                self._line_start = buffer[candidate - 1] == "\n"
                return candidate
        return self._line(buffer, position)

    def _candidate(self, buffer: str, position: int) -> int:
        """Return where the next line starts that is, or may become, a marker."""
        prefix = _prefix(self.boundary)
        if self._line_start and buffer.startswith(prefix, position):
            return position
        found = buffer.find(f"\n{prefix}", position)
        if found >= 0:
            return found + 1
        newline = buffer.rfind("\n", position)
        tail = newline + 1 if newline >= 0 else position
        may_be_marker = (newline >= 0 or self._line_start) and len(buffer) - tail < len(prefix)
        return tail if may_be_marker and prefix.startswith(buffer[tail:]) else len(buffer)

    def _line(self, buffer: str, start: int) -> int:
        """Read the line at `start`, a manifest's or one that starts like a marker; hold it back until it is whole."""
        newline = buffer.find("\n", start, start + _LINE_LIMIT)
        stop = newline if newline >= 0 else min(len(buffer), start + _LINE_LIMIT)
        line = buffer[start:stop]
        if newline < 0 and len(line) < _LINE_LIMIT and self._may_grow(line):
            self._held = line
            return stop
        directive = self._directive(line)
        if directive is None and self._mode is not _Mode.MANIFEST:
            self._content(line)
            self._line_start = False
            return stop
        if directive is None:
            self._list(line)
        else:
            self._obey(*directive)
        self._line_start = True
        self._skip_line = newline < 0
        return stop if newline < 0 else newline + 1

    def _may_grow(self, line: str) -> bool:
        """Return whether more text could make a line of these first characters a marker, or a manifest's path."""
        if self._mode is _Mode.MANIFEST:
            return True
        rest = line[len(_prefix(self.boundary)) :]
        return any(word.startswith(rest) or rest.startswith(word) for word in _WORDS)

    def _directive(self, line: str) -> tuple[str, str] | None:
        """Return a marker's word and its argument, or None for a line that is no marker."""
        prefix = _prefix(self.boundary)
        match = _DIRECTIVE.fullmatch(line[len(prefix) :]) if line.startswith(prefix) else None
        if match is None:
            return None
        word, argument = match[1], match[2].strip(" \t\r")
        return None if argument and word not in _WITH_PATH else (word, argument)

    def _obey(self, word: str, argument: str) -> None:
        self._close()
        match word:
            case "MANIFEST":
                self._mode = _Mode.MANIFEST
            case "END":
                self._mode, self.ended = _Mode.DONE, True
            case "DELETE ":
                self._remove(self._path(argument))
            case _:
                self._begin(self._path(argument))

    def _list(self, line: str) -> None:
        """Take a line of the manifest. A path that can never be accepted is refused here, once."""
        path = self._path(line)
        if not path or line.lstrip().startswith(("```", "~~~")) or path in self._listed or path in self._refused:
            return
        fault = path_fault(path)
        if fault is None and len(self._listed.union(self.existing)) >= self.max_files and path not in self.existing:
            fault = DiscardReason.TOO_MANY_FILES
        if fault is None and path not in self.existing and not self._tree.add(path):
            fault = DiscardReason.PATH_COLLIDES
        if fault is None:
            self._listed.add(path)
            self.announced.append(path)
            return
        self._refuse(path, fault)

    def _refuse(self, path: str, fault: DiscardReason) -> None:
        if len(self._refused) < _MOST_REFUSED and path not in self.existing:
            self.announced.append(path[:MAX_PATH])
        self._refused.add(path)
        self._discard(path, fault)

    def _path(self, written: str) -> str:
        """Return the path that is meant: a file that exists already may have any name."""
        path = written.strip(" \t\r")
        return path if path in self.existing else plain_path(path)

    def _begin(self, path: str) -> None:
        self._mode = _Mode.REFUSED
        if path in self._refused:
            return
        if path not in self._listed:
            fault = path_fault(path)
            if fault is None:
                self._unlisted.add(path)
            self._refuse(path, fault or DiscardReason.NOT_IN_MANIFEST)
        elif path in self._seen:
            self._discard(path, DiscardReason.DUPLICATE)
        else:
            self._seen.add(path)
            self._mode = _Mode.FILE
            self._total -= self.existing.get(path, 0)
            left = self.max_total_bytes - self._total
            is_own = self.max_file_bytes <= left
            reason = DiscardReason.FILE_TOO_LARGE if is_own else DiscardReason.TOTAL_TOO_LARGE
            self._open = OpenFile(path, min(self.max_file_bytes, left), reason)
            self._items.append(FileStarted(path))

    def _remove(self, path: str) -> None:
        """Take a DELETE. A path that does not exist, or that the text has written itself, stays as it is."""
        self._mode = _Mode.REFUSED
        if path in self.existing and path not in self._seen:
            self._seen.add(path)
            self._total -= self.existing[path]
            self._items.append(FileRemoved(path))

    def _content(self, text: str) -> None:
        if self._mode in {_Mode.NOTES, _Mode.DONE}:
            self._items.append(Note(text))
        elif self._open is not None:
            self._write(self._open, text)

    def _write(self, file: OpenFile, text: str) -> None:
        kept, nul, _ = text.partition("\0")
        file.size += len(kept.encode())
        if file.size > file.limit:
            self._discard(file.path, file.limit_reason)
        elif nul:
            self._discard(file.path, DiscardReason.NUL)
        else:
            self._tell(file, file.take(kept))

    def _tell(self, file: OpenFile, text: str) -> None:
        if text:
            content = text.encode()
            file.told += len(content)
            file.digest.update(content)
            self._items.append(FileDelta(file.path, text))

    def _discard(self, path: str, reason: DiscardReason) -> None:
        self._items.append(FileDiscarded(path[:MAX_PATH], reason))
        if self._open is not None:
            self._total += self.existing.get(self._open.path, 0)  # which stays as it was
            self._open, self._mode = None, _Mode.REFUSED

    def _close(self) -> None:
        if self._open is None:
            return
        file, self._open = self._open, None
        self._tell(file, file.take("", ends=True))
        self._total += file.told
        self._completed.add(file.path)
        self._items.append(FileCompleted(file.path, file.digest.hexdigest(), file.told))
