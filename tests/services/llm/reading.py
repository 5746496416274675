"""What a text in the file protocol is read as, for tests: its files, what is discarded, and its notes."""

import hashlib
from collections.abc import Iterable, Mapping

from services.llm.files import (
    FileCompleted,
    FileDelta,
    FileDiscarded,
    FileItem,
    FileParser,
    FileRemoved,
    FileStarted,
    Note,
    Voided,
)

B = "0f1e2d3c4b5a6978"
P = f"=== {B} "


def parse(text: str, *, parser: FileParser | None = None) -> list[FileItem]:
    parser = parser or FileParser(B)
    return parser.feed(text) + parser.end()


def in_pieces(pieces: Iterable[str]) -> tuple[FileParser, list[FileItem]]:
    parser = FileParser(B)
    items = [item for piece in pieces for item in parser.feed(piece)]
    return parser, items + parser.end()


def outcome(items: Iterable[FileItem]) -> tuple[dict[str, str], set[FileDiscarded], str]:
    """The completed files with their text, the discarded ones, and the notes; checks each hash, size and order."""
    files: dict[str, str] = {}
    discarded: set[FileDiscarded] = set()
    notes = ""
    texts: dict[str, list[str]] = {}
    for item in items:
        match item:
            case Note(text):
                notes += text
            case FileStarted(path):
                assert path not in texts
                texts[path] = []
            case FileDelta(path, text):
                assert text
                texts[path].append(text)
            case FileCompleted(path, sha256, size):
                files[path] = "".join(texts[path])
                content = files[path].encode()
                assert (sha256, size) == (hashlib.sha256(content).hexdigest(), len(content))
            case FileDiscarded():
                discarded.add(item)
            case FileRemoved():
                raise AssertionError(item.path)
            case Voided():
                files, texts, discarded = {}, {}, set()
    return files, discarded, notes


def written(contents: Mapping[str, str], removed: Iterable[str] = ()) -> str:
    """An answer written by hand, so that it may hold lines that look like markers."""
    bodies = "".join(f"{P}FILE {name}\n{text}\n" for name, text in contents.items())
    deletions = "".join(f"{P}DELETE {name}\n" for name in removed)
    return f"notes\n{P}MANIFEST\n" + "".join(f"{name}\n" for name in contents) + bodies + deletions + f"{P}END\n"
