"""The rules that a schema keeps before it becomes a version of a project's schema or a backend."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, cast

from services.core.clock import MOMENT
from services.core.errors import Fault
from services.core.text import is_storable
from services.designs.schema import Field, FieldType, Index, SchemaModel, Table, encode
from services.foundation.aws.items import NUMBERS, is_storable_number

MAX_TABLES: Final = 50
MAX_FIELDS: Final = 100
"""In a table."""
MAX_INDEXES: Final = 20
"""In a table."""
MAX_RELATIONSHIPS: Final = 200
MAX_LEVELS: Final = 24
"""Values within values of a default. DynamoDB has 32 levels, of which a schema around them takes five."""
MAX_BYTES: Final = 100_000
"""Of the schema's JSON."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
_INDEX_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}", re.ASCII)
_NAME_RULE: Final = "starts with a letter and holds letters, digits and underscores, at most 63 in all"
_RESERVED: Final = frozenset({"__proto__", "constructor", "prototype"})
_RESERVED_TABLES: Final = _RESERVED | {"health"}
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?")
_KEY_TYPES: Final = frozenset({FieldType.STRING, FieldType.INTEGER})
_LONGEST_MESSAGE: Final = 300
_LARGEST: Final = sys.float_info.max
_SAFE_INTEGER: Final = 2**53 - 1
"""What JavaScript holds without rounding (ECMA-262, Number.MAX_SAFE_INTEGER)."""


def validate(schema: SchemaModel) -> list[Fault]:
    """Return every rule that the schema breaks, each with the path of the place; an empty list is a valid schema.

    Of a schema that is too large, or cannot be written as JSON at all, nothing else is judged.
    """
    faults = list(_size(schema))
    if faults:
        return faults
    faults += _bounds(schema)
    names = [table.name for table in schema.tables]
    faults += _repeated(names, "table", ("tables",))
    for number, table in enumerate(schema.tables):
        faults += _table(table, ("tables", str(number)))
    faults += _relationships(schema)
    return [Fault(_shown(fault.message, _LONGEST_MESSAGE), fault.field) for fault in faults]


def _size(schema: SchemaModel) -> Iterator[Fault]:
    try:
        size = len(encode(schema))
    except (ValueError, OverflowError, TypeError, RecursionError):
        yield Fault("The schema holds a value that cannot be written as JSON.")
        return
    if size > MAX_BYTES:
        yield Fault(f"A schema takes at most {MAX_BYTES} bytes of JSON; this one takes {size}.")


def _bounds(schema: SchemaModel) -> Iterator[Fault]:
    if not schema.tables:
        yield Fault("A schema has at least one table.", ("tables",))
    if len(schema.tables) > MAX_TABLES:
        yield Fault(f"A schema has at most {MAX_TABLES} tables; this one has {len(schema.tables)}.", ("tables",))
    if len(schema.relationships) > MAX_RELATIONSHIPS:
        count = len(schema.relationships)
        yield Fault(f"A schema has at most {MAX_RELATIONSHIPS} relationships, not {count}.", ("relationships",))


def _table(table: Table, at: tuple[str, ...]) -> Iterator[Fault]:
    yield from _name(table.name, "table", _RESERVED_TABLES, at)
    if not table.fields:
        yield Fault(f"The table '{table.name}' has no fields.", (*at, "fields"))
    if len(table.fields) > MAX_FIELDS:
        yield Fault(
            f"A table has at most {MAX_FIELDS} fields; '{table.name}' has {len(table.fields)}.", (*at, "fields")
        )
    yield from _repeated([field.name for field in table.fields], f"field of '{table.name}'", (*at, "fields"))
    for number, field in enumerate(table.fields):
        yield from _field(table, field, (*at, "fields", str(number)))
    yield from _primary_key(table, (*at, "fields"))
    yield from _indexes(table, (*at, "indexes"))


def _primary_key(table: Table, at: tuple[str, ...]) -> Iterator[Fault]:
    keys = [(number, field) for number, field in enumerate(table.fields) if field.primary_key]
    if len(keys) != 1 and table.fields:
        yield Fault(f"The table '{table.name}' has {len(keys) or 'no'} primary keys; it needs exactly one.", at)
    for number, key in keys:
        if key.nullable:
            message = f"The primary key '{key.name}' of '{table.name}' cannot be nullable."
            yield Fault(message, (*at, str(number), "nullable"))
        if key.type not in _KEY_TYPES:
            message = (
                f"The primary key '{key.name}' of '{table.name}' is a STRING or an INTEGER, not a {key.type.value}."
            )
            yield Fault(message, (*at, str(number), "type"))


def _field(table: Table, field: Field, at: tuple[str, ...]) -> Iterator[Fault]:
    yield from _name(field.name, f"field of '{table.name}'", _RESERVED, at)
    if field.default_value is not None and (wrong := _flaw(field.type, field.default_value)) is not None:
        yield Fault(f"The default of '{table.name}.{field.name}' {wrong}", (*at, "defaultValue"))


