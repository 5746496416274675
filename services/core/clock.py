"""This file is the product's only source of the current time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the current time, in UTC and aware. Services take one as a field, so tests choose the time."""


def utc_now() -> datetime:
    """Return the current time in UTC, in whole milliseconds, as it is stored."""
    moment = datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """Write a moment as UTC ISO 8601 with milliseconds, so that string order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
