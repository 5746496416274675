"""How what goes wrong at a provider becomes a ProviderFailure, in our words and with no body of theirs.

An error is judged by its codes, then by its sentences, then by its status, wherever it comes: as the status of an HTTP
answer, or inside of one that began well.
"""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NamedTuple

from services.core.frozen import frozen
from services.llm.error_bodies import ErrorBody
from services.llm.port import FailureCode, ProviderFailure

LONGEST_WAIT: Final = 86_400.0
"""Seconds that a provider may ask us to wait; what asks for more means: not today."""


class _Kind(NamedTuple):
    """What one kind of failure is known by. Words are whole codes; sentences are parts of what is said."""

    code: FailureCode
    words: frozenset[str] = frozenset()
    sentences: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()
    sentence: str = ""
    """What to tell instead of the code's own sentence."""


_KINDS: Final = (
    _Kind(
        FailureCode.UNAVAILABLE,
        frozenset({"json_validate_failed"}),
        sentence="The model's answer was not the JSON that it is held to.",
    ),
    _Kind(
        FailureCode.INSUFFICIENT_QUOTA,
        frozenset(
            {
                "insufficient_quota",
                "insufficient_balance",
                "insufficient_credits",
                "quota_exceeded",
                "billing_hard_limit_reached",
                "billing_not_active",
                "payment_required",
                "billing_error",
            }
        ),
        ("insufficient balance", "insufficient credit", "credit balance", "more credits", "out of credits"),
        frozenset({HTTPStatus.PAYMENT_REQUIRED}),
    ),
    _Kind(
        FailureCode.MODEL_NOT_FOUND,
        frozenset(
            {
                "model_not_found",
                "model_decommissioned",
                "model_not_available",
                "model_terms_required",
                "deploymentnotfound",
                "invalid_model",
                "not_found_error",
            }
        ),
        ("does not exist", "model not found", "no such model", "invalid model name", "try pulling it"),
        frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE}),
    ),
    _Kind(
        FailureCode.REQUEST_TOO_LARGE,
        frozenset(
            {
                "context_length_exceeded",
                "exceed_context_size_error",
                "context_window_exceeded",
                "contextwindowexceedederror",
                "string_above_max_length",
                "request_too_large",
                "prompt_too_long",
            }
        ),
        (
            "context length",
            "context window",
            "context size",
            "prompt is too long",
            "input is too long",
            "too many tokens",
        ),
        frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE}),
    ),
    _Kind(
        FailureCode.CONTENT_REFUSED,
        frozenset(
            {
                "content_filter",
                "content_policy",
                "content_policy_violation",
                "contentpolicyviolationerror",
                "responsibleaipolicyviolation",
                "invalid_prompt",
                "moderation_blocked",
                "data_inspection_failed",
            }
        ),
        (
            "content_filter",
            "content management policy",
            "content policy",
            "usage policy",
            "was flagged",
            "safety system",
        ),
    ),
    _Kind(
        FailureCode.REGION_NOT_SUPPORTED,
        frozenset({"unsupported_country_region_territory", "unsupported_region"}),
        (
            "country, region",
            "location is not supported",
            "not available in your country",
            "not available in your region",
        ),
        frozenset({HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS}),
    ),
    _Kind(
        FailureCode.RATE_LIMITED,
        frozenset(
            {"rate_limit_exceeded", "rate_limit_error", "ratelimiterror", "rate_limited", "too_many_requests"}
            | {"resource_exhausted", "throttlingexception"}
        ),
        ("rate limit", "rate_limit", "too many requests"),
        frozenset({HTTPStatus.TOO_MANY_REQUESTS}),
    ),
    _Kind(
        FailureCode.UNAUTHORIZED,
        frozenset(
            {"invalid_api_key", "authentication_error", "authenticationerror", "unauthenticated", "permission_error"}
            | {"permission_denied", "account_deactivated"}
        ),
        ("incorrect api key", "invalid api key", "api key not valid"),
        frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}),
    ),
    _Kind(
        FailureCode.TIMED_OUT,
        frozenset({"timeout", "timeout_error", "request_timeout"}),
        statuses=frozenset({HTTPStatus.REQUEST_TIMEOUT}),
    ),
    _Kind(
        FailureCode.UNAVAILABLE,
        statuses=frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, 498}),  # 498: Groq, no capacity in the flex tier
    ),
)
"""The first that fits counts: what is said of the account or the model before what is said of the request."""
_SAID: Final = frozenset({None, 400, 403, 422, 500})
"""Statuses that many kinds of failure have: there the sentences say which."""
_REFUSALS: Final = frozenset(
    {"invalid_request_error", "bad_request", "badrequest", "badrequesterror", "invalid_argument"}
)
"""Codes that say no more than a status of 400 does."""
_SENTENCES: Final = {
    FailureCode.UNAUTHORIZED: "The provider refuses our key. Check the key in the settings.",
    FailureCode.INSUFFICIENT_QUOTA: (
        "The account at the provider has no credit left. Add credit or raise its limit there, or set another key."
    ),
    FailureCode.MODEL_NOT_FOUND: (
        "The provider has no such model. Check the model and the address of the provider in the settings."
    ),
    FailureCode.REQUEST_TOO_LARGE: (
        "The request is longer than the model can take. Ask for less at once, or name a model with a longer context."
    ),
    FailureCode.REGION_NOT_SUPPORTED: "The provider does not serve the country or region that we ask from.",
    FailureCode.RATE_LIMITED: "The provider allows no more requests at the moment.",
    FailureCode.BAD_REQUEST: "The provider refuses the request.",
    FailureCode.UNAVAILABLE: "The provider does not answer as it should.",
    FailureCode.TIMED_OUT: "The provider took too long.",
    FailureCode.TOO_LONG: "The provider says more than it was asked for.",
    FailureCode.CONTENT_REFUSED: "The provider refuses to answer this. Say it in other words.",
}


