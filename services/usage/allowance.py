"""How much a generation may use: what is reserved for it beforehand, and how a request keeps within it.

The allowance is one number of tokens. With prompt P and most output M it is 2P + 3M: an answer and another one (a
repair, a continuation, or the next provider's after the first was lost), and the first answer read back as input. P is
counted in bytes, for no token is shorter than one. A request that might go beyond what is left is asked to answer more
briefly, or not made at all: so what is reserved is never exceeded, however often a generation is repeated.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

import msgspec

from services.core.tokens import estimated_tokens
from services.llm.port import Request

TEMPLATE_BYTES: Final = 12_000
"""The most that the fixed part of a prompt may have; tests/services/usage/test_allowance.py checks the templates."""

LEAST_ANSWER: Final = 256
"""Tokens below which asking is not worth it."""


class AllowanceSpent(Exception):
    """What is left of the allowance is too little to ask once more."""


def allowance(prompt: str, *, context: int = 0, most_output: int) -> int:
    """Return the tokens to reserve. `context` is the bytes of what else goes into the prompt, such as the schema."""
    read = TEMPLATE_BYTES + len(msgspec.json.encode(prompt)) + context
    return 2 * read + 3 * most_output


def prompt_tokens(request: Request, *, left_out: Collection[str] = ()) -> int:
    """Estimate the tokens of a request's prompt, without the parts that are left out."""
    return sum(estimated_tokens(message.content) for message in request.messages if message.part not in left_out)


def within(request: Request, left: int | None) -> Request:
    """Return the request, its answer so limited that `left` is not exceeded.

    Raises AllowanceSpent where hardly anything is left.
    """
    if left is None:
        return request
    asked = request.options.max_tokens
    most = left - prompt_tokens(request)
    if most < min(LEAST_ANSWER, asked or LEAST_ANSWER):
        raise AllowanceSpent
    if asked is not None and asked <= most:
        return request
    return replace(request, options=replace(request.options, max_tokens=most))
