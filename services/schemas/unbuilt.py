"""What a schema may say and no backend does yet: it is refused, or left out of what a model says, and never ignored."""

from collections.abc import Iterator
from dataclasses import field
from typing import Final

from msgspec.structs import replace

from services.core.errors import Fault
from services.core.frozen import frozen
from services.designs.bounds import MAX_STRING
from services.designs.schema import Field, Index, OnDelete, Relationship, RelationshipType, SchemaModel, Table
from services.scaffold.names import reference_to
from services.scaffold.plan import (
    MOST_INDEXES,
    PARAMETERS,
    UNORDERED,
    Reference,
    TablePlan,
    plan_tables,
)
from services.scaffold.relations import UNFIT_FOR_KEYS
from services.scaffold.validation import LONGEST_KEY, fits_index

_ON_DELETE: Final = "onDelete"


@frozen
class _Backend:
    """What a backend for a schema would have."""

    tables: dict[str, TablePlan]
    said: dict[tuple[str, str], OnDelete] = field(default_factory=dict[tuple[str, str], OnDelete])
    """What was said first of a table's field."""

    def references(self, child: str, parent: str) -> list[Reference]:
        return [reference for reference in self.tables[child].references if reference.table == parent]


def unbuilt(schema: SchemaModel) -> list[Fault]:
    """Return what nothing builds of a schema that `validate` has no fault with, each with the path of the place."""
    backend = _Backend({table.name: table for table in plan_tables(schema)})
    faults = [*_defaults(backend, schema), *_indexes(backend, schema)]
    for number, relationship in enumerate(schema.relationships):
        faults += _relationship(backend, relationship, ("relationships", str(number)))
    return faults


def without_unbuilt(schema: SchemaModel) -> tuple[SchemaModel, list[Fault]]:
    """Return a schema without what nothing builds, and what that was."""
    faults = unbuilt(schema)
    if not faults:
        return schema, []
    at = {fault.field for fault in faults}
    plans = {plan.name: plan for plan in plan_tables(schema)}
    tables = tuple(
        replace(
            table,
            fields=tuple(
                replace(column, default_value=None)
                if ("tables", str(number), "fields", str(nth), "defaultValue") in at
                else column
                for nth, column in enumerate(table.fields)
            ),
            indexes=tuple(_built(plans[table.name], table)),
        )
        for number, table in enumerate(schema.tables)
    )
    relationships = tuple(
        replace(relationship, on_delete=None) if ("relationships", str(number), _ON_DELETE) in at else relationship
        for number, relationship in enumerate(schema.relationships)
        if not {("relationships", str(number)), ("relationships", str(number), "type")} & at
    )
    return replace(schema, tables=tables, relationships=relationships), faults


def _defaults(backend: _Backend, schema: SchemaModel) -> Iterator[Fault]:
    for number, table in enumerate(schema.tables):
        for nth, column in enumerate(table.fields):
            if why := _why_no_default(backend.tables[table.name], column):
                yield Fault(why, ("tables", str(number), "fields", str(nth), "defaultValue"))


def _why_no_default(plan: TablePlan, column: Field) -> str | None:
    if column.default_value is None:
        return None
    if column.primary_key:
        return f"The primary key '{column.name}' of '{plan.name}' has a default: no two rows can have it."
    if not fits_index(plan, column, column.default_value):
        name = f"'{column.name}' of '{plan.name}'"
        return f"{name} is in an index, so its default has 1 to {LONGEST_KEY} characters: DynamoDB takes no others."
    return None


def _indexes(backend: _Backend, schema: SchemaModel) -> Iterator[Fault]:
    for number, table in enumerate(schema.tables):
        for nth, index in enumerate(table.indexes):
            plan = backend.tables[table.name]
            if not _is_built(plan, index):
                message = f"The index '{index.name}' of '{table.name}' is not built: {_why_unbuilt(plan, index)}"
                yield Fault(message, ("tables", str(number), "indexes", str(nth), "fields"))


