"""Whether the relationships of a schema hold together: their tables, the fields that refer, the tables of links."""

from collections.abc import Iterator, Mapping

from services.core.errors import Fault
from services.designs.names import NAME, NAME_RULE, RESERVED, RESERVED_TABLES, shown
from services.designs.rules import Place
from services.designs.schema import (
    Field,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)


def relationship_faults(schema: SchemaModel) -> Iterator[Fault]:
    """Yield what is wrong with the relationships, each at its place."""
    tables = {table.name: table for table in schema.tables}
    taken: set[tuple[str, str]] = set()
    said: set[tuple[str, str, RelationshipType, str | None, str | None]] = set()
    for number, relation in enumerate(schema.relationships):
        at = ("relationships", str(number))
        missing = list(_ends(tables, relation, at))
        yield from missing
        if missing:
            continue
        yield from _many_to_many(tables, relation, at)
        yield from _field(tables, relation, at)
        same = (relation.from_table, relation.to_table, relation.type, relation.field, relation.through)
        place = (relation.to_table, (relation.field or "").lower())
        if same in said:
            yield Fault(f"The relationship of '{relation.from_table}' and '{relation.to_table}' is there twice.", at)
        elif relation.field is not None and place in taken:
            message = f"Another relationship has the field '{relation.field}' of '{relation.to_table}': name another."
            yield Fault(message, (*at, "field"))
        said.add(same)
        taken.add(place)


def _ends(tables: Mapping[str, Table], relation: Relationship, at: Place) -> Iterator[Fault]:
    for key, name in (("fromTable", relation.from_table), ("toTable", relation.to_table)):
        if name not in tables:
            yield Fault(f"A relationship names the table '{shown(name)}', which does not exist.", (*at, key))


def _many_to_many(tables: Mapping[str, Table], relation: Relationship, at: Place) -> Iterator[Fault]:
    if relation.type is not RelationshipType.MANY_TO_MANY:
        if relation.through is not None:
            yield Fault(f"through is for MANY_TO_MANY: leave it out of {relation.type.value}.", (*at, "through"))
        return
    if relation.field is not None:
        message = "MANY_TO_MANY has no field: name the table of links in through, or leave both out to have one made."
        yield Fault(message, (*at, "field"))
    if relation.on_delete is OnDelete.SET_NULL:
        yield Fault("A link to nothing is none: of MANY_TO_MANY, onDelete is CASCADE or RESTRICT.", (*at, "onDelete"))
    if relation.through is not None:
        yield from _through(tables, relation, relation.through, at)


def _through(tables: Mapping[str, Table], relation: Relationship, through: str, at: Place) -> Iterator[Fault]:
    where = (*at, "through")
    if relation.on_delete is not None:
        message = f"Say onDelete of the relationships with '{shown(through)}', which has the links, and not here."
        yield Fault(message, (*at, "onDelete"))
    if through in {relation.from_table, relation.to_table}:
        yield Fault(f"'{through}' cannot have the links, since its rows are what they link.", where)
    elif through not in tables and (not NAME.fullmatch(through) or through.lower() in RESERVED_TABLES):
        yield Fault(f"'{shown(through)}' cannot name a table of links: a name {NAME_RULE}.", where)
    elif through not in tables and (other := next((name for name in tables if name.lower() == through.lower()), None)):
        yield Fault(f"There is the table '{other}', so none can be made that is called '{through}'.", where)


def _field(tables: Mapping[str, Table], relation: Relationship, at: Place) -> Iterator[Fault]:
    if relation.field is None or relation.type is RelationshipType.MANY_TO_MANY:
        return
    child, name = tables[relation.to_table], relation.field
    field = next((each for each in child.fields if each.name == name), None)
    if field is not None:
        yield from _declared(tables[relation.from_table], child, field, relation, at)
    elif not NAME.fullmatch(name) or name.lower() in RESERVED:
        yield Fault(f"'{shown(name)}' cannot name a field: a name {NAME_RULE}.", (*at, "field"))
    elif other := next((each.name for each in child.fields if each.name.lower() == name.lower()), None):
        message = f"'{child.name}' has the field '{other}', so none can be made that is called '{name}'."
        yield Fault(message, (*at, "field"))


def _declared(parent: Table, child: Table, field: Field, relation: Relationship, at: Place) -> Iterator[Fault]:
    """Yield what keeps a field from referring to rows of the parent."""
    where, name = (*at, "field"), f"'{child.name}.{field.name}'"
    key = next((each for each in parent.fields if each.primary_key), None)
    if key is not None and field.type is not key.type:
        kind = key.type.value
        message = (
            f"{name} refers to '{parent.name}.{key.name}', a {kind}, so it is a {kind} too, not a {field.type.value}."
        )
        yield Fault(message, where)
    if field.secrecy is not None:
        yield Fault(f"{name} is {field.secrecy.value}, so it cannot refer to anything.", where)
    if field.primary_key and parent.name == child.name:
        yield Fault(f"{name} is the primary key: a row that refers to itself says nothing.", where)
    elif field.primary_key and relation.type is RelationshipType.ONE_TO_MANY:
        yield Fault(f"{name} is a primary key, so there is one row of it for each: ONE_TO_ONE.", (*at, "type"))
    if relation.on_delete is OnDelete.SET_NULL and not field.nullable:
        yield Fault(f"SET_NULL needs a field that may be null, and {name} may not.", (*at, "onDelete"))
