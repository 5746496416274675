"""This file is how what goes wrong at a provider becomes a ProviderFailure, in our words and with no body of theirs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from services.llm.port import FailureCode, ProviderFailure

_BY_STATUS: Final = {
    HTTPStatus.UNAUTHORIZED: FailureCode.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: FailureCode.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN: FailureCode.UNAUTHORIZED,
    HTTPStatus.REQUEST_TIMEOUT: FailureCode.TIMED_OUT,
    HTTPStatus.CONFLICT: FailureCode.UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: FailureCode.RATE_LIMITED,
    498: FailureCode.UNAVAILABLE,  # Groq: no capacity in the flex tier
}
_SENTENCES: Final = {
    FailureCode.UNAUTHORIZED: "The provider refuses our key.",
    FailureCode.RATE_LIMITED: "The provider allows no more requests at the moment.",
    FailureCode.BAD_REQUEST: "The provider refuses the request.",
    FailureCode.UNAVAILABLE: "The provider does not answer as it should.",
    FailureCode.TIMED_OUT: "The provider took too long.",
    FailureCode.TOO_LONG: "The provider says more than it was asked for.",
    FailureCode.CONTENT_REFUSED: "The provider refuses to answer this.",
}
_REFUSALS: Final = ("content_filter", "content_policy", "ResponsibleAIPolicyViolation")


@dataclass(frozen=True, slots=True)
class Failures:
    """Makes the failures of one attempt."""

    provider: str
    model: str

    def of(self, code: FailureCode, message: str = "", *, retry_after: float | None = None) -> ProviderFailure:
        sentence = message or _SENTENCES[code]
        return ProviderFailure(self.provider, code, sentence, model=self.model, retry_after=retry_after)

    def of_status(self, status: int, headers: Mapping[str, str], body: object) -> ProviderFailure:
        """Judge an HTTP answer that is no success. The body is only searched for the provider's word for a refusal."""
        code = _BY_STATUS.get(status, FailureCode.BAD_REQUEST if status < 500 else FailureCode.UNAVAILABLE)  # noqa: PLR2004
        if code is FailureCode.BAD_REQUEST and any(word in str(body) for word in _REFUSALS):
            code = FailureCode.CONTENT_REFUSED
        sentence = f"{_SENTENCES[code].removesuffix('.')} (HTTP {status})."
        return self.of(code, sentence, retry_after=_retry_after(headers))

    def of_chunk(self, error: str) -> ProviderFailure:
        """Judge an error that came as a chunk."""
        is_limit = "rate_limit" in error or "rate limit" in error
        code = FailureCode.RATE_LIMITED if is_limit else FailureCode.UNAVAILABLE
        return self.of(code, "The provider stopped the answer with an error.")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read the wait in seconds: OpenAI's milliseconds, or RFC 9110's Retry-After as seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _number(value)
    return seconds if seconds is not None else _until(value, headers.get("date", ""))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _until(moment: str, now: str) -> float | None:
    """Return the seconds between two HTTP dates. The other side's clock is the one that its Retry-After means."""
    try:
        wait = parsedate_to_datetime(moment) - parsedate_to_datetime(now)
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)
