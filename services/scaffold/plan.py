"""What the scaffold decides about a schema's backend before writing it: keys, references, indexes.

A schema says less than a backend needs and may ask for what DynamoDB lacks. Decided here:
- A reference is a field named for another table (`userId`, `user_id`, `authorUserId`), of the type of its primary key.
- References that a record cannot do without and that form a cycle would keep every first record from being created; the
  one that closes the cycle is stored but not checked.
- `createdAt` and `updatedAt` (or `created_at` and `updated_at`) are set by the backend, declared or not. One that is
  declared as something that can't hold a moment's text, or as unique, is a field like others, and the backend's own has
  another name.
- A primary key must be text or a number to DynamoDB; one of another type is kept as text.
"""

import re
from collections.abc import Sequence

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType, OnDelete, SchemaModel, Table
from services.scaffold.names import TableNames, name_tables, words_of
from services.scaffold.plurals import singular

MOST_INDEXES = 19
"""Of DynamoDB's quota of 20 global secondary indexes a table one is for listing all records."""

_MOMENTS = frozenset({FieldType.DATETIME, FieldType.STRING, FieldType.TEXT})
"""What can hold a moment's text."""

NUMBERS = frozenset({FieldType.INTEGER, FieldType.FLOAT})
UNFIT_FOR_KEYS = frozenset({FieldType.BOOLEAN, FieldType.JSON})
PARAMETERS = frozenset({"limit", "cursor"})
"""What these mean in the query string of a list is taken."""
_GENERATED = re.compile(r"(?:^(?:id|uuid|pk|key)|Id|_id|ID)$")


@frozen
class Reference:
    field: str
    table: str
    key: str
    nullable: bool
    on_delete: OnDelete


@frozen
class TablePlan:
    """A table of the backend. `fields` are those that the schema declares, without the timestamps."""

    name: str
    names: TableNames
    key: Field
    generates_keys: bool
    fields: tuple[Field, ...]
    created: str
    updated: str
    unique: tuple[tuple[str, ...], ...]
    indexed: tuple[str, ...]
    references: tuple[Reference, ...]

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def plan_tables(schema: SchemaModel) -> tuple[TablePlan, ...]:
    """Plan every table of a valid schema, in its order."""
    keys = {table.name: _primary_key(table) for table in schema.tables}
    names = name_tables(list(keys))
    references = _without_cycles({table.name: _references(table, schema, keys) for table in schema.tables})
    return tuple(_plan(table, keys[table.name], names[table.name], references[table.name]) for table in schema.tables)


def _plan(table: Table, key: Field, names: TableNames, references: tuple[Reference, ...]) -> TablePlan:
    created, updated = _timestamp(table, "created"), _timestamp(table, "updated")
    fields = tuple(
        key if field.name == key.name else field for field in table.fields if field.name not in {created, updated}
    )
    if key not in fields:
        fields = (key, *fields)
    refers = any(reference.field == key.name for reference in references)
    return TablePlan(
        name=table.name,
        names=names,
        key=key,
        generates_keys=_GENERATED.search(key.name) is not None and not refers and _is_generable(key),
        fields=fields,
        created=created,
        updated=updated,
        unique=_unique(table, fields, key),
        indexed=_indexed(table, fields, key, references),
        references=references,
    )


def _primary_key(table: Table) -> Field:
    declared = [field for field in table.fields if field.primary_key]
    named = [field for field in table.fields if field.name == "id"]
    key = (declared or named or [Field(name="id", type=FieldType.STRING)])[0]
    kind = FieldType.STRING if key.type in UNFIT_FOR_KEYS else key.type
    return Field(name=key.name, type=kind, primary_key=True)


def _is_generable(key: Field) -> bool:
    return key.type in {FieldType.STRING, FieldType.TEXT, FieldType.INTEGER}


