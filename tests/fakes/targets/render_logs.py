"""The logs of a service of the fake Render: lines with ids, a moment late, in pages."""

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.core.clock import utc_now

Json = dict[str, Any]
LAG: Final = timedelta(milliseconds=30)
"""How far lists and logs are behind."""
COARSE: Final = 20_000
"""Microseconds that lines share a timestamp for."""
WINDOW: Final = timedelta(hours=1)
"""Looked at where nobody says since when."""


def new_id(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(10)}"


def stamp(at: datetime) -> str:
    """Write a time as RFC 3339 with nanoseconds."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}789Z"


@dataclass(frozen=True)
class Line:
    at: datetime
    written: datetime
    type: str
    instance: str
    message: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def shown(self, service_id: str) -> Json:
        level = "error" if self.message.startswith("Error") else "info"
        labels = {"resource": service_id, "instance": self.instance, "level": level, "type": self.type}
        return {
            "id": self.id,
            "message": self.message,
            "timestamp": stamp(self.at),
            "labels": [{"name": name, "value": value} for name, value in labels.items() if value],
        }


@dataclass
class Log:
    service_id: str
    lines: list[Line] = field(default_factory=list[Line])

    async def write(self, type: str, message: str, *, instance: str = "") -> None:
        now = utc_now()
        at = now.replace(microsecond=now.microsecond // COARSE * COARSE)
        self.lines.append(Line(at, now, type, instance, message))
        await asyncio.sleep(0.003)

    def page(self, types: Collection[str], *, start: datetime | None, end: datetime | None, limit: int) -> Json:
        """Return the oldest lines of a time."""
        until = end or utc_now()
        since = start or until - WINDOW
        seen = [
            line
            for line in self.lines
            if (not types or line.type in types) and since <= line.at <= until and utc_now() - line.written > LAG
        ]
        page, has_more = seen[:limit], len(seen) > limit
        following = page[-1].at if has_more else until
        return {
            "logs": [line.shown(self.service_id) for line in page],
            "hasMore": has_more,
            "nextStartTime": stamp(following),
            "nextEndTime": stamp(until),
        }
