"""A schema with nothing left to be inferred: each relationship names its field, and what it lacks has been made.

Decided here, since a relationship may say less than a backend needs:
- A relationship without a field takes that which is named for its parent (`userId` or `user_id` for `users`), else the
  only one whose last words are (`authorUserId`), else one is made, required unless its rows may be without a parent
  (SET_NULL, or a reference to its own table).
- MANY_TO_MANY becomes a table of links, named or made, and a relationship with it from either side.
- References that a row cannot do without and that form a cycle would keep every first row from being created, so that
  which closes a cycle may be null.
- No field refers to two tables, and none refers where its type does not fit: such a relationship adds nothing.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from services.core.frozen import frozen
from services.designs.schema import (
    Field,
    FieldAccess,
    FieldType,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.scaffold.names import reference_to, words_of
from services.scaffold.plurals import singular

NUMBERS = frozenset({FieldType.INTEGER, FieldType.FLOAT})
UNFIT_FOR_KEYS = frozenset({FieldType.BOOLEAN, FieldType.JSON})
_LONGEST_NAME = 63


@frozen
class Link:
    """A MANY_TO_MANY relationship: rows of `through` say which rows of the two sides belong together."""

    through: str
    left: str
    left_field: str
    right: str
    right_field: str
    is_made: bool
    """Whether the table of links is not one of the schema's: its rows are links and nothing else."""


@frozen
class Explicit:
    """`schema` has every table and field of the backend; each of its relationships has a field."""

    schema: SchemaModel
    links: tuple[Link, ...]


def primary_key(table: Table) -> Field:
    """Return the key of a table's rows as it is kept: text or a number; `id` where the schema declares none."""
    declared = [field for field in table.fields if field.primary_key]
    named = [field for field in table.fields if field.name == "id"]
    key = (declared or named or [Field(name="id", type=FieldType.STRING)])[0]
    kind = FieldType.STRING if key.type in UNFIT_FOR_KEYS else key.type
    return replace(key, type=kind, nullable=False, primary_key=True, unique=False, default_value=None)


def explicit(schema: SchemaModel) -> Explicit:
    """Complete a valid schema. What is complete is returned as it is."""
    work = _Work(schema)
    crossing = [one for one in schema.relationships if one.type is RelationshipType.MANY_TO_MANY]
    for relationship in schema.relationships:
        if relationship not in crossing:
            work.refer(relationship)
    for relationship in crossing:
        work.link(relationship)
    tables = _without_cycles(work.tables, work.relationships)
    complete = replace(schema, tables=tuple(tables.values()), relationships=tuple(work.relationships))
    return Explicit(complete, tuple(work.links))


