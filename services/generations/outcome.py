"""How a generation ends, worded for the person who asked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.core.frozen import frozen
from services.generations.answer import Answer
from services.generations.model import GenerationReason, GenerationStatus, NotFollowed
from services.llm.port import FinishReason

_CUT: Final = {
    FinishReason.LENGTH: (GenerationReason.MAX_TOKENS, "The answer reached its limit of tokens."),
    FinishReason.CONTENT_FILTER: (GenerationReason.CONTENT_FILTER, "The provider's content filter ended the answer."),
    FinishReason.STOP: (GenerationReason.MISSING_FILES, "The answer ended without all of its files."),
    None: (GenerationReason.PROVIDER_LOST, "Every provider failed in the middle of the answer."),
}


_MOST_NAMED: Final = 20
"""Missing files that a message names."""
_MOST_TOLD: Final = 5
"""Things that are not done and that a message tells."""


@frozen
class Outcome:
    status: GenerationStatus
    reason: GenerationReason | None = None
    message: str | None = None


COMPLETED: Final = Outcome(GenerationStatus.COMPLETED)


def of(answer: Answer) -> Outcome:
    """Return COMPLETED for a whole answer, else INCOMPLETE with the reason and the files that are missing.

    An answer that came to its own end and holds nothing is FAILED.
    """
    if answer.is_empty and (answer.whole or answer.finish is FinishReason.STOP):
        return invalid("answer", "it holds nothing of what was asked for.")
    if answer.whole:
        return COMPLETED
    reason, message = _CUT[answer.finish]
    if answer.finish is None and answer.failure:
        message = f"{message} The last one, {answer.failure}"
    return Outcome(GenerationStatus.INCOMPLETE, reason, f"{message}{_named(answer.missing)}")


def _named(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    more = len(missing) - _MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return f" Missing: {', '.join(missing[:_MOST_NAMED])}{rest}."


def with_unfollowed(outcome: Outcome, requests: Sequence[NotFollowed]) -> Outcome:
    """Return the end of an answer, which says what was asked for and is not done."""
    if not requests or outcome.status not in {GenerationStatus.COMPLETED, GenerationStatus.INCOMPLETE}:
        return outcome
    named = " ".join(f'"{request.text}": {request.reason}' for request in requests[:_MOST_TOLD])
    more = len(requests) - _MOST_TOLD
    rest = f" And {more:,} more." if more > 0 else ""
    said = f"Not everything that was asked for is done. {named}{rest}"
    return replace(outcome, message=f"{outcome.message} {said}" if outcome.message else said)


def invalid(what: str, message: str) -> Outcome:
    """Return FAILED for an answer that was not what was asked for, also when asked again."""
    return Outcome(
        GenerationStatus.FAILED, GenerationReason.INVALID_OUTPUT, f"The model's {what} is not valid: {message}"
    )
