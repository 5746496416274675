"""The tests of the currencies that a description names: sums of money are in these, and in no other."""

import pytest

from services.designs.schema import FieldFormat
from services.scaffold.currencies import currencies_of
from services.scaffold.schema import derive_schema


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Donations in CHF", ("CHF",)),
        ("Amounts in EUR or USD", ("EUR", "USD")),
        ("Prices (GBP, EUR/SEK)", ("GBP", "EUR", "SEK")),
        ("Prices in euros, 12 NOK at least", ("EUR", "NOK")),
        ("Swiss francs and \u00a35", ("CHF", "GBP")),
        ("CAD drawings that users TRY, in euro-trash style. Dollars", ("EUR",)),
        ("Books with a price", ()),
    ],
)
def test_currencies_are_named_by_code_sign_or_name(text: str, codes: tuple[str, ...]) -> None:
    assert currencies_of(text) == codes


def test_sums_are_in_the_currencies_that_are_named() -> None:
    tables = derive_schema("Donors make donations with an amount in EUR or CHF").tables
    currencies = [field for table in tables for field in table.fields if field.rules]
    [field] = [field for field in currencies if field.rules and field.rules.format is FieldFormat.CURRENCY]
    assert field.rules is not None
    assert (field.default_value, field.rules.values) == ("EUR", ("EUR", "CHF"))
