"""What a schema may say and no backend does yet: it is refused, or left out of what a model says, and never ignored."""

from collections.abc import Iterator
from dataclasses import field
from typing import Final

from msgspec.structs import replace

from services.core.errors import Fault
from services.core.frozen import frozen
from services.designs.schema import Index, OnDelete, Relationship, RelationshipType, SchemaModel, Table
from services.scaffold.names import reference_to
from services.scaffold.plan import (
    MOST_INDEXES,
    PARAMETERS,
    UNFIT_FOR_KEYS,
    Reference,
    TablePlan,
    plan_tables,
)

_ON_DELETE: Final = "onDelete"


@frozen
class _Backend:
    """What a backend for a schema would have."""

    tables: dict[str, TablePlan]
    said: dict[frozenset[str], OnDelete] = field(default_factory=dict[frozenset[str], OnDelete])
    """What was said of two tables first."""

    def references(self, child: str, parent: str) -> list[Reference]:
        return [reference for reference in self.tables[child].references if reference.table == parent]

    def unique(self, child: str, parent: str) -> list[Reference]:
        """Return references of which there is one for each row that they refer to."""
        table = self.tables[child]
        alone = {names[0] for names in table.unique if len(names) == 1} | {table.key.name}
        return [reference for reference in self.references(child, parent) if reference.field in alone]

    def joins(self, first: str, second: str) -> bool:
        """Tell whether a table of its own refers to both."""
        between = [table for table in self.tables if table not in {first, second}]
        if first == second:
            return any(len(self.references(table, first)) > 1 for table in between)
        return any(self.references(table, first) and self.references(table, second) for table in between)


def unbuilt(schema: SchemaModel) -> list[Fault]:
    """Return what nothing builds of a schema that `validate` has no fault with, each with the path of the place."""
    backend = _Backend({table.name: table for table in plan_tables(schema)})
    faults = [*_keys(schema), *_indexes(backend, schema)]
    for number, relationship in enumerate(schema.relationships):
        faults += _relationship(backend, relationship, ("relationships", str(number)))
    return faults


def without_unbuilt(schema: SchemaModel) -> tuple[SchemaModel, list[Fault]]:
    """Return a schema without what nothing builds, and what that was."""
    faults = unbuilt(schema)
    if not faults:
        return schema, []
    at = {fault.field for fault in faults}
    plans = plan_tables(schema)
    tables = tuple(
        replace(
            table,
            fields=tuple(
                replace(column, default_value=None) if column.primary_key else column for column in table.fields
            ),
            indexes=tuple(_built(plan, table)),
        )
        for plan, table in zip(plans, schema.tables, strict=True)
    )
    relationships = tuple(
        replace(relationship, on_delete=None) if ("relationships", str(number), _ON_DELETE) in at else relationship
        for number, relationship in enumerate(schema.relationships)
        if not {("relationships", str(number)), ("relationships", str(number), "type")} & at
    )
    return replace(schema, tables=tables, relationships=relationships), faults


def _keys(schema: SchemaModel) -> Iterator[Fault]:
    for number, table in enumerate(schema.tables):
        for nth, column in enumerate(table.fields):
            if column.primary_key and column.default_value is not None:
                message = f"The primary key '{column.name}' of '{table.name}' has a default: no two rows can have it."
                yield Fault(message, ("tables", str(number), "fields", str(nth), "defaultValue"))


def _indexes(backend: _Backend, schema: SchemaModel) -> Iterator[Fault]:
    for number, table in enumerate(schema.tables):
        for nth, index in enumerate(table.indexes):
            if (why := _why_unbuilt(backend.tables[table.name], index)) is not None:
                message = f"The index '{index.name}' of '{table.name}' is not built: {why}"
                yield Fault(message, ("tables", str(number), "indexes", str(nth), "fields"))


def _built(plan: TablePlan, table: Table) -> Iterator[Index]:
    """Yield what is built of a table's indexes: of one that says too much its first field."""
    for index in table.indexes:
        part = replace(index, fields=index.fields[:1], unique=False)
        yield from [candidate for candidate in (index, part) if _is_built(plan, candidate)][:1]


def _is_built(plan: TablePlan, index: Index) -> bool:
    if index.unique:
        return tuple(dict.fromkeys(index.fields)) in plan.unique
    return index.fields[0] in plan.indexed and index.fields[1:] in {(), (plan.created,)}


def _why_unbuilt(plan: TablePlan, index: Index) -> str | None:
    """Return why a backend has nothing for an index, or not all that it says; None where it has."""
    if _is_built(plan, index):
        return None
    first, own = index.fields[0], [name for name in index.fields if name in {plan.created, plan.updated}]
    if set(index.fields) == {plan.key.name}:
        return "a primary key is unique, and rows are found by it, without one."
    if index.unique or first in own:
        return f"'{own[0]}' is set by the backend, which keeps no index over it."
    if first in PARAMETERS | {plan.key.name} or plan.field(first).type in UNFIT_FOR_KEYS:
        return f"rows are not listed by '{first}', a {plan.field(first).type.value}."
    if first not in plan.indexed:
        return f"a table has at most {MOST_INDEXES} fields that rows are listed by, references among them."
    return f"one that is not unique is over one field, or over one and '{plan.created}'."


def _relationship(backend: _Backend, relationship: Relationship, at: tuple[str, ...]) -> Iterator[Fault]:
    parent, child, on_delete = relationship.from_table, relationship.to_table, relationship.on_delete
    if missing := _missing(backend, relationship):
        yield Fault(missing, (*at, "type"))
        return
    if on_delete is None:
        return
    where, joined = (*at, _ON_DELETE), relationship.type is RelationshipType.MANY_TO_MANY
    if joined:
        yield Fault("Say onDelete of the relationships with the table between the two, not of MANY_TO_MANY.", where)
        return
    if backend.said.setdefault(frozenset({parent, child}), on_delete) is not on_delete:
        yield Fault(f"onDelete of '{parent}' and '{child}' was said differently before.", where)
    references = [*backend.references(child, parent), *backend.references(parent, child)]
    if on_delete is OnDelete.SET_NULL and not all(reference.nullable for reference in references):
        name = next(reference.field for reference in references if not reference.nullable)
        yield Fault(f"SET_NULL needs a field that may be null, and '{name}' may not.", where)


def _missing(backend: _Backend, relationship: Relationship) -> str | None:
    """Return what a schema lacks for a relationship to be built."""
    parent, child = relationship.from_table, relationship.to_table
    name = reference_to(parent)
    match relationship.type:
        case RelationshipType.MANY_TO_MANY:
            if not backend.joins(parent, child):
                return (
                    f"MANY_TO_MANY is not built by itself: add a table between '{parent}' and '{child}' with a field "
                    f"for each, such as '{name}' and '{reference_to(child)}'."
                )
        case RelationshipType.ONE_TO_ONE:
            if not backend.unique(child, parent) and not backend.unique(parent, child):
                return f"ONE_TO_ONE needs a unique field that refers to the other table, such as '{name}' in '{child}'."
        case RelationshipType.ONE_TO_MANY:
            if not backend.references(child, parent):
                return (
                    f"ONE_TO_MANY needs a field in '{child}' for the key of '{parent}', of its type, such as '{name}'."
                )
    return None
