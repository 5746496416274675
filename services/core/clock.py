"""The product's only source of the current time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

Clock = Callable[[], datetime]
"""Returns the current time, in UTC and aware. Services take one as a field, so tests choose the time."""


FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 1, tzinfo=UTC)
"""Between these is every moment that somebody tells us: with a month or an offset more it is still one."""


MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
"""A date and a time as RFC 3339 writes them (5.6), in capitals: of ISO 8601's many other ways nobody needs to know."""


def moment_at(seconds: float) -> datetime:
    """Return the moment that is told in seconds since 1970. Raises ValueError where it is none from 1970 to 9999."""
    if not 0 <= seconds <= LAST.timestamp():  # also of what is no number
        raise ValueError("There is no such moment.")
    return datetime.fromtimestamp(seconds, tz=UTC)


def moment_in(text: str) -> datetime:
    """Read a moment that is written as 2026-01-31T12:00:00Z. Raises ValueError where it is none from 1970 to 9999."""
    try:
        moment = datetime.fromisoformat(text)
        if MOMENT.fullmatch(text) and FIRST <= moment <= LAST:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("There is no such moment.")


def utc_now() -> datetime:
    """Return the current time in UTC, in whole milliseconds, as it is stored."""
    moment = datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """Write a moment as UTC ISO 8601 with milliseconds, so that string order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
