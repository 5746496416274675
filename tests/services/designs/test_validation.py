"""The tests of the rules of a schema: each broken rule is named at its place, and all at once."""

from typing import Any

import pytest

from services.designs.schema import Field, FieldType, Index, Relationship, RelationshipType, SchemaModel, Table
from services.designs.validation import validate

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)


def table(*fields: Field, name: str = "users", indexes: tuple[Index, ...] = (), key: Field = KEY) -> Table:
    return Table(name=name, fields=(key, *fields), indexes=indexes)


def text(name: str) -> Field:
    return Field(name=name, type=FieldType.STRING)


def places(*tables: Table, relationships: tuple[Relationship, ...] = ()) -> list[str]:
    return [".".join(fault.field) for fault in validate(SchemaModel(tables=tables, relationships=relationships))]


def related(from_table: str, to_table: str) -> Relationship:
    return Relationship(from_table=from_table, to_table=to_table, type=RelationshipType.ONE_TO_MANY)


def test_a_good_schema_has_no_faults() -> None:
    users = table(text("email"), indexes=(Index(name="users_by_email", fields=("email", "id"), unique=True),))
    posts = table(text("userId"), name="posts", key=Field(name="id", type=FieldType.INTEGER, primary_key=True))

    assert places(users, posts, relationships=(related("users", "posts"), related("posts", "posts"))) == []


def test_a_schema_needs_a_table_and_a_table_needs_fields() -> None:
    assert places() == ["tables"]
    assert places(Table(name="users", fields=())) == ["tables.0.fields"]


def test_names_are_unique_whatever_their_case() -> None:
    assert places(table(), table(name="Users"), table(name="USERS")) == ["tables.1.name", "tables.2.name"]
    assert places(table(text("email"), text("eMail"))) == ["tables.0.fields.2.name"]
    indexes = (Index(name="by", fields=("id",)), Index(name="By", fields=("id",)))
    assert places(table(indexes=indexes)) == ["tables.0.indexes.1.name"]


@pytest.mark.parametrize(
    "name", ["", "1st", "user name", "user-name", "_id", "é", "a" * 64, "a\n", "a;drop", "../a", "\u017f"]
)
def test_a_name_that_code_could_not_use_is_refused(name: str) -> None:
    assert places(table(text(name), name="users")) == ["tables.0.fields.1.name"]
    assert places(table(name=name)) == ["tables.0.name"]


@pytest.mark.parametrize("name", ["constructor", "Prototype", "__proto__"])
def test_names_that_break_javascript_objects_are_reserved(name: str) -> None:
    assert places(table(text(name), name=name)) == ["tables.0.name", "tables.0.fields.1.name"]


def test_health_is_reserved_for_tables_only() -> None:
    assert places(table(text("health"), name="Health")) == ["tables.0.name"]


def test_a_table_has_exactly_one_primary_key() -> None:
    assert places(Table(name="users", fields=(text("id"),))) == ["tables.0.fields"]
    assert places(table(Field(name="other", type=FieldType.STRING, primary_key=True))) == ["tables.0.fields"]


def test_a_primary_key_is_a_string_or_an_integer_and_never_null() -> None:
    key = Field(name="id", type=FieldType.FLOAT, primary_key=True, nullable=True)

    assert places(table(key=key)) == ["tables.0.fields.0.nullable", "tables.0.fields.0.type"]


def test_relationships_point_at_existing_tables() -> None:
    assert places(table(), relationships=(related("users", "posts"), related("Users", "users"))) == [
        "relationships.0.toTable",
        "relationships.1.fromTable",
    ]


def test_an_index_names_existing_fields_of_its_table_once_each() -> None:
    indexes = (
        Index(name="by_missing", fields=("id", "missing")),
        Index(name="by_twice", fields=("id", "id")),
        Index(name="by_nothing", fields=()),
        Index(name="by space", fields=("id",)),
    )

    assert places(table(indexes=indexes)) == [
        "tables.0.indexes.0.fields.1",
        "tables.0.indexes.1.fields.1",
        "tables.0.indexes.2.fields",
        "tables.0.indexes.3.name",
    ]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (FieldType.STRING, ["", "x"], [1, True, ["x"]]),
        (FieldType.TEXT, ["x"], [{"x": 1}]),
        (FieldType.INTEGER, [0, -5, 2**53 - 1], ["1", 1.5, True, 2**53]),
        (FieldType.DECIMAL, ["0", "19.99", "-0.5"], [19.99, 19, "1e3", "", ".5", "01", "٣", "1,5"]),
        (FieldType.FLOAT, [0, 1.5], ["1.5", False, float("inf"), 10**400]),
        (FieldType.BOOLEAN, [True, False], ["true", 0]),
        (FieldType.DATE, ["2024-02-29"], ["2023-02-29", "20240229", "2024-02-29T00:00:00Z", 5, "2024-W01-1"]),
        (
            FieldType.DATETIME,
            ["2024-05-17T08:30:00Z", "2024-05-17T08:30:00.123+02:00"],
            ["2024-05-17T08:30:00", "2024-05-17", "20240517T083000Z", "2024-13-17T08:30:00Z", "now", 5],
        ),
        (FieldType.JSON, [{"x": 1}, [1], "x", 5, False], []),
    ],
)
def test_a_default_is_a_value_of_its_fields_type(kind: FieldType, good: list[Any], bad: list[Any]) -> None:
    def faults(value: Any) -> list[str]:
        return places(table(Field(name="x", type=kind, default_value=value)))

    assert [value for value in good if faults(value)] == []
    assert [value for value in bad if faults(value) != ["tables.0.fields.1.defaultValue"]] == []


