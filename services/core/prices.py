"""Prices of models, and what tokens cost.

Costs are whole nano-dollars (billionths): prices have at most three decimals per million tokens, so that the cost of
one token is a whole number of them, and sums are exact.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from services.core.frozen import frozen

SCAFFOLD: Final = "scaffold-1"
"""The model of the provider that needs none."""

NANO: Final = 10**9
"""Nano-dollars of a dollar."""

Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=10, decimal_places=3)]


class Price(BaseModel):
    """What a model costs, in US dollars per million tokens. Cached input costs as much as other input by default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = Field(None, alias="cachedInput")

    @property
    def dearest(self) -> int:
        """The most that one token of whichever sort costs, in nano-dollars."""
        return max(map(_per_token, (self.input, self.output, self.cached_input or self.input)))


def _price(input_tokens: str, output_tokens: str, *, cached: str | None = None) -> Price:
    return Price(
        input=Decimal(input_tokens),
        output=Decimal(output_tokens),
        cachedInput=None if cached is None else Decimal(cached),
    )


PRICES: Final[Mapping[str, Price]] = {
    "openai/gpt-oss-120b": _price("0.15", "0.60", cached="0.075"),
    "gpt-5-mini": _price("0.25", "2.00", cached="0.025"),
    SCAFFOLD: _price("0", "0"),
}
"""The default models as their providers' price lists had them in 2025 (groq.com/pricing, openai.com/api/pricing), and
the scaffold, which costs nothing. The setting AI_PRICES replaces and adds."""


@frozen
class Prices:
    """What is known of prices. A model without one has no cost: its tokens count, and are told apart as unpriced."""

    table: Mapping[str, Price]

    def cost(self, model: str, *, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int | None:
        """Return the nano-dollars of an attempt's tokens, or None for a model without a price.

        Cached tokens are part of the input, reasoning tokens part of the output, as providers count them.
        """
        price = self.table.get(model)
        if price is None:
            return None
        cached = min(cached_tokens, input_tokens)
        of_cached = price.input if price.cached_input is None else price.cached_input
        return (
            (input_tokens - cached) * _per_token(price.input)
            + cached * _per_token(of_cached)
            + output_tokens * _per_token(price.output)
        )

    def most(self, models: tuple[str, ...], *, tokens: int) -> int:
        """Return the most that so many tokens may cost with whichever of the models, in nano-dollars."""
        return tokens * max((self.table[model].dearest for model in models if model in self.table), default=0)


def dollars(nanos: int) -> Decimal:
    """Return nano-dollars as dollars, exactly."""
    return Decimal(nanos).scaleb(-9)


def nanos(amount: Decimal) -> int:
    """Return dollars as nano-dollars; what is less than one is dropped."""
    return int(amount.scaleb(9))


def _per_token(per_million: Decimal) -> int:
    return int(per_million * (NANO // 1_000_000))
