"""The scaffold's way from a description to a schema: known entities, their relationships, other nouns."""

from collections.abc import Iterable, Mapping

from services.designs.schema import (
    Audience,
    Field,
    FieldType,
    Grant,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.scaffold.mentions import Mentions, read_mentions
from services.scaffold.names import reference_to
from services.scaffold.vocabulary import Entity, Parent, vocabulary

MOST_TABLES = 12
_MOST_MENTIONED = 10
"""Leaves room for the tables that join the others."""
_ENUMERATED = 3
"""A description that names so many tables itself gets only the essential ones of its domains."""

_KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
_SIGNED_IN = (Grant(audience=Audience.SIGNED_IN),)


def derive_schema(description: str) -> SchemaModel:
    """Derive a schema of 1 to 12 tables from any text; the same text gives the same schema. Never raises.

    A table comes after those that its records cannot be without.
    """
    entities = _in_order(_with_joins(_mentioned(read_mentions(description))))
    return SchemaModel(
        tables=tuple(_table(entity, entities) for entity in entities.values()),
        relationships=tuple(
            _relationship(table, entity, parent)
            for entity in entities.values()
            for table, parent in _links(entity, entities)
        ),
        default_policy=Policy(create=_SIGNED_IN, read=_SIGNED_IN, update=_SIGNED_IN, delete=_SIGNED_IN),
    )


def _mentioned(mentions: Mentions) -> dict[str, Entity]:
    """The entities that a description asks for, named or implied by its domain; `items` where it asks for none."""
    words = vocabulary()
    explicit = [words.entities[name] for name in mentions.entities] + [
        _of_noun(noun, mentions.wholes.get(noun)) for noun in mentions.nouns
    ]
    chosen = {entity.name: entity for entity in explicit}
    is_enumerated = len(chosen) >= _ENUMERATED
    for domain in mentions.domains:
        for choices, is_essential in words.domains[domain].entities:
            if (is_essential or not is_enumerated) and chosen.keys().isdisjoint(choices):
                chosen[choices[0]] = words.entities[choices[0]]
    for name in mentions.acts:
        if chosen.keys().isdisjoint(words.entities[name].unless):
            chosen.setdefault(name, words.entities[name])
    return dict(list(chosen.items())[:_MOST_MENTIONED]) or {"items": _of_noun("items")}


def _of_noun(table: str, whole: str | None = None) -> Entity:
    belongs = [(whole,)] if whole else []
    return Entity(
        name=table,
        fields=(
            Field(name="name", type=FieldType.STRING),
            Field(name="description", type=FieldType.TEXT, nullable=True),
            Field(name="status", type=FieldType.STRING, default_value="active"),
        ),
        indexed=("status",),
        parents=tuple(Parent(tables, OnDelete.SET_NULL) for tables in [*belongs, ("users",)]),
    )


def _with_joins(entities: dict[str, Entity]) -> dict[str, Entity]:
    """Add the tables that join those present, such as memberships of users and teams."""
    complete = dict(entities)
    for entity in vocabulary().entities.values():
        is_due = entity.joins and entity.joins <= entities.keys() and complete.keys().isdisjoint(entity.unless)
        if is_due and len(complete) < MOST_TABLES:
            complete.setdefault(entity.name, entity)
    return complete


def _in_order(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    ordered: dict[str, Entity] = {}

    def place(entity: Entity) -> None:
        if entity.name in ordered:
            return
        for table, parent in _links(entity, entities):
            if parent.on_delete is not OnDelete.SET_NULL:
                place(entities[table])
        ordered[entity.name] = entity

    for entity in sorted(entities.values(), key=lambda entity: entity.name != "users"):
        place(entity)
    return ordered


def _links(entity: Entity, entities: Iterable[str]) -> list[tuple[str, Parent]]:
    """The tables that an entity refers to, of those present."""
    present = set(entities) - {entity.name}
    pairs = ((next((table for table in parent.tables if table in present), None), parent) for parent in entity.parents)
    return [(table, parent) for table, parent in pairs if table is not None]


def _table(entity: Entity, entities: Iterable[str]) -> Table:
    links = _links(entity, entities)
    references = [
        Field(name=reference_to(table), type=FieldType.STRING, nullable=parent.on_delete is OnDelete.SET_NULL)
        for table, parent in links
    ]
    fields = (_KEY, *entity.fields, *references)
    indexed = [*(reference.name for reference in references), *entity.indexed]
    indexes = [Index(name=f"idx_{name}", fields=(name,)) for name in indexed if (name,) != entity.unique]
    if entity.unique and {field.name for field in fields}.issuperset(entity.unique):
        indexes.append(Index(name=f"idx_{'_'.join(entity.unique)}", fields=entity.unique, unique=True))
    return Table(name=entity.name, fields=fields, indexes=tuple(indexes))


def _relationship(table: str, entity: Entity, parent: Parent) -> Relationship:
    """A reference that is unique by itself can be had once."""
    field = reference_to(table)
    kind = RelationshipType.ONE_TO_ONE if entity.unique == (field,) else RelationshipType.ONE_TO_MANY
    return Relationship(from_table=table, to_table=entity.name, type=kind, on_delete=parent.on_delete, field=field)
