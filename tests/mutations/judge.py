"""The judge of a generation that a changed stream was said to: whether it is COMPLETED without being whole."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.llm.json_output import read_architecture, read_schema
from tests.mutations.reading import announced, contents, read
from tests.snapinfra import rebuilt

_REASONS: Final = {
    "INCOMPLETE": {"MAX_TOKENS", "CONTENT_FILTER", "PROVIDER_LOST", "MISSING_FILES"},
    "FAILED": {"PROVIDER_ERROR", "RATE_LIMITED", "INVALID_OUTPUT"},
}
"""Reasons that a provider can give. INTERNAL would be a mistake of ours."""
_VALID: Final = {"SCHEMA": read_schema, "ARCHITECTURE": read_architecture}
_DECORATION: Final = 12
"""Characters that may decorate a path."""


@frozen
class Sent:
    """What one request was answered."""

    stream: bytes
    is_cut: bool
    boundary: str


def faults(kind: str, sent: Sequence[Sent], record: Mapping[str, Any], events: list[Any]) -> Iterator[str]:
    """Yield what is wrong with how a generation ended."""
    status, reason = record["status"], record["reason"]
    if status != "COMPLETED":
        if reason not in _REASONS.get(status, ()) or not record["message"]:
            yield f"It is {status} with the reason {reason}: {record['message']}"
        return
    files = {file["path"]: file["content"] for file in record["files"]}
    if rebuilt(events) != (record["text"], files):
        yield "Its stream adds up to something else than what is stored."
    if kind in {"CODE", "DOCUMENTATION"}:
        yield from _files(sent, files)
    else:
        yield from _text(kind, sent[-1], record["text"])


def _text(kind: str, sent: Sent, text: str) -> Iterator[str]:
    reading = read(sent.stream, is_cut=sent.is_cut)
    if not reading.is_whole:
        yield "It is COMPLETED, but its answer came to no good end."
    if reading.text != text:
        yield f"It is COMPLETED with {text!r}, but the stream says {reading.text!r}."
    if kind in _VALID:
        try:
            _VALID[kind](text)
        except Invalid as invalid:
            yield f"It is COMPLETED with JSON that is not valid: {invalid.message}"


def _files(sent: Sequence[Sent], files: Mapping[str, str]) -> Iterator[str]:
    """Judge files by the answers that count: those from the last on that started over, whichever that was."""
    if not files:
        yield "It is COMPLETED without any file."
    said = [(read(each.stream, is_cut=each.is_cut).text, each.boundary) for each in sent]
    found = [list(_lacking(said[first:], files)) for first in range(len(said))]
    yield from min(found, key=len)


def _lacking(said: Sequence[tuple[str, str]], files: Mapping[str, str]) -> Iterator[str]:
    """Yield what these answers have announced and the files lack, and what the files have that none of them has."""
    for line in (line for text, boundary in said for line in announced(text, boundary)):
        if not any(path in line and len(line) - len(path) <= _DECORATION for path in files):
            yield f"It is COMPLETED without {line!r}, which was announced."
    for path, content in files.items():
        if not any(content in contents(text, boundary, path) for text, boundary in said):
            yield f"It is COMPLETED with a {path} that no answer has: {content!r}."
