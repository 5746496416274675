"""A table is refused of which one row would take more items than the database writes at once."""

import pytest

from services.designs.schema import (
    Field,
    FieldAccess,
    FieldType,
    Index,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
    Teams,
)
from services.designs.validation import validate

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
T = FieldType


def row(references: int = 0, unique: int = 0, access: FieldAccess = FieldAccess.READ_WRITE) -> SchemaModel:
    """Make a table `rows` of which a row refers to so many others and has so many unique values."""
    names = [f"parent{number}Id" for number in range(references)]
    columns = [Field(name=name, type=T.STRING, access=access) for name in names]
    columns += [Field(name=f"code{number}", type=T.STRING, unique=True, access=access) for number in range(unique)]
    return SchemaModel(
        tables=(Table(name="parents", fields=(KEY,)), Table(name="rows", fields=(KEY, *columns))),
        relationships=tuple(
            Relationship(from_table="parents", to_table="rows", type=RelationshipType.ONE_TO_MANY, field=name)
            for name in names
        ),
    )


def places(schema: SchemaModel) -> list[tuple[str, ...]]:
    return [fault.field for fault in validate(schema) if "at once" in fault.message]


@pytest.mark.parametrize(
    ("most", "too_much"),
    [
        (row(references=33), row(references=34)),
        (row(unique=49), row(unique=50)),
        (row(references=19, unique=21), row(references=19, unique=22)),
        (row(references=49, access=FieldAccess.IMMUTABLE), row(references=50, access=FieldAccess.IMMUTABLE)),
        (
            row(references=30, unique=38, access=FieldAccess.IMMUTABLE),
            row(references=30, unique=39, access=FieldAccess.IMMUTABLE),
        ),
    ],
)
def test_a_row_is_written_at_once_or_its_table_is_refused(most: SchemaModel, too_much: SchemaModel) -> None:
    assert validate(most) == []
    assert places(too_much) == [("tables", "1")]


def test_the_fault_says_how_much_it_is_and_what_to_do() -> None:
    (fault,) = validate(row(references=34))

    assert fault.message == (
        "One row of 'rows', with what it refers to and its unique values, would take 103 items of the database,"
        " which writes at most 100 at once: give it fewer relationships, or fewer unique fields."
    )


def test_unique_indexes_and_one_to_one_count_and_the_same_one_counts_once() -> None:
    columns = tuple(Field(name=f"code{number}", type=T.STRING, unique=True) for number in range(49))
    same = tuple(Index(name=f"i{number}", fields=(f"code{number}",), unique=True) for number in range(20))
    another = Index(name="other", fields=("code0", "code1"), unique=True)

    def indexed(*indexes: Index) -> SchemaModel:
        return SchemaModel(tables=(Table(name="rows", fields=(KEY, *columns), indexes=indexes),))

    assert places(indexed(*same)) == []
    assert places(indexed(*same[1:], another)) == [("tables", "0")]


def test_references_that_links_have_made_count() -> None:
    sides = tuple(Table(name=f"side{number}", fields=(KEY,)) for number in range(18))
    pairs = zip(sides[::2], sides[1::2], strict=True)
    schema = row(references=17)
    links = tuple(
        Relationship(from_table=one.name, to_table=other.name, type=RelationshipType.MANY_TO_MANY, through="rows")
        for one, other in pairs
    )

    def linked(count: int) -> SchemaModel:
        return SchemaModel(tables=(*schema.tables, *sides), relationships=(*schema.relationships, *links[:count]))

    assert places(linked(8)) == []
    assert places(linked(9)) == [("tables", "1")]


def test_a_team_is_written_together_with_its_makers_membership() -> None:
    def teams(unique: int) -> SchemaModel:
        codes = tuple(
            Field(name=f"code{number}", type=T.STRING, unique=True, access=FieldAccess.IMMUTABLE)
            for number in range(unique)
        )
        members = (Field(name="teamId", type=T.STRING), Field(name="userId", type=T.STRING))
        once = Index(name="once", fields=("teamId", "userId"), unique=True)
        return SchemaModel(
            tables=(
                Table(name="teams", fields=(KEY, *codes)),
                Table(name="memberships", fields=(KEY, *members), indexes=(once,)),
            ),
            relationships=(
                Relationship(
                    from_table="teams", to_table="memberships", type=RelationshipType.ONE_TO_MANY, field="teamId"
                ),
            ),
            teams=Teams(table="teams", memberships="memberships", user="userId", team="teamId"),
        )

    assert places(teams(95)) == []
    assert places(teams(96)) == [("tables", "0")]
