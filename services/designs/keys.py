"""Fields that hold the key of a row of another table, as those for a row's owner and its team do."""

from collections.abc import Iterator, Sequence

from services.core.errors import Fault
from services.core.frozen import frozen
from services.designs.names import shown
from services.designs.rules import Place
from services.designs.schema import Field, FieldType, Relationship, SchemaModel, Table


@frozen
class Holder:
    """What a field is to hold: what that is called, the type of its key, and its table where the schema has it."""

    what: str
    kind: FieldType | None
    table: Table | None = None


def of_rows(what: str, table: Table | None) -> Holder:
    """Return what a field holds that refers to rows of a table; without one, to users whom only tokens know."""
    return Holder(what, FieldType.STRING if table is None else key_type(table), table)


def key_type(table: Table) -> FieldType | None:
    """Return the type of a table's primary key; None where it has none, which is a fault of its own."""
    return next((field.type for field in table.fields if field.primary_key), None)


def field_of(table: Table, name: str | None) -> Field | None:
    return next((field for field in table.fields if field.name == name), None)


def relations_of(schema: SchemaModel, table: Table, name: str) -> Sequence[Relationship]:
    """Return the relationships that name a field of a table as theirs."""
    return [each for each in schema.relationships if each.to_table == table.name and each.field == name]


def holder_faults(schema: SchemaModel, table: Table, name: str, holder: Holder, at: Place) -> Iterator[Fault]:
    """Yield why a field of a table cannot hold such a key."""
    field = field_of(table, name)
    whose = f"The {holder.what} of '{table.name}'"
    if field is None:
        yield Fault(f"{whose} is '{shown(name)}', which is no field of it.", at)
        return
    if holder.kind is not None and field.type is not holder.kind:
        yield Fault(f"{whose}, '{name}', is a {field.type.value}; it has to be a {holder.kind.value}.", at)
    if field.secrecy is not None:
        yield Fault(f"{whose}, '{name}', is a secret, so nothing can be found by it.", at)
    parents = {relation.from_table for relation in relations_of(schema, table, name)}
    if holder.table is not None and parents and holder.table.name not in parents and not field.primary_key:
        yield Fault(f"{whose}, '{name}', refers to '{min(parents)}', not to '{holder.table.name}'.", at)
