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
newline. DELETE is for files that exist already. Markers are read as leniently as can be (`markers`), also after an END;
a line with the boundary that can't be read at all is named as missing, since nobody knows what it was to begin.
A manifest begins anew as long as no file has begun, or where thoughts end before it: what it follows was a draft.
What decorates a path is no part of it (`decoration`), nor is a code fence around a whole file (`fences`).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final

from services.llm.announced import Announced
from services.llm.file_items import (
    FileCompleted,
    FileDelta,
    FileDiscarded,
    FileItem,
    FileRemoved,
    FileStarted,
    Note,
    Voided,
)
from services.llm.markers import Marker, Markers, Word
from services.llm.open_file import OpenFile
from services.llm.paths import MAX_FILES, MAX_PATH, DiscardReason, path_fault
from services.llm.tags import CLOSING

_LINE_LIMIT: Final = 1024
"""A longer marker or manifest line is cut: its path is refused anyway, and what is held back stays bounded."""
_TAIL: Final = 200
"""Characters before a manifest in which the end of thoughts may stand."""
_FILE_NAME: Final = re.compile(r"\.\w+\Z")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""Halves of a pair, which a model's JSON may hold but no UTF-8 can."""


def new_boundary(random_bytes: Callable[[int], bytes]) -> str:
    """Make a boundary from a source of random bytes, such as secrets.token_bytes."""
    return random_bytes(8).hex()


def encode(boundary: str, files: Mapping[str, str], *, removed: Collection[str] = (), notes: str = "") -> str:
    """Write files as a model would, with a newline added to a content that lacks its last one."""
    opening = f"{notes.rstrip(chr(10))}\n" if notes else ""
    bodies = "".join(encode_file(boundary, path, content) for path, content in files.items())
    deletions = "".join(f"{_prefix(boundary)}DELETE {path}\n" for path in removed)
    return f"{opening}{encode_manifest(boundary, files)}{bodies}{deletions}{encode_end(boundary)}"


def encode_manifest(boundary: str, paths: Iterable[str]) -> str:
    """Write the manifest of files."""
    listed = "".join(f"{path}\n" for path in paths)
    return f"{_prefix(boundary)}MANIFEST\n{listed}"


def encode_file(boundary: str, path: str, content: str) -> str:
    """Write one file."""
    if boundary in content:
        raise ValueError("A file's content holds the boundary.")
    return f"{_prefix(boundary)}FILE {path}\n{_ended(content)}"


def encode_end(boundary: str) -> str:
    """Write the end of the last file."""
    return f"{_prefix(boundary)}END\n"


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


