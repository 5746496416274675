"""Calls of Render's API, and for how long it asks to be left alone."""

from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

from services.core.frozen import frozen
from services.platforms.vendors.client import Answer, Client, retry_after

_MOST_SECONDS: Final = 1_000_000_000
"""Anything larger is a time since 1970."""


@frozen(kw_only=True)
class RenderClient(Client):
    def pause(self, answer: Answer) -> float | None:
        """Return the seconds until a limit is reset.

        The documentation has `Ratelimit-Reset` as a time since 1970, and an example of it as seconds from now
        (api-docs.render.com/reference/rate-limiting): their sizes tell which one it is.
        """
        if (seconds := retry_after(answer.headers)) is not None:
            return seconds
        with suppress(ValueError, TypeError, KeyError, OverflowError):
            reset = float(int(answer.headers["ratelimit-reset"][:12]))
            if reset < _MOST_SECONDS:
                return max(0.0, reset)
            return max(0.0, reset - parsedate_to_datetime(answer.headers["date"]).timestamp())
        return None
