"""What the scaffold decides about a schema's backend before writing it: keys, references, indexes.

A schema says less than a backend needs and may ask for what DynamoDB lacks. Decided here:
- References are what the schema's relationships declare, each with its field (`relations.py`), and nothing else.
- A reference of a ONE_TO_ONE relationship is unique.
- An index is over one field, with the newest record first, or over two: equal in the first, in the order of the second.
  DynamoDB keeps only records that have both. A unique index is a claim, of any number of fields.
- `createdAt` and `updatedAt` (or `created_at` and `updated_at`) are set by the backend, declared or not. One that is
  declared as something that can't hold a moment's text, or as unique, is a field like others, and the backend's own has
  another name.
- A primary key must be text or a number to DynamoDB; one of another type is kept as text.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count

from services.core.frozen import frozen
from services.designs.schema import (
    Field,
    FieldType,
    Index,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
)
from services.scaffold.names import TableNames, name_tables
from services.scaffold.periods import Period, periods
from services.scaffold.policies import Permissions, Setter, permissions
from services.scaffold.relations import UNFIT_FOR_KEYS, Explicit, Link, explicit, primary_key
from services.scaffold.secrecy import secrecy_of

MOST_INDEXES = 19
"""Of DynamoDB's quota of 20 global secondary indexes a table one is for listing all records."""

_MOMENTS = frozenset({FieldType.DATETIME, FieldType.STRING, FieldType.TEXT})
"""What can hold a moment's text."""

UNORDERED = UNFIT_FOR_KEYS | {FieldType.DECIMAL}
"""What no list is in the order of: the texts of decimal numbers are in another than the numbers."""

PARAMETERS = frozenset({"limit", "cursor", "sort", "expand", "count"})
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
class Pair:
    """An index over two fields: records that have a value of `field`, in the order of `range`."""

    field: str
    range: str


@frozen
class LinkSide:
    """A relationship of many to many as seen from one of its sides."""

    path: str
    """What follows a record's own path: `tags` in `/posts/:id/tags`."""
    through: str
    field: str
    """Of `through`, what refers to the record on this side."""
    table: str
    """The other side."""
    other: str
    """Of `through`, what refers to the record on the other side."""
    is_writable: bool
    """Whether two keys are all that a link needs; else links are created as records of `through`."""
    is_changed: bool
    """Whether to link is to change the record on this side; else it is to change that on the other."""


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
    """Fields to list by, newest first: references, then the first field of each index."""
    pairs: tuple[Pair, ...]
    periods: tuple[Period, ...]
    references: tuple[Reference, ...]
    links: tuple[LinkSide, ...]
    is_made: bool
    """Whether it is a table of links that the schema does not have: it has no routes of its own."""
    permissions: Permissions
    secrecy: Mapping[str, Secrecy]
    """How the fields are kept that no answer shows; no index and no claim is over one."""

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def starts_of(self, field: Field) -> list[str]:
        """Return the fields whose values that of this one is never before."""
        return [period.start for period in self.periods if period.end == field.name]


def plan_tables(schema: SchemaModel) -> tuple[TablePlan, ...]:
    """Plan every table of a valid schema, in its order, and then those that its relationships need."""
    whole = explicit(schema)
    keys = {table.name: primary_key(table) for table in whole.schema.tables}
    names = name_tables(list(keys))
    tables = {table.name: _plan(table, keys, names[table.name], whole) for table in whole.schema.tables}
    return tuple(replace(table, links=tuple(_links(table, tables, whole.links))) for table in tables.values())


def _plan(table: Table, keys: dict[str, Field], names: TableNames, whole: Explicit) -> TablePlan:
    key, references = keys[table.name], tuple(_references(table, keys, whole.schema.relationships))
    created, updated = _timestamp(table, "created"), _timestamp(table, "updated")
    fields = tuple(
        key if field.name == key.name else field for field in table.fields if field.name not in {created, updated}
    )
    if key not in fields:
        fields = (key, *fields)
    hidden = secrecy_of(fields, key=key)
    shown = tuple(field for field in fields if field.name not in hidden)
    allowed = permissions(table, whole.schema, fields=fields, key=key)
    indexed = _indexed(table, shown, key, (*allowed.indexed, *(reference.field for reference in references)))
    is_made = any(link.through == table.name and link.is_made for link in whole.links)
    is_callers = allowed.setters.get(key.name) is Setter.CALLER
    return TablePlan(
        name=table.name,
        names=names,
        key=key,
        generates_keys=not (is_made or is_callers) and _generates(key, references),
        fields=fields,
        created=created,
        updated=updated,
        unique=_unique(table, shown, key, whole.schema.relationships, allowed.unique),
        indexed=indexed,
        pairs=_pairs(table, shown, key, MOST_INDEXES - len(indexed)),
        periods=periods(fields),
        references=references,
        links=(),
        is_made=is_made,
        permissions=allowed,
        secrecy=hidden,
    )


def _generates(key: Field, references: Iterable[Reference]) -> bool:
    refers = any(reference.field == key.name for reference in references)
    return _GENERATED.search(key.name) is not None and not refers and _is_generable(key)