def _timestamp(table: Table, verb: str) -> str:
    key = _primary_key(table).name
    snake, camel = f"{verb}_at", f"{verb}At"
    declared = {field.name: field for field in table.fields}
    for name in (snake, camel):
        if name != key and name in declared and _is_timestamp(declared[name]):
            return name
    return camel if camel != key and camel not in declared else f"_{camel}"


def _is_timestamp(field: Field) -> bool:
    return field.type in _MOMENTS and not field.unique and field.default_value is None


def _unique(table: Table, fields: Sequence[Field], key: Field) -> tuple[tuple[str, ...], ...]:
    present = {field.name for field in fields}
    sets = [(field.name,) for field in fields if field.unique]
    sets += [tuple(dict.fromkeys(index.fields)) for index in table.indexes if index.unique]
    return tuple(dict.fromkeys(names for names in sets if present.issuperset(names) and names != (key.name,)))


def _indexed(table: Table, fields: Sequence[Field], key: Field, references: Sequence[Reference]) -> tuple[str, ...]:
    """Fields to list by, newest first: references, then the first field of each index."""
    fit = {field.name for field in fields if field.type not in UNFIT_FOR_KEYS} - PARAMETERS
    wanted = [reference.field for reference in references]
    wanted += [index.fields[0] for index in table.indexes if index.fields and index.fields[0] != key.name]
    return tuple(dict.fromkeys(name for name in wanted if name in fit))[:MOST_INDEXES]


def _references(table: Table, schema: SchemaModel, keys: dict[str, Field]) -> tuple[Reference, ...]:
    references: list[Reference] = []
    for field in table.fields:
        target = _target(field.name, keys)
        if target is None or (field.primary_key and target == table.name) or not _fits(field, keys[target]):
            continue
        on_delete = _on_delete(schema, target, table.name)
        if on_delete is OnDelete.SET_NULL and not field.nullable:
            on_delete = OnDelete.RESTRICT
        references.append(Reference(field.name, target, keys[target].name, field.nullable, on_delete))
    return tuple(references)


def _target(field: str, keys: dict[str, Field]) -> str | None:
    """Find the table that a field is named for: all its words before `id`, or as many of the last as name one."""
    words = [word.lower() for word in words_of(field)]
    if len(words) < 2 or words.pop() != "id":  # noqa: PLR2004 - a name and `id`
        return None
    tables = {_squeezed(singular(name.lower())): name for name in reversed(keys)} | {
        _squeezed(name): name for name in keys
    }
    return next((tables["".join(words[i:])] for i in range(len(words)) if "".join(words[i:]) in tables), None)


def _squeezed(name: str) -> str:
    return name.replace("_", "").lower()


def _fits(field: Field, key: Field) -> bool:
    return field.type not in UNFIT_FOR_KEYS and (field.type in NUMBERS) == (key.type in NUMBERS)


def _on_delete(schema: SchemaModel, parent: str, child: str) -> OnDelete:
    pairs = {(parent, child), (child, parent)}
    stated = (
        relationship.on_delete
        for relationship in schema.relationships
        if (relationship.from_table, relationship.to_table) in pairs and relationship.on_delete is not None
    )
    return next(stated, OnDelete.RESTRICT)


def _without_cycles(references: dict[str, tuple[Reference, ...]]) -> dict[str, tuple[Reference, ...]]:
    needs: dict[str, set[str]] = {table: set() for table in references}
    kept: dict[str, list[Reference]] = {table: [] for table in references}
    for table, targets in references.items():
        for reference in targets:
            if not reference.nullable:
                if _needs(needs, reference.table, table):
                    continue
                needs[table].add(reference.table)
            kept[table].append(reference)
    return {table: tuple(targets) for table, targets in kept.items()}


def _needs(needs: dict[str, set[str]], table: str, wanted: str) -> bool:
    """Whether a record of `table` cannot be without one of `wanted`."""
    seen: set[str] = set()
    waiting = [table]
    while waiting:
        current = waiting.pop()
        if current == wanted:
            return True
        if current not in seen:
            seen.add(current)
            waiting.extend(needs[current])
    return False
