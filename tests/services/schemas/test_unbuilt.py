"""What no backend does yet is refused with a sentence, and left out of what a model says; what one does is neither."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.designs.schema import (
    Field,
    FieldRules,
    FieldType,
    Index,
    OnDelete,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
)
from services.designs.validation import validate
from services.scaffold.schema import derive_schema
from services.schemas.unbuilt import unbuilt, without_unbuilt

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
ONE_MANY, ONE_ONE, MANY_MANY = (
    RelationshipType.ONE_TO_MANY,
    RelationshipType.ONE_TO_ONE,
    RelationshipType.MANY_TO_MANY,
)


def table(name: str, *fields: Field, indexes: tuple[Index, ...] = ()) -> Table:
    return Table(name=name, fields=(KEY, *fields), indexes=indexes)


def reference(name: str, *, nullable: bool = False, unique: bool = False) -> Field:
    return Field(name=name, type=FieldType.STRING, nullable=nullable, unique=unique)


def related(
    kind: RelationshipType, *tables: Table, to: str = "posts", on_delete: OnDelete | None = None
) -> SchemaModel:
    link = Relationship(from_table="users", to_table=to, type=kind, on_delete=on_delete)
    return SchemaModel(tables=(table("users"), *tables), relationships=(link,))


POSTS, OWNED = table("posts"), table("posts", reference("userId"))
INDEXED = table("posts", reference("userId"), indexes=(Index(name="i", fields=("userId",), unique=True),))
PAIRED = table("posts", reference("userId"), indexes=(Index(name="i", fields=("userId", "id"), unique=True),))
LIKES = table("likes", reference("userId"), reference("postId"))
FOLLOWS = table("follows", reference("userId"), reference("followedUserId"))


def test_tables_of_links_that_are_made_keep_nothing_from_being_left_out() -> None:
    tags = table("tags", Field(name="size", type=FieldType.JSON), indexes=(Index(name="i", fields=("size",)),))
    schema = related(MANY_MANY, tags, to="tags")

    kept, left_out = without_unbuilt(schema)

    assert [fault.field for fault in left_out] == [("tables", "1", "indexes", "0", "fields")]
    assert kept.tables == (schema.tables[0], replace(tags, indexes=()))
    assert kept.relationships == schema.relationships


@pytest.mark.parametrize(
    ("schema", "field", "says"),
    [
        (
            related(ONE_MANY, table("posts", Field(name="userId", type=FieldType.INTEGER))),
            "type",
            "'userId' of 'posts' cannot refer to 'users'",
        ),
        (related(ONE_MANY, OWNED, on_delete=OnDelete.SET_NULL), "onDelete", "'userId' may not"),
    ],
)
def test_what_nothing_builds_has_a_fault_and_is_left_out(schema: SchemaModel, field: str, says: str) -> None:
    (fault,) = unbuilt(schema)
    kept, left_out = without_unbuilt(schema)

    assert fault.field == ("relationships", "0", field)
    assert says in fault.message
    assert left_out == [fault]
    assert unbuilt(kept) == validate(kept) == []
    assert kept.tables == schema.tables


@pytest.mark.parametrize(
    "schema",
    [
        related(ONE_MANY, OWNED),
        related(ONE_MANY, OWNED, on_delete=OnDelete.CASCADE),
        related(ONE_MANY, table("posts", reference("userId", nullable=True)), on_delete=OnDelete.SET_NULL),
        related(ONE_MANY, table("posts", reference("authorUserId"))),
        related(ONE_ONE, table("posts", reference("userId", unique=True))),
        related(ONE_ONE, INDEXED, on_delete=OnDelete.RESTRICT),
        related(MANY_MANY, POSTS, LIKES),
        related(MANY_MANY, FOLLOWS, to="users"),
        related(MANY_MANY, POSTS),
        related(MANY_MANY, POSTS, on_delete=OnDelete.RESTRICT),
        related(MANY_MANY, to="users"),
        related(ONE_MANY, POSTS),
        related(ONE_MANY, POSTS, on_delete=OnDelete.SET_NULL),
        related(ONE_MANY, to="users"),
        related(ONE_ONE, POSTS),
        related(ONE_ONE, PAIRED),
    ],
)
def test_what_is_built_has_no_fault_and_stays(schema: SchemaModel) -> None:
    assert unbuilt(schema) == []
    assert without_unbuilt(schema) == (schema, [])


def test_two_sayings_of_one_pair_must_agree() -> None:
    schema = related(ONE_MANY, OWNED, on_delete=OnDelete.CASCADE)
    (link,) = schema.relationships
    twice = SchemaModel(
        tables=schema.tables,
        relationships=(
            link,
            Relationship(from_table="users", to_table="posts", type=ONE_MANY, on_delete=OnDelete.RESTRICT),
        ),
    )

    assert [fault.field for fault in unbuilt(twice)] == [("relationships", "1", "onDelete")]
    assert unbuilt(without_unbuilt(twice)[0]) == []


@pytest.mark.parametrize(("default", "is_built"), [("", False), ("a" * 256, False), ("a" * 255, True), ("a", True)])
def test_a_default_that_no_index_takes_is_left_out(default: str, *, is_built: bool) -> None:
    state = Field(name="state", type=FieldType.STRING, default_value=default)
    other = replace(state, name="other")
    schema = SchemaModel(tables=(table("posts", state, other, indexes=(Index(name="i", fields=("state",)),)),))

    kept, left_out = without_unbuilt(schema)

    assert [fault.field for fault in left_out] == ([] if is_built else [("tables", "0", "fields", "1", "defaultValue")])
    assert [field.default_value for field in kept.tables[0].fields] == [None, default if is_built else None, default]


def test_a_default_of_a_primary_key_is_left_out() -> None:
    key = Field(name="id", type=FieldType.STRING, primary_key=True, default_value="uuid()")
    schema = SchemaModel(tables=(Table(name="users", fields=(key,)),))

    assert [fault.field for fault in unbuilt(schema)] == [("tables", "0", "fields", "0", "defaultValue")]
    assert without_unbuilt(schema)[0].tables == (table("users"),)


PRICE = Field(name="price", type=FieldType.DECIMAL)
LONG = Field(name="long", type=FieldType.TEXT, rules=FieldRules(max_length=256))


def fields(*names: str, kind: FieldType = FieldType.STRING) -> tuple[Field, ...]:
    return tuple(Field(name=name, type=kind) for name in names)


def indexed(*names: str, unique: bool = False, more: tuple[Field, ...] = ()) -> SchemaModel:
    index = Index(name="i", fields=names, unique=unique)
    columns = (*fields("a", "b", "limit", "cursor", "updatedAt"), Field(name="createdAt", type=FieldType.DATETIME))
    odd = (*fields("yes", kind=FieldType.BOOLEAN), *fields("json", kind=FieldType.JSON), LONG, PRICE)
    return SchemaModel(tables=(table("posts", *columns, *odd, *more, indexes=(index,)),))


@pytest.mark.parametrize(
    ("schema", "says", "kept"),
    [
        (indexed("json"), "rows are not listed by 'json', a JSON", ()),
        (indexed("yes"), "rows are not listed by 'yes', a BOOLEAN", ()),
        (indexed("yes", "a"), "rows are not listed by 'yes', a BOOLEAN", ()),
        (indexed("a", "b", "id"), "over more than two fields", ("a", "b")),
        (indexed("a", "createdAt", "b"), "not ordered by 'createdAt'", ("a", "createdAt")),
        (indexed("a", "updatedAt"), "not ordered by 'updatedAt'", ("a",)),
        (indexed("a", "price"), "not ordered by 'price'", ("a",)),
        (indexed("a", "json"), "not ordered by 'json'", ("a",)),
        (indexed("a", "limit"), "not ordered by 'limit'", ("a",)),
        (indexed("long"), "'long' may have more by its maxLength", ()),
        (indexed("a", "long"), "rows are found by at most 255 characters", ("a",)),
        (indexed("id"), "a primary key is unique", ()),
        (indexed("id", unique=True), "a primary key is unique", ()),
        (indexed("id", "a"), "rows are not listed by 'id'", ()),
        (indexed("limit"), "rows are not listed by 'limit'", ()),
        (indexed("cursor"), "rows are not listed by 'cursor'", ()),
        (indexed("createdAt"), "'createdAt' is set by the backend", ()),
        (indexed("updatedAt"), "'updatedAt' is set by the backend", ()),
        (indexed("createdAt", "a"), "'createdAt' is set by the backend", ()),
        (indexed("createdAt", unique=True), "'createdAt' is set by the backend", ()),
        (indexed("a", "createdAt", unique=True), "'createdAt' is set by the backend", ("a", "createdAt")),
    ],
)
def test_an_index_that_is_not_built_whole_has_a_fault_and_what_is_built_of_it_stays(
    schema: SchemaModel, says: str, kept: tuple[str, ...]
) -> None:
    assert validate(schema) == []
    (fault,) = unbuilt(schema)
    without, left_out = without_unbuilt(schema)

    assert fault.field == ("tables", "0", "indexes", "0", "fields")
    assert says in fault.message
    assert left_out == [fault]
    assert unbuilt(without) == validate(without) == []
    assert without.tables[0].indexes == ((Index(name="i", fields=kept),) if kept else ())


@pytest.mark.parametrize(
    "schema",
    [
        indexed("a"),
        indexed("a", "createdAt"),
        indexed("a", "b"),
        indexed("a", "id"),
        indexed("price"),
        indexed("price", "a"),
        indexed("a", unique=True),
        indexed("json", unique=True),
        indexed("yes", "a", unique=True),
        indexed("id", "a", unique=True),
        indexed("limit", unique=True),
        indexed("long", unique=True),
    ],
)
def test_an_index_that_is_built_stays(schema: SchemaModel) -> None:
    assert unbuilt(schema) == []
    assert without_unbuilt(schema) == (schema, [])


def test_there_are_so_many_indexes_and_those_beyond_are_not_cut_silently() -> None:
    names = [f"f{number}" for number in range(19)]
    indexes = tuple(Index(name=f"by_{name}", fields=(name,)) for name in names)
    most = SchemaModel(tables=(table("posts", *fields(*names), indexes=indexes),))
    beside = related(ONE_MANY, table("posts", *fields("userId", *names), indexes=indexes))
    composite = replace(most.tables[0], indexes=(*indexes[1:], Index(name="pair", fields=("f1", "f2")), indexes[0]))

    assert unbuilt(most) == []
    (fault,) = unbuilt(beside)
    assert fault.field == ("tables", "1", "indexes", "18", "fields")
    assert "at most 19 of them" in fault.message
    assert [fault.field for fault in unbuilt(SchemaModel(tables=(composite,)))] == [
        ("tables", "0", "indexes", "18", "fields")
    ]
    assert unbuilt(without_unbuilt(beside)[0]) == []


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=200) | st.sampled_from(["a shop", "a blog with tags and followers", "school with courses"]))
def test_what_the_scaffold_derives_is_built(description: str) -> None:
    assert unbuilt(derive_schema(description)) == []
