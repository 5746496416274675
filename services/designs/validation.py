"""The rules that a schema keeps before it becomes a version of a project's schema or a backend."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.core.errors import Fault
from services.designs.accounts import account_faults, team_faults
from services.designs.bounds import MAX_BYTES, MAX_FIELDS, MAX_INDEXES, MAX_PATTERNS, MAX_RELATIONSHIPS, MAX_TABLES
from services.designs.names import INDEX_NAME, NAME, NAME_RULE, RESERVED, RESERVED_TABLES, shown
from services.designs.policies import policy_faults
from services.designs.relations import relationship_faults
from services.designs.rules import field_faults
from services.designs.schema import Field, FieldType, Index, SchemaModel, Table, encode
from services.designs.writes import write_faults

_KEY_TYPES: Final = frozenset({FieldType.STRING, FieldType.INTEGER})
_LONGEST_MESSAGE: Final = 300


def validate(schema: SchemaModel) -> list[Fault]:
    """Return every rule that the schema breaks, each with the path of the place; an empty list is a valid schema.

    Of a schema that is too large, or cannot be written as JSON at all, nothing else is judged.
    """
    faults = list(_size(schema))
    if faults:
        return faults
    if faults := list(_bounds(schema)):
        return faults
    names = [table.name for table in schema.tables]
    faults += _repeated(names, "table", ("tables",))
    for number, table in enumerate(schema.tables):
        faults += _table(table, ("tables", str(number)))
    faults += relationship_faults(schema)
    faults += write_faults(schema)
    faults += policy_faults(schema)
    if schema.accounts is not None:
        faults += account_faults(schema, schema.accounts)
    if schema.teams is not None:
        faults += team_faults(schema, schema.teams)
    return [Fault(shown(fault.message, _LONGEST_MESSAGE), fault.field) for fault in faults]


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
    rules = (field.rules for table in schema.tables for field in table.fields if field.rules is not None)
    if len({each.pattern for each in rules if each.pattern is not None}) > MAX_PATTERNS:
        yield Fault(f"The fields of a schema have at most {MAX_PATTERNS} different patterns.", ("tables",))


def _table(table: Table, at: tuple[str, ...]) -> Iterator[Fault]:
    yield from _name(table.name, "table", RESERVED_TABLES, at)
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
    yield from _name(field.name, f"field of '{table.name}'", RESERVED, at)
    yield from field_faults(table, field, at)


def _indexes(table: Table, at: tuple[str, ...]) -> Iterator[Fault]:
    if len(table.indexes) > MAX_INDEXES:
        yield Fault(f"A table has at most {MAX_INDEXES} indexes; '{table.name}' has {len(table.indexes)}.", at)
    yield from _repeated([index.name for index in table.indexes], f"index of '{table.name}'", at)
    names = {field.name for field in table.fields}
    for number, index in enumerate(table.indexes):
        yield from _index(table, index, names, (*at, str(number)))


def _index(table: Table, index: Index, names: set[str], at: tuple[str, ...]) -> Iterator[Fault]:
    if not INDEX_NAME.fullmatch(index.name):
        message = f"'{shown(index.name)}' cannot name an index: a letter, then letters, digits, '_', '.' and '-'."
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


def _name(name: str, kind: str, reserved: Iterable[str], at: tuple[str, ...]) -> Iterator[Fault]:
    if name.lower() in reserved:
        yield Fault(f"The name '{name}' is reserved; choose another for this {kind}.", (*at, "name"))
    elif not NAME.fullmatch(name):
        yield Fault(f"'{shown(name)}' cannot name a {kind}: a name {NAME_RULE}.", (*at, "name"))


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