def test_a_schema_has_bounds() -> None:
    tables = [table(name=f"t{number}") for number in range(51)]
    assert places(*tables[:50]) == []
    assert places(*tables) == ["tables"]
    assert places(table(*[text(f"f{number}") for number in range(100)])) == ["tables.0.fields"]
    assert places(table(indexes=tuple(Index(name=f"i{n}", fields=("id",)) for n in range(21)))) == ["tables.0.indexes"]
    assert places(table(), relationships=(related("users", "users"),) * 201) == ["relationships"]
    assert places(table(Field(name="x", type=FieldType.TEXT, default_value="x" * 100_000))) == [""]


@pytest.mark.parametrize("value", ["\ud800", object()])
def test_what_json_cannot_hold_is_a_fault(value: object) -> None:
    assert places(table(Field(name="x", type=FieldType.JSON, default_value=value))) == [""]


def test_a_fault_about_a_long_name_stays_a_sentence() -> None:
    faults = validate(SchemaModel(tables=(table(text("x" * 5000), text("x" * 5000), name="y" * 5000),)))

    assert max(len(fault.message) for fault in faults) <= 300


def test_every_fault_is_reported_at_once_with_a_sentence() -> None:
    broken = Table(name="a b", fields=(text("1"), text("1")), indexes=(Index(name="i", fields=("?",)),))

    faults = validate(SchemaModel(tables=(broken,), relationships=(related("x", "y"),)))

    assert len(faults) == 8
    assert all(fault.message.endswith(".") for fault in faults)


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else "x"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"__proto__": 1}, "has the name '__proto__', which JavaScript"),
        ([{"a": {"__proto__": 1}}], "has the name '__proto__'"),
        (2**53, "has a number beyond"),
        ([-(2**53)], "has a number beyond"),
        ({"a": 10**22}, "has a number beyond"),
        ([1e22], "has a number beyond"),
        ({"a": 10**289}, "has a number that the database does not hold"),
        (1e126, "has a number that the database does not hold"),
        ([1e308], "has a number that the database does not hold"),
        ({"a": -1e126}, "has a number that the database does not hold"),
        (9.99e-131, "has a number that the database does not hold"),
        (5e-324, "has a number that the database does not hold"),
        (float("nan"), "has a number that the database does not hold"),
        (nested(25), "nests more than 24 levels deep"),
        ({"a": nested(900)}, "nests more than 24 levels deep"),
        ("a\x00", "has a text with NUL"),
        ({"a\x00": 1}, "has a text with NUL"),
    ],
)
def test_a_json_default_is_one_that_a_backend_keeps_as_it_is(value: object, reason: str) -> None:
    schema = SchemaModel(tables=(table(Field(name="x", type=FieldType.JSON, default_value=value)),))

    (fault,) = validate(schema)

    assert fault.field == ("tables", "0", "fields", "1", "defaultValue")
    assert fault.message.startswith(f"The default of 'users.x' {reason}")


@pytest.mark.parametrize("value", [9.99e125, -9.99e125, 1e-130, 0.0, -0.0, 2**53, 10**125, 1e22, 0.1, 1234.12345678])
def test_the_numbers_of_a_float_are_those_of_the_database(value: float) -> None:
    assert places(table(Field(name="x", type=FieldType.FLOAT, default_value=value))) == []


@pytest.mark.parametrize("value", [1e126, 1e308, 1e-131, 5e-324, int("9" * 290), int("9" * 39), 10**126])
def test_a_default_of_a_float_is_one_of_them(value: float) -> None:
    places_of_it = places(table(Field(name="x", type=FieldType.FLOAT, default_value=value)))

    assert places_of_it == ["tables.0.fields.1.defaultValue"]


@pytest.mark.parametrize(
    "value",
    [
        nested(24),
        1e-130,
        -0.0,
        [2**53 - 1, -(2**53) + 1, 0.1],
        [],
        {"": ""},
        "日本",
        None,
        {"proto": [True, None, 1.5]},
    ],
)
def test_other_json_is_a_default(value: object) -> None:
    assert places(table(Field(name="x", type=FieldType.JSON, default_value=value))) == []