_TALK: Final = frozenset({_Mode.NOTES, _Mode.DONE})
"""Where a model may speak of its markers."""


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
    max_files: int = MAX_FILES
    max_file_bytes: int = 1024 * 1024
    max_total_bytes: int = 10 * 1024 * 1024
    unseen: Collection[str] = ()
    """Those of the existing files that whoever writes the text was not shown: it can't write them anew."""
    ended: bool = field(default=False, init=False)
    """Whether the END marker was seen, and no other marker after it."""
    _markers: Markers = field(init=False)
    _announced: Announced = field(init=False)
    _mode: _Mode = field(default=_Mode.NOTES, init=False)
    _held: str = field(default="", init=False)
    _line_start: bool = field(default=True, init=False)
    _skip_line: bool = field(default=False, init=False)
    _at_start: bool = field(default=True, init=False)
    _open: OpenFile | None = field(default=None, init=False)
    _total: int = field(init=False)
    _seen: set[str] = field(default_factory=set[str], init=False)
    _completed: dict[str, str] = field(default_factory=dict[str, str], init=False)
    """The digest of each file that is whole, by path."""
    _tail: str = field(default="", init=False)
    """The end of what has come since the last marker."""
    _items: list[FileItem] = field(default_factory=list[FileItem], init=False)

    def __post_init__(self) -> None:
        self._markers = Markers(self.boundary)
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._announced = Announced(self.existing, self.max_files)
        self._total = sum(self.existing.values())
        self._seen, self._completed = set(), {}

    @property
    def announced(self) -> list[str]:
        """The paths that the text has said it will write, in its order, also those that are refused.

        A manifest says so, or a marker for a file that no manifest names. A marker that can't be read is one, too.
        """
        return self._announced.paths

    @property
    def manifest(self) -> list[str]:
        """The announced paths that are accepted."""
        return [path for path in self.announced if path in self._announced.listed]

    @property
    def missing(self) -> tuple[str, ...]:
        """The announced paths that have not been completed, in the manifest's order; with those that are refused."""
        return tuple(path for path in self.announced if path not in self._completed)

    def refuses(self, path: str) -> bool:
        """Return whether an announced path can never be completed, in whichever answer it comes."""
        return self._announced.is_final(path)

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
        if self._markers.has(held):
            self._end_within(held)
        elif held and self._mode is not _Mode.MANIFEST:
            self._content(held)
        if self._open is not None:
            self._drop(DiscardReason.INCOMPLETE)
        return self._take()

    def _end_within(self, held: str) -> None:
        """Take a last line with the boundary, which nothing has ended: the path of its marker may be cut short."""
        start = self._markers.find(held, 0, at_line_start=self._line_start)
        marker = self._markers.read(held[start:])
        if self._is_talk(marker):
            self._content(held)
        elif marker.word in {Word.MANIFEST, Word.END}:
            self._obey(marker, held)
        else:
            self._close()
            self.ended = False

    def _take(self) -> list[FileItem]:
        items, self._items = self._items, []
        return items

    def _step(self, buffer: str, position: int) -> int:
        """Read one stretch from `position` and return where the next one starts."""
        if self._skip_line:
            newline = buffer.find("\n", position)
            self._skip_line = newline < 0
            return len(buffer) if newline < 0 else newline + 1
        if self._mode is not _Mode.MANIFEST:
            start = self._markers.find(buffer, position, at_line_start=self._line_start)
            if start > position:
                self._content(buffer[position:start])
                self._line_start = buffer[start - 1] == "\n"
                return start
        return self._line(buffer, position)

    def _line(self, buffer: str, start: int) -> int:
        """Read the line at `start`, a manifest's or that of a marker; hold it back until it is whole."""
        newline = buffer.find("\n", start, start + _LINE_LIMIT)
        stop = newline if newline >= 0 else min(len(buffer), start + _LINE_LIMIT)
        line = buffer[start:stop]
        if newline < 0 and len(line) < _LINE_LIMIT:
            self._held = line
            return stop
        stop = stop if newline < 0 else newline + 1
        place = self._markers.find(line, 0, at_line_start=self._line_start) if self._markers.has(line) else len(line)
        marker = self._markers.read(line[place:])
        if (place > 0 or not self._line_start) and not marker.has_signs:  # what it is glued to is no part of a file
            marker = replace(marker, word=Word.UNKNOWN)
        if self._mode is _Mode.MANIFEST:
            self._list(line[:place])
        if place < len(line) and self._is_talk(marker):
            self._content(buffer[start:stop])
            self._line_start = newline >= 0
            return stop
        if place < len(line):
            self._obey(marker, line[place:])
        self._line_start = True
        self._skip_line = newline < 0
        return stop

    def _is_talk(self, marker: Marker) -> bool:
        """Return whether a line with the boundary, outside of files, only speaks of a marker."""
        if self._mode not in _TALK:
            return False
        if not self._line_start:
            return bool(marker.argument) or marker.word not in {Word.MANIFEST, Word.END}
        return marker.word is Word.UNKNOWN and (self._mode is _Mode.NOTES or not marker.has_signs)

    def _obey(self, marker: Marker, line: str) -> None:
        tail, self._tail = self._tail, ""
        if marker.word is not Word.UNKNOWN:
            self._close()
        self.ended = marker.word is Word.END
        path = self._announced.meant(marker.argument)
        match marker.word:
            case Word.MANIFEST:
                if self.announced and (not self._seen or CLOSING.search(tail) is not None):
                    self._begin_anew()  # what came before was a draft
                    self._items.append(Voided())
                self._mode = _Mode.MANIFEST
                self._list(marker.argument)
            case Word.END:
                self._mode = _Mode.DONE
            case Word.DELETE if path:
                self._remove(path)
            case Word.FILE if path:
                self._begin(path)
            case _:
                self._lose(marker, line)

    def _path_in(self, marker: Marker) -> str:
        """Return the path that a marker without a known word seems to name; empty where none does."""
        *_, last = marker.argument.split() or [""]
        path = self._announced.meant(last)
        return path if _FILE_NAME.search(path) and path_fault(path) is None else ""

    def _lose(self, marker: Marker, line: str) -> None:
        """Take a marker that can't be read: what it means to begin is lost, and a file that it may be within."""
        if self._open is not None:
            self._drop(DiscardReason.INCOMPLETE)
        self._mode = _Mode.REFUSED
        path = self._path_in(marker)
        if not path or path in self._completed:
            self._announced.lose(line.strip())
        elif path not in self._announced.listed and path not in self._announced.refused:
            self._announced.refuse(path)

    def _list(self, line: str) -> None:
        """Take a line of the manifest. A path that can never be accepted is refused here, once."""
        path = self._announced.meant(line)
        fault = self._announced.take(line)
        if fault is not None:
            self._discard(path, fault)

    def _begin(self, path: str) -> None:
        self._mode = _Mode.REFUSED
        if path in self._announced.refused:
            return
        fault = self._announced.begin(path)
        if fault is None and path in self.unseen:
            fault = DiscardReason.UNSEEN
        if fault is not None:
            self._discard(path, fault)
        elif path in self._completed:
            self._mode = _Mode.FILE
            self._open = OpenFile(path, self.max_file_bytes, DiscardReason.DUPLICATE, repeats=self._completed[path])
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
        """Take a DELETE. A path that the text has written itself stays as it is; one that nobody has is lost."""
        self._mode = _Mode.REFUSED
        if path in self.existing and path not in self._seen:
            self._seen.add(path)
            self._total -= self.existing[path]
            self._items.append(FileRemoved(path))
        elif path not in self._seen and path not in self._announced.listed:
            self._announced.lose(path)

    def _content(self, text: str) -> None:
        self._tail = (self._tail + text[-_TAIL:])[-_TAIL:]
        if self._mode in _TALK:
            self._items.append(Note(text))
        elif self._open is not None:
            self._write(self._open, text)

    def _write(self, file: OpenFile, text: str) -> None:
        kept, nul, _ = text.partition("\0")
        file.size += len(kept.encode())
        if file.size > file.limit:
            self._drop(file.limit_reason)
        elif nul:
            self._drop(DiscardReason.NUL)
        else:
            self._tell(file, file.take(kept))

    def _tell(self, file: OpenFile, text: str) -> None:
        if text:
            content = text.encode()
            file.content_size += len(content)
            file.digest.update(content)
            if file.repeats is None:
                self._items.append(FileDelta(file.path, text))

    def _discard(self, path: str, reason: DiscardReason) -> None:
        self._items.append(FileDiscarded(path[:MAX_PATH], reason))

    def _drop(self, reason: DiscardReason) -> None:
        """Discard the open file."""
        file, self._open, self._mode = self._open, None, _Mode.REFUSED
        if file is None:
            return
        if file.repeats is not None:
            self._completed.pop(file.path)
            self._discard(file.path, DiscardReason.DUPLICATE)
        else:
            self._total += self.existing.get(file.path, 0)  # which stays as it was
            self._discard(file.path, reason)

    def _close(self) -> None:
        if self._open is None:
            return
        file = self._open
        self._tell(file, file.take("", ends=True))
        digest = file.digest.hexdigest()
        if file.repeats not in {None, digest}:
            self._drop(DiscardReason.DUPLICATE)
        self._open = None
        if file.repeats is None:
            self._total += file.content_size
            self._completed[file.path] = digest
            self._items.append(FileCompleted(file.path, digest, file.content_size))
