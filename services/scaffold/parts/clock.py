"""When a function runs by the clock, as its name, its description or an edge says."""

import re
from collections.abc import Sequence
from typing import Final

from services.core.frozen import frozen

_MINUTES: Final = {
    "minute": 1,
    "hour": 60,
    "day": 1440,
    "night": 1440,
    "morning": 1440,
    "evening": 1440,
    "week": 10_080,
}
_ADVERBS: Final = {"hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week"}
_DAYS: Final = ("thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday")
"""From the day on that is the first of Unix time."""
_USUAL_DAY: Final = "monday"
_TIMES: Final = {"night": 120, "morning": 480, "evening": 1080}
"""Minutes after midnight, where no time is said."""
_LONGEST: Final = 10_080
_EVERY: Final = re.compile(rf"\b(?:every|each)\s+(?:(\d{{1,5}})\s+)?({'|'.join((*_MINUTES, *_DAYS))})s?\b")
_ADVERB: Final = re.compile(rf"\b({'|'.join(_ADVERBS)})\b")
_ON: Final = re.compile(rf"\bon\s+({'|'.join(_DAYS)})s?\b")
_AT: Final = re.compile(r"\bat\s+(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\b")


@frozen
class Schedule:
    """So many minutes after the beginning of Unix time, and again after each so many: all in UTC."""

    every: int
    offset: int

    @property
    def said(self) -> str:
        """In words."""
        hours, minutes = divmod(self.offset % 1440, 60)
        at = f"at {hours:02}:{minutes:02} UTC"
        if self.every == _MINUTES["week"]:
            return f"every {_DAYS[self.offset // 1440].capitalize()} {at}"
        if self.every == _MINUTES["day"]:
            return f"every day {at}"
        number, unit = (self.every // 60, "hour") if self.every % 60 == 0 else (self.every, "minute")
        return f"every {unit}" if number == 1 else f"every {number} {unit}s"


def schedule_of(texts: Sequence[str]) -> Schedule | None:
    """Return when texts say that it is time, taken together; None where they do not."""
    text = " ".join(". ".join(texts).lower().split())
    number, unit = _period(text)
    if unit is None:
        return None
    if unit in _DAYS:
        return Schedule(_MINUTES["week"], _DAYS.index(unit) * 1440 + _time(text, 0))
    every = number * _MINUTES[unit]
    if not 0 < every <= _LONGEST:
        return None
    if unit == "week" and number == 1:
        day = _ON.search(text)
        return Schedule(every, _DAYS.index(day[1] if day else _USUAL_DAY) * 1440 + _time(text, 0))
    if _MINUTES[unit] == _MINUTES["day"]:
        return Schedule(every, _time(text, _TIMES.get(unit, 0)))
    return Schedule(every, 0)


def _period(text: str) -> tuple[int, str | None]:
    if (every := _EVERY.search(text)) is not None:
        return int(every[1] or 1), every[2]
    adverb = _ADVERB.search(text)
    return 1, _ADVERBS[adverb[1]] if adverb else None


def _time(text: str, usual: int) -> int:
    """Return the minutes after midnight that a text names; the usual where it names none that there is."""
    at = _AT.search(text)
    if at is None:
        return usual
    hours, minutes = int(at[1]), int(at[2] or 0)
    if at[3] is not None:
        hours = hours % 12 + (12 if at[3] == "pm" else 0)
    return hours * 60 + minutes if hours < 24 and minutes < 60 else usual  # noqa: PLR2004 - a clock