def _indexes(table: Table, at: tuple[str, ...]) -> Iterator[Fault]:
    if len(table.indexes) > MAX_INDEXES:
        yield Fault(f"A table has at most {MAX_INDEXES} indexes; '{table.name}' has {len(table.indexes)}.", at)
    yield from _repeated([index.name for index in table.indexes], f"index of '{table.name}'", at)
    names = {field.name for field in table.fields}
    for number, index in enumerate(table.indexes):
        yield from _index(table, index, names, (*at, str(number)))


def _index(table: Table, index: Index, names: set[str], at: tuple[str, ...]) -> Iterator[Fault]:
    if not _INDEX_NAME.fullmatch(index.name):
        message = f"'{_shown(index.name)}' cannot name an index: a letter, then letters, digits, '_', '.' and '-'."
        yield Fault(message, (*at, "name"))
    if not index.fields:
        yield Fault(f"The index '{index.name}' of '{table.name}' has no fields.", (*at, "fields"))
    seen: set[str] = set()
    for number, name in enumerate(index.fields):
        place = (*at, "fields", str(number))
        if name not in names:
            yield Fault(f"The index '{index.name}' names '{name}', which is no field of '{table.name}'.", place)
        elif name in seen:
            yield Fault(f"The index '{index.name}' of '{table.name}' names the field '{name}' twice.", place)
        seen.add(name)


def _relationships(schema: SchemaModel) -> Iterator[Fault]:
    tables = {table.name for table in schema.tables}
    for number, relationship in enumerate(schema.relationships):
        ends = (("fromTable", relationship.from_table), ("toTable", relationship.to_table))
        for key, name in ends:
            if name not in tables:
                message = f"A relationship names the table '{_shown(name)}', which does not exist."
                yield Fault(message, ("relationships", str(number), key))


def _name(name: str, kind: str, reserved: Iterable[str], at: tuple[str, ...]) -> Iterator[Fault]:
    if name.lower() in reserved:
        yield Fault(f"The name '{name}' is reserved; choose another for this {kind}.", (*at, "name"))
    elif not _NAME.fullmatch(name):
        yield Fault(f"'{_shown(name)}' cannot name a {kind}: a name {_NAME_RULE}.", (*at, "name"))


def _repeated(names: Sequence[str], kind: str, at: tuple[str, ...]) -> Iterator[Fault]:
    """Report each name, case aside, that stands earlier in the sequence, at its later place."""
    seen = Counter[str]()
    for number, name in enumerate(names):
        key = name.lower()
        if seen[key]:
            yield Fault(
                f"The name '{name}' is used by more than one {kind}; case does not count.", (*at, str(number), "name")
            )
        seen[key] += 1


def _shown(text: str, longest: int = 80) -> str:
    """Cut a text, since a name may be anything, to what fits in a sentence."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _flaw(kind: FieldType, value: object) -> str | None:
    """Return what is wrong with a default of a field, as the end of a sentence; None where nothing is."""
    if not _is_of(kind, value):
        return f"is not a value of the type {kind.value}."
    return _flaw_of_json(value, _LARGEST if kind is FieldType.FLOAT else _SAFE_INTEGER)


def _is_of(kind: FieldType, value: object) -> bool:
    """Return whether a JSON value is one of the type. True is no number here, though Python takes it for one."""
    match kind:
        case FieldType.STRING | FieldType.TEXT:
            is_of = isinstance(value, str)
        case FieldType.INTEGER:
            is_of = isinstance(value, int) and not isinstance(value, bool)
        case FieldType.FLOAT:
            is_of = isinstance(value, int | float) and not isinstance(value, bool)
        case FieldType.DECIMAL:
            is_of = isinstance(value, str) and _DECIMAL.fullmatch(value) is not None
        case FieldType.BOOLEAN:
            is_of = isinstance(value, bool)
        case FieldType.DATE:
            is_of = isinstance(value, str) and _is_date(value)
        case FieldType.DATETIME:
            is_of = isinstance(value, str) and _is_moment(value)
        case FieldType.JSON:
            is_of = True
    return is_of


def _flaw_of_json(value: object, largest: float) -> str | None:
    """Return why a backend could not keep a JSON value as it is: JavaScript and DynamoDB hold less than JSON does.

    DynamoDB does not tell `1e20` from a whole number, so within JSON neither is beyond what JavaScript counts up to.
    """
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        part, level = waiting.pop()
        if level > MAX_LEVELS:
            return f"nests more than {MAX_LEVELS} levels deep."
        match part:
            case dict():
                members = cast("dict[str, Any]", part)
                if "__proto__" in members:
                    return "has the name '__proto__', which JavaScript does not take for one like others."
                waiting += [(inner, level + 1) for item in members.items() for inner in item]
            case list():
                waiting += [(inner, level + 1) for inner in cast("list[Any]", part)]
            case str() if not is_storable(part):
                return "has a text with NUL or half of a surrogate pair."
            case bool():
                pass
            case int() | float() if not is_storable_number(part):
                return f"has a number that the database does not hold: it takes {NUMBERS}."
            case int() | float() if abs(part) > largest:
                return "has a number beyond ±(2^53 - 1), where JavaScript rounds."
            case _:
                pass
    return None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return MOMENT.fullmatch(text) is not None and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
