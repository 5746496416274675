"""The currencies that a description names, by their codes (ISO 4217), signs and names."""

import re
from typing import Final

from msgspec import structs

from services.designs.schema import Field, FieldFormat, FieldRules

_CODES: Final = frozenset(  # of which some are words, too, so that they count behind `in`, a number or another alone
    """
    AED ARS AUD BDT BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KES KRW KZT LKR MAD MXN
    MYR NGN NOK NPR NZD PEN PKR PLN QAR RON RSD SAR SEK SGD THB TRY TWD TZS UAH UGX USD UYU VND ZAR
    """.split()  # noqa: SIM905 - as many strings would take a page
)
_CALLED: Final = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₺": "TRY",
    "₩": "KRW",
    "euro": "EUR",
    "us dollar": "USD",
    "pound sterling": "GBP",
    "british pound": "GBP",
    "swiss franc": "CHF",
    "japanese yen": "JPY",
    "yen": "JPY",
    "indian rupee": "INR",
}
_CODE: Final = "|".join(sorted(_CODES))
_NAME: Final = "|".join(rf"\b{name}s?\b" if name.isascii() else name for name in _CALLED)
_NAMED: Final = re.compile(rf"(?:\b(?:in|or|and) |\d ?|[,/(] ?)({_CODE})\b|\b({_CODE})(?=/)|(?i:({_NAME}))")


def currencies_of(description: str) -> tuple[str, ...]:
    """Return the codes of the currencies that a text names, each once, in its order."""
    found = (match[match.lastindex or 0] for match in _NAMED.finditer(description))
    codes = (name if name in _CODES else _CALLED[name.lower().removesuffix("s")] for name in found)
    return tuple(dict.fromkeys(codes))


def within(field: Field, codes: tuple[str, ...]) -> Field:
    """Return a field that takes none but these currencies, and the first by default; any other field as it is."""
    if not codes or field.rules is None or field.rules.format is not FieldFormat.CURRENCY:
        return field
    rules: FieldRules = structs.replace(field.rules, values=codes)
    return structs.replace(field, default_value=codes[0], rules=rules)
