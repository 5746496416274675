"""What relationships promise: their tables, fields and tables of links are there or can be made, and fit."""

from typing import Any

import pytest

from services.designs.schema import (
    Field,
    FieldType,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
)
from services.designs.validation import validate

T = FieldType
ONE_ONE, ONE_MANY, MANY_MANY = (
    RelationshipType.ONE_TO_ONE,
    RelationshipType.ONE_TO_MANY,
    RelationshipType.MANY_TO_MANY,
)
KEY = Field(name="id", type=T.STRING, primary_key=True)
USERS = Table(name="users", fields=(KEY,))
POSTS = Table(
    name="posts",
    fields=(
        Field(name="id", type=T.INTEGER, primary_key=True),
        Field(name="authorId", type=T.STRING),
        Field(name="editorId", type=T.STRING, nullable=True),
        Field(name="number", type=T.INTEGER, nullable=True),
        Field(name="body", type=T.TEXT),
        Field(name="code", type=T.STRING, secrecy=Secrecy.SEALED),
    ),
)
PROFILES = Table(name="profiles", fields=(KEY,))
LIKES = Table(name="likes", fields=(KEY,))


def related(
    kind: RelationshipType = ONE_MANY, parent: str = "users", child: str = "posts", **more: Any
) -> Relationship:
    return Relationship(from_table=parent, to_table=child, type=kind, **more)


def places(*relationships: Relationship) -> list[str]:
    schema = SchemaModel(tables=(USERS, POSTS, PROFILES, LIKES), relationships=relationships)
    return [".".join(fault.field).removeprefix("relationships.") for fault in validate(schema)]


@pytest.mark.parametrize(
    "relation",
    [
        related(),
        related(field="authorId"),
        related(field="editorId", on_delete=OnDelete.SET_NULL),
        related(field="made"),
        related(field="made", on_delete=OnDelete.SET_NULL),
        related(ONE_ONE, field="authorId"),
        related(ONE_ONE, child="profiles", field="id"),
        related(parent="posts", child="posts", field="number"),
        related(parent="posts", child="posts", field="parentId"),
        related(MANY_MANY),
        related(MANY_MANY, on_delete=OnDelete.RESTRICT),
        related(MANY_MANY, through="likes"),
        related(MANY_MANY, through="made"),
        related(MANY_MANY, child="users"),
    ],
)
def test_what_is_there_or_can_be_made_is_good(relation: Relationship) -> None:
    assert places(relation) == []


@pytest.mark.parametrize(
    ("relation", "found"),
    [
        (related(parent="nobody", child="nothing"), ["0.fromTable", "0.toTable"]),
        (related(field="number"), ["0.field"]),
        (related(field="body"), ["0.field"]),
        (related(field="code"), ["0.field"]),
        (related(field="AuthorId"), ["0.field"]),
        (related(field="a b"), ["0.field"]),
        (related(field=""), ["0.field"]),
        (related(field="constructor"), ["0.field"]),
        (related(field="authorId", on_delete=OnDelete.SET_NULL), ["0.onDelete"]),
        (related(child="profiles", field="id"), ["0.type"]),
        (related(parent="posts", child="posts", field="id"), ["0.field"]),
        (related(ONE_ONE, parent="posts", child="posts", field="id"), ["0.field"]),
        (related(through="likes"), ["0.through"]),
        (related(ONE_ONE, through="likes"), ["0.through"]),
        (related(MANY_MANY, field="authorId"), ["0.field"]),
        (related(MANY_MANY, on_delete=OnDelete.SET_NULL), ["0.onDelete"]),
        (related(MANY_MANY, through="likes", on_delete=OnDelete.CASCADE), ["0.onDelete"]),
        (related(MANY_MANY, through="users"), ["0.through"]),
        (related(MANY_MANY, through="Likes"), ["0.through"]),
        (related(MANY_MANY, through="a b"), ["0.through"]),
        (related(MANY_MANY, through="health"), ["0.through"]),
    ],
)
def test_what_does_not_fit_is_named_at_its_place(relation: Relationship, found: list[str]) -> None:
    assert places(relation) == found


def test_two_relationships_have_two_fields() -> None:
    assert places(related(field="authorId"), related(field="editorId")) == []
    assert places(related(field="authorId"), related(parent="profiles", field="authorId")) == ["1.field"]
    assert places(related(field="made"), related(field="MADE")) == ["1.field"]
    assert places(related(), related(on_delete=OnDelete.CASCADE)) == ["1"]
    assert places(related(), related(MANY_MANY), related(MANY_MANY, through="likes")) == []
    assert places(related(MANY_MANY, through="likes"), related(MANY_MANY, through="likes")) == ["1"]
