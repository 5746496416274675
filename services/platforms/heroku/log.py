"""The log of an app: what its dynos write, and what Heroku says of them."""

import hashlib
import re
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec

from services.platforms.heroku.app import App
from services.platforms.output import cleaned
from services.platforms.port import LogStream
from services.platforms.vendors.work import Work

_LINES: Final = 1_500
"""Of the log, at once: all that Heroku keeps."""
_LOG_LINE: Final = re.compile(r"(\S+) (\w+)\[([^\]]+)\]: ?(.*)", re.DOTALL)


class LogSession(msgspec.Struct, frozen=True):
    logplex_url: str


async def tell_log(app: App, work: Work) -> None:
    """Emit the lines of the app's log that were not told."""
    body = {"lines": _LINES, "tail": False}
    asked = await app.client.call("POST", f"{app.path}/log-sessions", body=body, repeatable=True)
    log = await app.client.fetch(asked.read(LogSession).logplex_url)
    last, same = work.placement.told.last(LogStream.RUNTIME), Counter[str]()
    for line in log.body.decode("utf-8", "replace").split("\n"):  # programs print other line ends
        parts = _LOG_LINE.fullmatch(line.removeprefix("data: "))  # which it is in a stream of events
        if parts is None or (at := _time(parts[1])) is None:
            continue
        stamp, source, process, message = parts.groups()
        name = f"{stamp} {process} {hashlib.sha256(message.encode()).hexdigest()[:12]}"
        same[name] += 1  # the same words may come twice within a microsecond
        if last is None or at >= last.at:
            text = message if source == "app" else f"{process}: {message}"
            await work.line(LogStream.RUNTIME, cleaned(text), id=f"{name} {same[name]}", at=at)


def _time(stamp: str) -> datetime | None:
    """Return the time of a line; None for what is none, such as what a program made look like a line."""
    with suppress(ValueError):
        at = datetime.fromisoformat(stamp)
        return at if at.tzinfo else None
    return None
