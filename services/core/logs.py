"""The log: a line for each record, which says what request or job it belongs to.

Standard `logging` is the interface. Whoever begins a request or a job notes its id, and every line below carries it,
in whichever module it is written.
"""

import json
import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from services.core.clock import iso
from services.core.errors import Unavailable

NOISY: Final = ("botocore", "boto3", "urllib3", "httpx", "httpcore", "openai", "groq", "asyncio")
"""Libraries that tell of each call: their lines are shown from WARNING on."""

_NOTES: ContextVar[Mapping[str, Any]] = ContextVar("notes", default={})  # noqa: B039 - a Mapping, never changed


@contextmanager
def noting(**notes: Any) -> Generator[None]:
    """Add notes to every line that is logged within the block, and in the tasks that begin there."""
    token = _NOTES.set({**_NOTES.get(), **notes})
    try:
        yield
    finally:
        _NOTES.reset(token)


def noted(name: str) -> Any:
    """Return a note, or None."""
    return _NOTES.get().get(name)


def fields(**values: Any) -> dict[str, Any]:
    """Return values for one line, as `extra` of a call of the logger; what is None is left out."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


def configure(*, form: str, level: str) -> None:
    """Log this process's records to stderr: as `json` or as `text`, from a level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class JsonLines(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_details(record),
        }
        if reason := _reason(record):
            line["reason"] = reason
        elif record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """Words for a person, and the details after them."""

    def format(self, record: logging.LogRecord) -> str:
        details = (f"{name}={json.dumps(value, default=str)}" for name, value in _details(record).items())
        head = f"{_time(record)[11:-1]} {record.levelname:7} {record.name}: {record.getMessage()}"
        line = " ".join((head, *details))
        if reason := _reason(record):
            return f"{line}: {reason}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _reason(record: logging.LogRecord) -> str | None:
    """Return why a part does not answer; where our code was when it noticed says nothing about that."""
    error = record.exc_info[1] if record.exc_info else None
    return error.reason if isinstance(error, Unavailable) else None


def _time(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))


def _details(record: logging.LogRecord) -> dict[str, Any]:
    return {**_NOTES.get(), **getattr(record, "fields", {})}
