"""What tokens cost."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from services.core.prices import PRICES, Price, Prices, dollars, nanos

PRICED = Prices(
    {
        "plain": Price(input=Decimal("0.075"), output=Decimal("0.3"), cachedInput=None),
        "cached": Price(input=Decimal(1), output=Decimal(2), cachedInput=Decimal(0)),
    }
)


def test_a_cost_is_exact() -> None:
    assert PRICED.cost("plain", input_tokens=1, output_tokens=0) == 75
    assert PRICED.cost("plain", input_tokens=3, output_tokens=7) == 3 * 75 + 7 * 300
    assert dollars(75) == Decimal("0.000000075")
    assert nanos(Decimal("0.000000075")) == 75


def test_cached_input_has_a_price_of_its_own_or_that_of_other_input() -> None:
    assert PRICED.cost("cached", input_tokens=10, output_tokens=0, cached_tokens=4) == 6000
    assert PRICED.cost("cached", input_tokens=10, output_tokens=0, cached_tokens=99) == 0
    assert PRICED.cost("plain", input_tokens=10, output_tokens=0, cached_tokens=4) == 750


def test_a_model_without_a_price_has_no_cost() -> None:
    assert PRICED.cost("other", input_tokens=1, output_tokens=1) is None
    assert PRICED.most(("other",), tokens=10) == 0


def test_the_most_that_tokens_may_cost_is_what_the_dearest_model_asks() -> None:
    assert PRICED.most(("plain", "cached", "other"), tokens=10) == 20_000


def test_the_scaffold_is_free() -> None:
    assert Prices(PRICES).cost("scaffold-1", input_tokens=1000, output_tokens=1000) == 0


@pytest.mark.parametrize("price", ["-1", "0.0001", "NaN", "1000001"])
def test_a_price_that_is_none_is_refused(price: str) -> None:
    with pytest.raises(ValidationError):
        Price.model_validate({"input": price, "output": 1})
