"""Tests of what a backend's own tests refuse to be changed."""

import re

from services.designs.schema import (
    Audience,
    Field,
    FieldAccess,
    FieldRules,
    FieldType,
    Grant,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.scaffold.own_tests.files import write_tests
from services.scaffold.plan import plan_tables

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
SIGNED_IN = (Grant(audience=Audience.SIGNED_IN),)
ALL = Policy(create=SIGNED_IN, read=SIGNED_IN, update=SIGNED_IN, delete=SIGNED_IN)


def set_by_server(name: str, kind: FieldType, *values: str, default: str | bool) -> Field:
    rules = FieldRules(values=values) if values else None
    return Field(name=name, type=kind, default_value=default, access=FieldAccess.READ_ONLY, rules=rules)


def replacements(*fields: Field) -> list[tuple[str, str]]:
    """Return what a replacement of a child's row is refused with: each field, and its value."""
    title = Field(name="title", type=FieldType.STRING)
    schema = SchemaModel(
        tables=(Table(name="parents", fields=(KEY, title)), Table(name="children", fields=(KEY, title, *fields))),
        relationships=(
            Relationship(
                from_table="parents",
                to_table="children",
                type=RelationshipType.ONE_TO_MANY,
                on_delete=OnDelete.CASCADE,
                field="parentId",
            ),
        ),
        default_policy=ALL,
    )
    content = write_tests(schema, plan_tables(schema))["src/tests/tables/children.test.ts"]
    test = re.search(r"  test\('refuses to be replaced.*?^  \}\);$", content, re.DOTALL | re.MULTILINE)
    assert test is not None
    return re.findall(r"\['(\w+)', (.+?)\](?=,|\])", test[0])


def test_a_replacement_tries_other_values_than_a_new_row_has() -> None:
    assert replacements(
        Field(name="parentId", type=FieldType.STRING),
        set_by_server("state", FieldType.STRING, "old", "new", default="old"),
        set_by_server("kind", FieldType.STRING, "one", default="one"),
        set_by_server("closed", FieldType.BOOLEAN, default=True),
        set_by_server("total", FieldType.DECIMAL, default="3.25"),
    ) == [
        ("id", "'id-00002'"),
        ("state", "'new'"),
        ("kind", "null"),
        ("closed", "false"),
        ("total", "'4.25'"),
        ("surprise", "1"),
    ]


def test_a_reference_that_stays_is_replaced_by_one_to_another_row() -> None:
    parent = Field(name="parentId", type=FieldType.STRING, access=FieldAccess.IMMUTABLE)

    assert replacements(parent) == [
        ("id", "'id-00002'"),
        ("parentId", "(await newParent()).id"),
        ("surprise", "1"),
    ]
