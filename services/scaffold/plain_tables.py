"""Tables of what the vocabulary does not know: with what is said of their rows, or with what most rows have."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.designs.schema import Field, FieldRules, FieldType, OnDelete
from services.scaffold.principals import USERS
from services.scaffold.reading.reading import Quality
from services.scaffold.rules import with_rules
from services.scaffold.said_fields import with_qualities
from services.scaffold.vocabulary import Access, Entity, Parent, vocabulary

_USUAL: Final = (
    with_rules(Field(name="name", type=FieldType.STRING)),
    with_rules(Field(name="description", type=FieldType.TEXT, nullable=True)),
    Field(
        name="status",
        type=FieldType.STRING,
        default_value="active",
        rules=FieldRules(values=("active", "inactive", "archived")),
    ),
)
"""The fields of rows of which nothing is said."""


def of_noun(table: str, qualities: Sequence[Quality] = (), *, is_served: bool = False) -> Entity:
    """Return a table for a noun: with what is said of its rows, or with what most rows have."""
    usual = () if qualities else _USUAL
    entity = Entity(
        name=table,
        concept=table,
        fields=usual,
        indexed=("status",) if usual else (),
        parents=() if is_served else (Parent((USERS,), OnDelete.SET_NULL),),
        access=Access.CATALOGUE if is_served else None,
    )
    return with_qualities(entity, qualities)


def with_email(entity: Entity) -> Entity:
    """Return people who do something by themselves with what they sign in by: painters, who are artists else."""
    addresses = (field for field in vocabulary().entities["people"].fields if field.name == "email")
    return entity if entity.has("email") or entity.members else replace(entity, fields=(*entity.fields, *addresses))


def of_people(table: str, qualities: Sequence[Quality]) -> Entity:
    """Return a table for people of another kind than the vocabulary has: with what they sign in by."""
    like = vocabulary().entities["people"]
    return with_qualities(replace(like, name=table, concept=table), qualities)
