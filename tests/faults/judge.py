"""The judge of a generation that has ended: whether it is a silent half."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.llm.json_output import read_architecture, read_schema

_REASONS: Final = {
    "INCOMPLETE": {"MAX_TOKENS", "CONTENT_FILTER", "PROVIDER_LOST", "MISSING_FILES"},
    "FAILED": {"PROVIDER_ERROR", "RATE_LIMITED", "INVALID_OUTPUT"},
}
"""Reasons that a provider can give. INTERNAL, say, would be a mistake of ours."""
_READ: Final = {"SCHEMA": read_schema, "ARCHITECTURE": read_architecture}


@frozen
class Meant:
    """What a generation is to end with if all goes well."""

    kind: str
    files: Mapping[str, str]
    texts: Sequence[str]
    """All that the provider meant to say, request by request."""
    begun: str = ""
    """The text that it goes on with."""
    canceled: bool = False
    """Whether it was asked to stop."""


def faults(meant: Meant, record: Mapping[str, Any], happened: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with how a generation ended. The stream itself is checked elsewhere."""
    status, reason = record["status"], record["reason"]
    match status:
        case "COMPLETED":
            yield from _completed(meant, record)
        case "INCOMPLETE" | "FAILED":
            if reason not in _REASONS[status] or not record["message"]:
                yield f"It is {status} with the reason {reason}: {record['message']}"
            if status == "INCOMPLETE" and meant.files:
                yield from _incomplete(meant, record, happened)
        case "CANCELED":
            if not meant.canceled:
                yield "It is CANCELED, and nobody asked for that."
        case _:
            yield f"It ended as {status}."


def _completed(meant: Meant, record: Mapping[str, Any]) -> Iterator[str]:
    files = {file["path"]: file["content"] for file in record["files"]}
    if meant.files:
        wrong = sorted(path for path in {*files, *meant.files} if files.get(path) != meant.files.get(path))
        if wrong:
            yield f"It is COMPLETED, but not as it is meant: {', '.join(wrong)}."
        return
    last = meant.texts[-1] if meant.texts else ""
    if record["text"] not in {last, meant.begun + last}:
        yield f"It is COMPLETED with {record['text']!r}, but the provider meant {last!r}."
    if meant.kind in _READ:
        try:
            _READ[meant.kind](record["text"])
        except Invalid as invalid:
            yield f"It is COMPLETED with JSON that is not valid: {invalid.message}"


def _incomplete(meant: Meant, record: Mapping[str, Any], happened: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Once a file has begun, the whole manifest has come: each of its files is whole, or named."""
    files = {file["path"]: file["content"] for file in record["files"]}
    missing: Sequence[str] = record["missingFiles"]
    has_begun = False
    for event in happened:
        if event["__typename"] == "AttemptStarted" and event["resetsText"]:
            has_begun = False
        has_begun = has_begun or event["__typename"] == "FileStarted"
    lacking = {path for path, content in meant.files.items() if files.get(path) != content}
    if has_begun and lacking - set(missing):
        yield f"It is INCOMPLETE and does not name {', '.join(sorted(lacking - set(missing)))}."
    if set(missing) - lacking:
        yield f"It is INCOMPLETE and names what is whole: {', '.join(sorted(set(missing) - lacking))}."
