"""This file is what one attempt at an answer has used."""

from enum import Enum

import msgspec


class AttemptOutcome(Enum):
    """How a provider's answer ended."""

    COMPLETED = "COMPLETED"
    """It came to its own end."""
    CUT = "CUT"
    """The provider ended it early: at a limit of tokens, or by its content filter."""
    FAILED = "FAILED"
    """The provider failed in the middle of it."""
    CANCELED = "CANCELED"
    """It was stopped from our side."""


class AttemptUsage(msgspec.Struct, frozen=True, rename="camel"):
    """Tokens of one answer of a provider, as it counts them."""

    provider: str
    model: str
    outcome: AttemptOutcome
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Of the input, those that the provider had kept from before."""
    reasoning_tokens: int = 0
    """Of the output, those that were thought and not said."""
    estimated: bool = False
    """Whether the provider did not tell, so that the tokens are counted as four characters each."""
