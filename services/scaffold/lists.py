"""How the records of a table are listed: filters, orders, expansions of references, and lists of what refers to one."""

import re
from collections.abc import Sequence

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType
from services.scaffold.plan import PARAMETERS, Reference, TablePlan


@frozen
class Child:
    """A list of the records of `table` that refer by `field` to one record of another."""

    path: str
    """What follows that record's own path: `memberships` in `/teams/:id/memberships`."""
    table: str
    field: str


def children(parent: TablePlan, tables: Sequence[TablePlan]) -> tuple[Child, ...]:
    """Return the lists of what refers to a record of `parent`, one for each field by which a table does so."""
    lists: list[Child] = []
    for table in tables:
        fields = [reference.field for reference in table.references if reference.table == parent.name]
        listed = [] if table.is_made else [field for field in fields if field in table.indexed]
        route = table.names.route
        lists += [Child(route if len(fields) == 1 else f"{route}_by_{field}", table.name, field) for field in listed]
    return tuple(lists)


def expansion(table: TablePlan, reference: Reference) -> str:
    """Return the member that has the record that is referred to: `team` for `teamId`."""
    names = {field.name for field in table.fields} | {table.created, table.updated}
    stems = [_stem(other.field) for other in table.references]
    stem = _stem(reference.field)
    return stem if stem not in names and stems.count(stem) == 1 else f"{reference.field}Record"


def filterable(table: TablePlan) -> list[Field]:
    """Return the fields that lists are filtered by: those of indexes and unique values, and the timestamps."""
    named = [*table.indexed, *(name for pair in table.pairs for name in (pair.field, pair.range))]
    named += [name for names in table.unique for name in names]
    free = [name for name in dict.fromkeys(named) if name not in PARAMETERS]
    fields = [table.field(name) for name in free]
    moments = [Field(name=name, type=FieldType.DATETIME) for name in (table.created, table.updated)]
    return [
        *(field for field in fields if field.name not in table.secrecy and field.type is not FieldType.JSON),
        *moments,
    ]


def sortable(table: TablePlan) -> list[str]:
    """Return the fields that lists are sorted by: the time of creation, and the second one of an index over two."""
    return list(dict.fromkeys([table.created, *(pair.range for pair in table.pairs)]))


def _stem(field: str) -> str:
    return re.sub("_?[iI][dD]$", "", field) or field
