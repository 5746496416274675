"""Whether a row can be written at once with what keeps its references and unique values right.

DynamoDB writes or checks at most 100 items in one transaction:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Iterable, Iterator
from typing import Final

from services.core.errors import Fault
from services.core.frozen import frozen
from services.designs.names import shown
from services.designs.schema import FieldAccess, Relationship, RelationshipType, SchemaModel, Table

MOST_ITEMS: Final = 100


def write_faults(schema: SchemaModel) -> Iterator[Fault]:
    """Yield the tables a row of which would take more items than can be written at once."""
    writes = {table.name: _write(schema, table) for table in schema.tables}
    for number, table in enumerate(schema.tables):
        write, teams = writes[table.name], schema.teams
        creation, change = write.items_to_create, write.items_to_change
        if teams is not None and table.name == teams.table and teams.memberships in writes:
            creation += writes[teams.memberships].items_to_create - 2  # of its maker: no note, no check of the team
        if teams is not None and table.name == teams.memberships:
            change += 1  # the membership of another owner, whom the team keeps
        items = max(creation, change)
        if items > MOST_ITEMS:
            message = (
                f"One row of '{shown(table.name)}', with what it refers to and its unique values, would take {items}"
                f" items of the database, which writes at most {MOST_ITEMS} at once: give it fewer relationships, or"
                " fewer unique fields."
            )
            yield Fault(message, ("tables", str(number)))


@frozen
class _Write:
    """How many references and unique values a row has, and how many of them may change."""

    references: int
    unique: int
    changing_references: int
    changing_unique: int

    @property
    def items_to_create(self) -> int:
        """The row, and a note for its Idempotency-Key; the item of each reference, and the check of what it leads to; a
        claim for each unique value.
        """
        return 2 + 2 * self.references + self.unique

    @property
    def items_to_change(self) -> int:
        """As to create it, and what was before is taken back."""
        return 1 + 3 * self.changing_references + 2 * self.changing_unique


def _write(schema: SchemaModel, table: Table) -> _Write:
    fixed = {field.name for field in table.fields if field.primary_key or field.access is FieldAccess.IMMUTABLE}
    references = list(_references(schema, table))
    unique = set(_unique(schema, table))
    return _Write(
        references=len(references),
        unique=len(unique),
        changing_references=sum(name not in fixed for name in references),
        changing_unique=sum(not fixed.issuperset(names) for names in unique),
    )


def _references(schema: SchemaModel, table: Table) -> Iterator[str | None]:
    """Yield the field of each reference of a table; None where it is made."""
    declared = [
        relationship
        for relationship in schema.relationships
        if relationship.to_table == table.name and relationship.type is not RelationshipType.MANY_TO_MANY
    ]
    yield from (relationship.field for relationship in declared)
    for relationship in schema.relationships:
        if relationship.through == table.name:
            yield from (None for _ in _sides_to_make(relationship, declared))


def _sides_to_make(relationship: Relationship, declared: Iterable[Relationship]) -> list[str]:
    parents = [other.from_table for other in declared]
    sides = [relationship.from_table, relationship.to_table]
    return [side for number, side in enumerate(sides) if parents.count(side) <= sides[:number].count(side)]


def _unique(schema: SchemaModel, table: Table) -> Iterator[frozenset[str]]:
    """Yield the fields that no two rows have the same values of."""
    yield from (frozenset({field.name}) for field in table.fields if field.unique and not field.primary_key)
    yield from (frozenset(index.fields) for index in table.indexes if index.unique)
    for relationship in schema.relationships:
        if relationship.to_table == table.name and relationship.type is RelationshipType.ONE_TO_ONE:
            yield frozenset({relationship.field or f"of {relationship.from_table}"})