def _links(table: TablePlan, tables: dict[str, TablePlan], links: Iterable[Link]) -> Iterator[LinkSide]:
    children = {
        child.names.route
        for child in tables.values()
        for reference in child.references
        if reference.table == table.name
    }
    for link in links:
        through = tables[link.through]
        sides = [(link.left, link.left_field, link.right, link.right_field, True)]
        # Links that are records of the schema have a policy of their own, whatever side they are made from.
        sides.append((link.right, link.right_field, link.left, link.left_field, not link.is_made))
        for own, field, other, other_field, is_changed in sides:
            if own == table.name:
                route = _stem(other_field) if other == own else tables[other].names.route
                path = _free(route, f"{through.names.route}_{route}", children)
                children.add(path)
                is_writable = link.is_made or _is_only_a_link(through, {field, other_field})
                yield LinkSide(path, through.name, field, other, other_field, is_writable, is_changed)


def _free(name: str, longer: str, taken: Collection[str]) -> str:
    """Return the first of a name and its replacements that is not taken."""
    candidates = chain([name, longer], (f"{longer}{number}" for number in count(2)))
    return next(candidate for candidate in candidates if candidate not in taken)


def _stem(field: str) -> str:
    return re.sub("_?[iI][dD]$", "", field) or field


def _is_only_a_link(through: TablePlan, ends: set[str]) -> bool:
    """Whether a record of `through` is unique for its two ends, and made of nothing else that must be given."""
    rest = [field for field in through.fields if field.name not in {*ends, through.key.name}]
    is_unique = any(set(names) == ends for names in through.unique)
    optional = all(field.nullable or field.default_value is not None for field in rest)
    return through.generates_keys and is_unique and optional


def _is_generable(key: Field) -> bool:
    return key.type in {FieldType.STRING, FieldType.TEXT, FieldType.INTEGER}


def _timestamp(table: Table, verb: str) -> str:
    key = primary_key(table).name
    snake, camel = f"{verb}_at", f"{verb}At"
    declared = {field.name: field for field in table.fields}
    for name in (snake, camel):
        if name != key and name in declared and _is_timestamp(declared[name]):
            return name
    return camel if camel != key and camel not in declared else f"_{camel}"


def _is_timestamp(field: Field) -> bool:
    return field.type in _MOMENTS and not field.unique and field.default_value is None


def _unique(
    table: Table,
    fields: Sequence[Field],
    key: Field,
    relationships: Iterable[Relationship],
    found_by: Iterable[tuple[str, ...]],
) -> tuple[tuple[str, ...], ...]:
    present = {field.name for field in fields}
    sets = [(field.name,) for field in fields if field.unique]
    sets += [tuple(dict.fromkeys(index.fields)) for index in table.indexes if index.unique]
    sets += [
        (relationship.field or "",)
        for relationship in relationships
        if relationship.to_table == table.name and relationship.type is RelationshipType.ONE_TO_ONE
    ]
    sets += [one for one in found_by if not any(set(names) == set(one) for names in sets)]
    return tuple(dict.fromkeys(names for names in sets if present.issuperset(names) and names != (key.name,)))


def _indexed(table: Table, fields: Sequence[Field], key: Field, first: Iterable[str]) -> tuple[str, ...]:
    fit = _fit_for_keys(fields)
    wanted = [name for name in first if name != key.name]
    wanted += [index.fields[0] for index in table.indexes if index.fields and index.fields[0] != key.name]
    return tuple(dict.fromkeys(name for name in wanted if name in fit))[:MOST_INDEXES]


def _pairs(table: Table, fields: Sequence[Field], key: Field, most: int) -> tuple[Pair, ...]:
    """Return the first two fields of each index that is not unique, where they can be the keys of one."""
    fit = _fit_for_keys(fields)
    ordered = fit - {field.name for field in fields if field.type in UNORDERED}
    wanted = [Pair(*index.fields[:2]) for index in table.indexes if _is_pair(index)]
    pairs = (pair for pair in wanted if pair.field in fit - {key.name} and pair.range in ordered)
    return tuple(dict.fromkeys(pairs))[:most]


def _is_pair(index: Index) -> bool:
    return not index.unique and len(dict.fromkeys(index.fields[:2])) == 2  # noqa: PLR2004 - hash and range


def _fit_for_keys(fields: Sequence[Field]) -> set[str]:
    return {field.name for field in fields if field.type not in UNFIT_FOR_KEYS} - PARAMETERS


def _references(table: Table, keys: dict[str, Field], relationships: Iterable[Relationship]) -> Iterable[Reference]:
    fields = {field.name: field for field in table.fields}
    for relationship in relationships:
        if (
            relationship.to_table == table.name
            and relationship.field is not None
            and relationship.on_delete is not None
        ):
            parent = relationship.from_table
            nullable = fields[relationship.field].nullable
            yield Reference(relationship.field, parent, keys[parent].name, nullable, relationship.on_delete)
