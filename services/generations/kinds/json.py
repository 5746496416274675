"""What the kinds whose answer is JSON share: asking, reading, and one round of repair."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from services.core.errors import Invalid
from services.generations import events, outcome
from services.generations.kinds.port import GenerationContext
from services.generations.outcome import Outcome
from services.llm.port import FinishReason, Request
from services.llm.prompts import repair

T = TypeVar("T")


async def ask_for(context: GenerationContext, request: Request, read: Callable[[str], T], *, what: str) -> T | Outcome:
    """Return what the answer holds, or how the generation ends without it. An invalid answer is sent back once."""
    answer, session = context.answer, context.session
    request = context.gone_on(request)
    await session.say(request)
    if answer.finish is not FinishReason.STOP:
        return outcome.of(answer)
    try:
        return read(answer.text)
    except Invalid as invalid:
        await session.tell(events.AttemptFailed("INVALID_OUTPUT", invalid.message, will_retry=True))
        answer.start_from(())
        await session.say(replace(repair(request, answer=answer.text, faults=invalid.faults), begun=""))
    if answer.finish is not FinishReason.STOP:
        return outcome.of(answer)
    try:
        return read(answer.text)
    except Invalid as still:
        return outcome.invalid(what, still.message)
