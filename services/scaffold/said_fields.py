"""The qualities that a description names, as fields of tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from services.designs.schema import Field, FieldRules, FieldType
from services.designs.secrets import secrecy_by_name
from services.scaffold.reading.reading import Quality
from services.scaffold.rules import with_rules
from services.scaffold.vocabulary import CURRENCY, Entity

_TYPES: Final = {
    "string": FieldType.STRING,
    "text": FieldType.TEXT,
    "integer": FieldType.INTEGER,
    "number": FieldType.FLOAT,
    "money": FieldType.DECIMAL,
    "boolean": FieldType.BOOLEAN,
    "date": FieldType.DATE,
    "datetime": FieldType.DATETIME,
}
_NUMBERS: Final = frozenset({"integer", "number", "money"})
_TEXTS: Final = frozenset({"string", "text"})
_STATES: Final = frozenset({"status", "state", "stage"})
"""What a row begins in: the first of all that it may be."""
_KEYS: Final = frozenset({"id"})
_LONGEST_NAME: Final = 63


def with_qualities(entity: Entity, qualities: Sequence[Quality]) -> Entity:
    """Return an entity with fields for qualities: in place of those of its own of the same name, else behind them."""
    said = {field.name: field for field in map(_field, qualities) if field.name not in _KEYS}
    own = tuple(said.pop(field.name, field) for field in entity.fields)
    fields = (*own, *_with_currency(list(said.values()), own))
    states = (field.name for field in said.values() if field.name in _STATES)
    return replace(entity, fields=fields, indexed=tuple(dict.fromkeys((*entity.indexed, *states))))


def _field(quality: Quality) -> Field:
    first, *rest = [word for word in quality.name.lower().split("_") if word]
    name = "".join([first, *(word.capitalize() for word in rest)])[:_LONGEST_NAME]
    is_state = bool(quality.values) and quality.name.rpartition("_")[2] in _STATES
    default: str | bool | None = quality.values[0] if is_state else False if quality.kind == "boolean" else None
    return with_rules(
        Field(
            name=name,
            type=_TYPES[quality.kind],
            nullable=quality.is_optional,
            unique=quality.is_unique,
            default_value=None if quality.is_optional else default,
            secrecy=secrecy_by_name(name) if quality.kind in _TEXTS else None,
            rules=_rules(quality),
        )
    )


def _rules(quality: Quality) -> FieldRules | None:
    if quality.bounds is not None and quality.kind in _NUMBERS:
        return FieldRules(minimum=quality.bounds[0], maximum=quality.bounds[1])
    return FieldRules(values=quality.values) if quality.values else None


def _with_currency(fields: Sequence[Field], own: Sequence[Field]) -> Iterator[Field]:
    """Yield the fields, with a currency behind the last sum of money where no field is one."""
    sums = [field.name for field in fields if field.type is FieldType.DECIMAL]
    is_lacking = all(field.name != CURRENCY.name for field in (*own, *fields))
    for field in fields:
        yield field
        if is_lacking and sums and field.name == sums[-1]:
            yield CURRENCY