@frozen
class Failures:
    """Makes the failures of one attempt."""

    provider: str
    model: str

    def of(self, code: FailureCode, message: str = "", *, retry_after: float | None = None) -> ProviderFailure:
        sentence = message or _SENTENCES[code]
        return ProviderFailure(self.provider, code, sentence, model=self.model, retry_after=retry_after)

    def of_error(self, error: ErrorBody) -> ProviderFailure:
        """Judge what a provider says went wrong. Its words are only searched: none of them is shown."""
        kind = judged(error)
        first, _, advice = (kind.sentence or _SENTENCES[kind.code]).partition(". ")
        status = f" ({'HTTP' if error.is_http else 'error'} {error.status})" if error.status is not None else ""
        sentence = f"{first.removesuffix('.')}{status}. {advice}".rstrip()
        return self.of(kind.code, sentence, retry_after=error.retry_after)


def judged(error: ErrorBody) -> _Kind:
    """Return the kind of failure that an error is."""
    for kind in _KINDS:
        if kind.words & error.words or error.status in kind.statuses - _SAID:
            return kind
    for kind in _KINDS if error.status in _SAID else ():
        if any(sentence in error.message for sentence in kind.sentences):
            return kind
    for kind in _KINDS:
        if error.status in kind.statuses:
            return kind
    is_refusal = error.status < 500 if error.status is not None else bool(_REFUSALS & error.words)  # noqa: PLR2004 - HTTP's border
    return _Kind(FailureCode.BAD_REQUEST if is_refusal else FailureCode.UNAVAILABLE)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read the wait in seconds: OpenAI's milliseconds, or RFC 9110's Retry-After as seconds or as a date."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    value = headers.get("retry-after", "")
    seconds = _number(value) if milliseconds is None else milliseconds / 1000
    wait = seconds if seconds is not None else _until(value, headers.get("date", ""))
    return None if wait is None else min(wait, LONGEST_WAIT)


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
    except (TypeError, ValueError, OverflowError):
        return None
    return max(wait.total_seconds(), 0.0)
