"""The qualities that a description names, as fields of tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.designs.schema import Field, FieldRules, FieldType
from services.designs.secrets import secrecy_by_name
from services.scaffold.names import words_of
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
_MOMENTS: Final = frozenset({FieldType.DATE, FieldType.DATETIME})
_OF_MOMENTS: Final = frozenset({"at", "on", "date", "time", "day", "of", "the"})
"""What the name of a day or moment may have besides what it is that of."""
_SAME: Final = {"birthdate": "birth", "birthday": "birth", "deadline": "due"}
_LONGEST_NAME: Final = 63


def with_qualities(entity: Entity, qualities: Sequence[Quality]) -> Entity:
    """Return an entity with fields for qualities: in place of those of its own that mean the same, else behind them."""
    said = {field.name: field for field in map(field_of, qualities) if field.name not in _KEYS}
    replaced = _replaced(entity.fields, said.values())
    own = dict.fromkeys(replaced.get(field.name, field) for field in entity.fields)
    new = [field for field in said.values() if field not in own]
    names = (replaced[name].name if name in replaced else name for name in entity.indexed)
    states = (field.name for field in new if field.name in _STATES)
    return replace(
        entity,
        fields=(*own, *_with_currency(new, tuple(own))),
        indexed=tuple(dict.fromkeys((*names, *states))),
    )


def _replaced(own: Sequence[Field], said: Collection[Field]) -> dict[str, Field]:
    """Return what is said in place of which field of an entity: of the same name, whatever its case, or meaning."""
    by_name = {field.name.lower(): field for field in said}
    by_meaning = {_meaning(field): field for field in reversed([*said]) if _meaning(field)}
    others = by_name.keys() - {field.name.lower() for field in own}
    found = {field.name: by_name[field.name.lower()] for field in own if field.name.lower() in by_name}
    for field in own:
        alike = by_meaning.get(_meaning(field))
        if alike is not None and alike.name.lower() in others:
            found.setdefault(field.name, alike)
    return found | _moment(own, said, found) | _names_of_people(own, by_name)


def _moment(own: Sequence[Field], said: Collection[Field], found: Collection[str]) -> dict[str, Field]:
    """Return a day or moment that is said by that alone, `a date`, in place of the only one that a row needs."""
    bare = [field for field in said if field.type in _MOMENTS and _meaning(field) == ""]
    needed = [field for field in own if field.type in _MOMENTS and not field.nullable]
    if len(bare) != 1 or len(needed) != 1 or needed[0].name in found:
        return {}
    return {needed[0].name: bare[0]}


def _names_of_people(own: Sequence[Field], said: Mapping[str, Field]) -> dict[str, Field]:
    """Return a name that is said in place of the first and the last one."""
    is_whole = "name" in said and {"firstName", "lastName"} <= {field.name for field in own}
    return dict.fromkeys(("firstName", "lastName"), said["name"]) if is_whole else {}


def _meaning(field: Field) -> str | None:
    """Return what a day or moment is that of, `start` for startsAt and start_time; None for what is no such field."""
    if field.type not in _MOMENTS:
        return None
    words = [word.lower() for word in words_of(field.name)]
    stem = "".join(word.removesuffix("s") for word in words if word not in _OF_MOMENTS)
    return _SAME.get(stem, stem)


def field_of(quality: Quality) -> Field:
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