class _Work:
    """The tables, relationships and links as they become complete."""

    def __init__(self, schema: SchemaModel) -> None:
        self.tables = {table.name: table for table in schema.tables}
        self.relationships: list[Relationship] = []
        self.links: list[Link] = []

    def refer(self, relationship: Relationship) -> str | None:
        """Add a relationship with its field, which is returned; None where the field can't refer to the parent."""
        parent, child = relationship.from_table, relationship.to_table
        on_delete = relationship.on_delete or OnDelete.RESTRICT
        name = relationship.field or named_for(parent, self._columns(parent, child)) or reference_to(parent)
        column = self._column(child, name) or self._make(child, name, parent, on_delete)
        taken = any(other.to_table == child and other.field == column.name for other in self.relationships)
        if taken or not _fits(column, primary_key(self.tables[parent])) or (column.primary_key and parent == child):
            return None
        if on_delete is OnDelete.SET_NULL and not column.nullable:
            on_delete = OnDelete.RESTRICT
        self.relationships.append(replace(relationship, field=column.name, on_delete=on_delete))
        return column.name

    def link(self, relationship: Relationship) -> None:
        left, right = relationship.from_table, relationship.to_table
        if relationship.through is None and any(
            link.is_made and {link.left, link.right} == {left, right} for link in self.links
        ):
            return
        name = relationship.through or self._name_of_links(left, right)
        is_made = name not in self.tables
        if is_made:
            key = Field(name="id", type=FieldType.STRING, primary_key=True)
            self.tables[name] = Table(name=name, fields=(key,))
        on_delete = relationship.on_delete or OnDelete.CASCADE
        left_field = self._side(left, name, on_delete, besides=())
        right_field = self._side(right, name, on_delete, besides=(left_field,))
        if left_field is not None and right_field is not None:
            self.links.append(Link(name, left, left_field, right, right_field, is_made))

    def _side(self, parent: str, through: str, on_delete: OnDelete, *, besides: Sequence[str | None]) -> str | None:
        """Return the field of a table of links that refers to a side, declared by a relationship or added."""
        columns = [column for column in self._columns(parent, through) if column.name not in besides]
        declared = [
            relationship.field
            for relationship in self.relationships
            if relationship.from_table == parent and relationship.to_table == through
        ]
        name = next((name for name in declared if name not in besides), None)
        if name is not None:
            return name
        own = reference_to(parent)
        made = own if own not in besides else f"other{own[0].upper()}{own[1:]}"
        relationship = Relationship(
            from_table=parent,
            to_table=through,
            type=RelationshipType.ONE_TO_MANY,
            on_delete=on_delete,
            field=named_for(parent, columns) or made,
        )
        return self.refer(relationship)

    def _columns(self, parent: str, child: str) -> list[Field]:
        """The fields of a child that may refer to a parent: its own key is none where both are one table."""
        return [field for field in self.tables[child].fields if not (field.primary_key and parent == child)]

    def _column(self, table: str, name: str) -> Field | None:
        return next((field for field in self.tables[table].fields if field.name == name), None)

    def _make(self, table: str, name: str, parent: str, on_delete: OnDelete) -> Field:
        field = Field(
            name=name,
            type=primary_key(self.tables[parent]).type,
            nullable=on_delete is OnDelete.SET_NULL or table == parent,
            access=FieldAccess.READ_WRITE,
        )
        self.tables[table] = replace(self.tables[table], fields=(*self.tables[table].fields, field))
        return field

    def _name_of_links(self, left: str, right: str) -> str:
        base = candidate = f"{singular(left)}_{right}"[: _LONGEST_NAME - 2]
        number = 1
        taken = {name.lower() for name in self.tables}
        while candidate.lower() in taken:
            number += 1
            candidate = f"{base}{number}"
        return candidate


def named_for(table: str, fields: Iterable[Field]) -> str | None:
    """Find the field that is named for a table, or the only one that ends with its name: `authorUserId` for `users`."""
    names = {_squeezed(table), _squeezed(singular(table.lower()))}
    stems = [(field.name, [word.lower() for word in words_of(field.name)]) for field in fields]
    stems = [(name, words[:-1]) for name, words in stems if len(words) > 1 and words[-1] == "id"]
    exact = [name for name, words in stems if "".join(words) in names]
    ending = [name for name, words in stems if any("".join(words[i:]) in names for i in range(1, len(words)))]
    return exact[0] if exact else ending[0] if len(ending) == 1 else None


def _squeezed(name: str) -> str:
    return name.replace("_", "").lower()


def _fits(field: Field, key: Field) -> bool:
    return field.type not in UNFIT_FOR_KEYS and (field.type in NUMBERS) == (key.type in NUMBERS)


def _without_cycles(tables: dict[str, Table], relationships: list[Relationship]) -> dict[str, Table]:
    """Let the reference that closes a cycle of required ones be null; a relationship whose key can't be is dropped."""
    needs: dict[str, set[str]] = {name: set() for name in tables}
    for relationship in sorted(relationships, key=lambda one: not _field(tables, one).primary_key):
        field = _field(tables, relationship)
        if field.nullable:
            continue
        if not _needs(needs, relationship.from_table, relationship.to_table):
            needs[relationship.to_table].add(relationship.from_table)
        elif field.primary_key:
            relationships.remove(relationship)
        else:
            tables[relationship.to_table] = _with_null(tables[relationship.to_table], field)
    return tables


def _field(tables: dict[str, Table], relationship: Relationship) -> Field:
    return next(field for field in tables[relationship.to_table].fields if field.name == relationship.field)


def _with_null(table: Table, field: Field) -> Table:
    return replace(table, fields=tuple(replace(one, nullable=True) if one == field else one for one in table.fields))


def _needs(needs: dict[str, set[str]], table: str, wanted: str) -> bool:
    """Whether a row of `table` cannot be without one of `wanted`."""
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
