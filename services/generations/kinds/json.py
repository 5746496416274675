"""This file is what the kinds whose answer is JSON share: asking, reading, and one round of repair."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from services.core.errors import Invalid
from services.generations import ending, events
from services.generations.ending import Ending
from services.generations.kinds.port import Making
from services.llm.port import FinishReason, Request
from services.llm.prompts import repair

T = TypeVar("T")


async def ask_for(making: Making, request: Request, read: Callable[[str], T], *, what: str) -> T | Ending:
    """Return what the answer holds, or how the generation ends without it. An invalid answer is sent back once."""
    answer, asking = making.answer, making.asking
    request = making.gone_on(request)
    await asking.say(request)
    if answer.finish is not FinishReason.STOP:
        return ending.of(answer)
    try:
        return read(answer.text)
    except Invalid as invalid:
        await asking.tell(events.AttemptFailed("INVALID_OUTPUT", invalid.message, will_retry=True))
        answer.start_from(())
        await asking.say(replace(repair(request, answer=answer.text, faults=invalid.faults), begun=""))
    if answer.finish is not FinishReason.STOP:
        return ending.of(answer)
    try:
        return read(answer.text)
    except Invalid as still:
        return ending.invalid(what, still.message)