def _built(plan: TablePlan, table: Table) -> Iterator[Index]:
    """Yield what is built of a table's indexes: of one that says too much its first fields."""
    for index in table.indexes:
        parts = [replace(index, fields=index.fields[:length], unique=False) for length in (2, 1)]
        yield from [candidate for candidate in (index, *parts) if _is_built(plan, candidate)][:1]


def _is_built(plan: TablePlan, index: Index) -> bool:
    if index.unique:
        return tuple(dict.fromkeys(index.fields)) in plan.unique
    if any(_is_long(plan, name) for name in index.fields):
        return False
    first, *rest = index.fields
    is_pair = any([pair.field, pair.range] == [first, *rest] for pair in plan.pairs)
    return is_pair or (first in plan.indexed and rest in ([], [plan.created]))


def _is_long(plan: TablePlan, name: str) -> bool:
    """Whether a field may have more text than rows can be found by."""
    rules = next((field.rules for field in plan.fields if field.name == name), None)
    return rules is not None and (rules.max_length or 0) > MAX_STRING


def _why_unbuilt(plan: TablePlan, index: Index) -> str:
    """Return why a backend has nothing for an index, or not all that it says."""
    first, own = index.fields[0], [name for name in index.fields if name in {plan.created, plan.updated}]
    if set(index.fields) == {plan.key.name}:
        return "a primary key is unique, and rows are found by it, without one."
    if index.unique or first in own:
        return f"'{own[0]}' is set by the backend, which keeps no index over it."
    if first in PARAMETERS | {plan.key.name} or plan.field(first).type in UNFIT_FOR_KEYS:
        return f"rows are not listed by '{first}', a {plan.field(first).type.value}."
    if long := next((name for name in index.fields if _is_long(plan, name)), None):
        return f"rows are found by at most {MAX_STRING} characters, and '{long}' may have more by its maxLength."
    if first not in plan.indexed or len(plan.indexed) + len(plan.pairs) == MOST_INDEXES:
        return f"a table has at most {MOST_INDEXES} of them; references and composite ones count, too."
    unfit = {*PARAMETERS, *own, *(field.name for field in plan.fields if field.type in UNORDERED)}
    is_ordered = index.fields[1] not in unfit
    return "it is over more than two fields." if is_ordered else f"rows are not ordered by '{index.fields[1]}'."


def _relationship(backend: _Backend, relationship: Relationship, at: tuple[str, ...]) -> Iterator[Fault]:
    parent, child, on_delete = relationship.from_table, relationship.to_table, relationship.on_delete
    references = [one for one in backend.references(child, parent) if relationship.field in {None, one.field}]
    joined = relationship.type is RelationshipType.MANY_TO_MANY
    if not joined and not references:
        name = relationship.field or reference_to(parent)
        yield Fault(f"'{name}' of '{child}' cannot refer to '{parent}': it is not of its key's type.", (*at, "type"))
    elif joined and all(side.table != child for side in backend.tables[parent].links):
        name = relationship.through or ""
        yield Fault(
            f"'{name}' cannot refer to both '{parent}' and '{child}': a field is not of a key's type.", (*at, "type")
        )
    elif not joined and on_delete is not None:
        yield from _on_delete(backend, child, references[0], on_delete, (*at, _ON_DELETE))


def _on_delete(
    backend: _Backend, child: str, reference: Reference, on_delete: OnDelete, at: tuple[str, ...]
) -> Iterator[Fault]:
    if backend.said.setdefault((child, reference.field), on_delete) is not on_delete:
        yield Fault(f"onDelete of '{child}.{reference.field}' was said differently before.", at)
    if on_delete is OnDelete.SET_NULL and not reference.nullable:
        yield Fault(f"SET_NULL needs a field that may be null, and '{reference.field}' may not.", at)
