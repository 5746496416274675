"""What the values of a field must be, from its name and type, where a description says nothing of them."""

from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import Field, FieldFormat, FieldRules, FieldType
from services.scaffold.names import words_of

_NUMBERS: Final = frozenset({FieldType.INTEGER, FieldType.FLOAT, FieldType.DECIMAL})
_TEXTS: Final = frozenset({FieldType.STRING, FieldType.TEXT})
_STRING: Final = frozenset({FieldType.STRING})
_LONGEST_TEXT: Final = 20_000
"""Characters of a TEXT: DynamoDB holds 400 KB in an item, and four bytes may be one character."""


@frozen
class _Kind:
    """Fields of some types whose last word is one of `words`."""

    types: frozenset[FieldType]
    words: frozenset[str]
    rules: FieldRules


def _kind(types: frozenset[FieldType], words: str, rules: FieldRules) -> _Kind:
    return _Kind(types, frozenset(words.split()), rules)


_KINDS: Final = (
    _kind(_STRING, "email mail", FieldRules(format=FieldFormat.EMAIL)),
    _kind(_STRING, "url website link homepage", FieldRules(format=FieldFormat.URL)),
    _kind(_STRING, "currency", FieldRules(format=FieldFormat.CURRENCY)),
    _kind(_STRING, "slug", FieldRules(max_length=100)),
    _kind(_NUMBERS, "percent percentage", FieldRules(minimum="0", maximum="100")),
    _kind(_NUMBERS, "latitude", FieldRules(minimum="-90", maximum="90")),
    _kind(_NUMBERS, "longitude", FieldRules(minimum="-180", maximum="180")),
    _kind(_NUMBERS, "year", FieldRules(minimum="1", maximum="9999")),
    _kind(_NUMBERS, "balance change value altitude temperature minimum maximum", FieldRules()),
    _kind(
        _NUMBERS, "quantity capacity servings size seats sets repetitions copies nights days", FieldRules(minimum="1")
    ),
)
"""The first that fits counts."""
_RATING: Final = FieldRules(minimum="1", maximum="5")
_STATES: Final = frozenset({"status", "points", "refills"})
_STANDING: Final = frozenset(
    [
        *(
            "balance",
            "credit",
            "credits",
            "limit",
            "debt",
            "salary",
            "wage",
            "wages",
            "bonus",
            "commission",
            "discount",
        ),
        *("points", "coins", "tokens", "grade", "average", "score", "rank", "reputation", "strikes"),
    ]
)
_MOST_STARS: Final = 5


def with_rules(field: Field) -> Field:
    """Return a field with the rules that its name and type suggest, beside those that it has."""
    suggested = _suggested(field)
    if field.rules is not None:
        suggested = structs.replace(suggested, **_said(field.rules))
    return structs.replace(field, rules=suggested if _said(suggested) else None)


def _suggested(field: Field) -> FieldRules:
    last = words_of(field.name)[-1].lower()
    rules = next((kind.rules for kind in _KINDS if field.type in kind.types and last in kind.words), None)
    if field.type in _NUMBERS:
        return _of_number(field, last, rules)
    if field.type not in _TEXTS:
        return FieldRules()
    rules = rules or FieldRules()
    if rules.format is FieldFormat.EMAIL and field.unique:
        return structs.replace(rules, case_insensitive=True)
    if field.type is FieldType.TEXT:
        rules = structs.replace(rules, max_length=_LONGEST_TEXT)
    is_free = rules.format is None and rules.pattern is None and not (field.rules and field.rules.values)
    needs_text = is_free and not field.nullable and field.default_value is None
    return structs.replace(rules, min_length=1) if needs_text else rules


def _of_number(field: Field, last: str, rules: FieldRules | None) -> FieldRules:
    if last == "rating" and (field.default_value is None or field.default_value <= _MOST_STARS):
        return _RATING
    rules = rules or FieldRules(minimum="0")
    if rules.minimum == "1" and field.default_value == 0:
        rules = structs.replace(rules, minimum="0")
    return structs.replace(rules, scale=2) if field.type is FieldType.DECIMAL else rules


def _said(rules: FieldRules) -> dict[str, object]:
    empty = structs.asdict(FieldRules())
    return {name: value for name, value in structs.asdict(rules).items() if value != empty[name]}


def is_decided_by_staff(field: Field) -> bool:
    """Return whether a field of what somebody asks for is not theirs to set: its state, its price, its dates."""
    last = words_of(field.name)[-1].lower()
    return (
        last in _STATES
        or field.type is FieldType.DECIMAL
        or (field.type is FieldType.DATETIME and last == "at" and field.nullable)
    )


def is_standing(field: Field) -> bool:
    """Return whether a field of people is what others give them: what they have, owe or earn, how they are rated."""
    return words_of(field.name)[-1].lower() in _STANDING
