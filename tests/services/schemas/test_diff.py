"""What the difference of two schemas promises."""

import pytest
from msgspec.structs import replace

from services.designs.schema import (
    Accounts,
    Api,
    Audience,
    Field,
    FieldType,
    Grant,
    Index,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Table,
    Teams,
)
from services.schemas.diff import ChangeKind, diff

ID = Field(name="id", type=FieldType.STRING, primary_key=True)
EMAIL = Field(name="email", type=FieldType.STRING)
USERS = Table(name="users", fields=(ID, EMAIL))


def test_equal_schemas_do_not_differ() -> None:
    assert diff(SchemaModel(tables=(USERS,)), SchemaModel(tables=(USERS,))) == []


def test_to_confirm_what_was_assumed_changes_nothing() -> None:
    owns = Relationship(from_table="users", to_table="users", type=RelationshipType.ONE_TO_MANY, field="leaderId")
    assumed = SchemaModel(tables=(USERS,), relationships=(replace(owns, is_assumed=True),))

    assert diff(assumed, SchemaModel(tables=(USERS,), relationships=(owns,))) == []


def test_every_kind_of_change_is_named_by_its_path() -> None:
    teams = Table(name="teams", fields=(ID,))
    unique_email = Field(name="email", type=FieldType.STRING, unique=True)
    by_email = Index(name="by_email", fields=("email",))
    owns = Relationship(from_table="users", to_table="teams", type=RelationshipType.ONE_TO_MANY)
    before = SchemaModel(tables=(USERS, Table(name="logs", fields=(ID,))))
    after = SchemaModel(
        tables=(Table(name="users", fields=(ID, unique_email), indexes=(by_email,)), teams), relationships=(owns,)
    )

    changes = [(change.kind, change.path) for change in diff(before, after)]

    assert changes == [
        (ChangeKind.REMOVED, "logs"),
        (ChangeKind.ADDED, "teams"),
        (ChangeKind.CHANGED, "users.email"),
        (ChangeKind.ADDED, "users.indexes.by_email"),
        (ChangeKind.ADDED, "users->teams"),
    ]


def test_a_change_shows_what_was_and_what_is() -> None:
    text_email = Field(name="email", type=FieldType.TEXT)

    (change,) = diff(SchemaModel(tables=(USERS,)), SchemaModel(tables=(Table(name="users", fields=(ID, text_email)),)))

    assert (change.before["type"], change.after["type"]) == ("STRING", "TEXT")


def changed(before: SchemaModel, after: SchemaModel) -> list[tuple[ChangeKind, str]]:
    return [(change.kind, change.path) for change in diff(before, after)]


def test_who_may_do_what_has_paths_that_no_table_has() -> None:
    policy = Policy(read=(Grant(audience=Audience.PUBLIC),))
    users = Table(name="users", fields=(ID, EMAIL), policy=policy)
    bare = SchemaModel(tables=(USERS, Table(name="teams", fields=(ID,))))
    ruled = SchemaModel(
        tables=(users, Table(name="teams", fields=(ID,), policy=policy)),
        default_policy=policy,
        accounts=Accounts(table="users", login="email", password="password"),
        teams=Teams(table="teams", memberships="memberships", user="userId", team="teamId"),
    )

    added = [
        (ChangeKind.ADDED, path) for path in ("teams.@policy", "users.@policy", "@accounts", "@defaultPolicy", "@teams")
    ]
    assert changed(bare, ruled) == added
    assert changed(ruled, bare) == [(ChangeKind.REMOVED, path) for _, path in added]


def test_how_the_backend_is_spoken_to_changes_from_what_it_was() -> None:
    rest = SchemaModel(tables=(USERS,))
    both = SchemaModel(tables=(USERS,), api=Api.BOTH)

    (change,) = diff(rest, both)

    assert (change.kind, change.path, change.before, change.after) == (ChangeKind.CHANGED, "@api", "REST", "BOTH")


def test_relationships_of_the_same_tables_are_told_apart() -> None:
    def related(kind: RelationshipType, field: str | None = None) -> Relationship:
        return Relationship(from_table="users", to_table="posts", type=kind, field=field)

    many, both = RelationshipType.ONE_TO_MANY, RelationshipType.MANY_TO_MANY
    relationships = (related(many), related(many, "editorId"), related(both), related(both), related(many))
    before, after = SchemaModel(tables=(USERS,)), SchemaModel(tables=(USERS,), relationships=relationships)

    paths = [path for _, path in changed(before, after)]
    assert paths == ["users->posts", "users->posts#2", "users->posts.editorId", "users<->posts", "users<->posts#2"]


def test_a_field_that_has_another_name_is_one_change() -> None:
    def users(*fields: Field) -> SchemaModel:
        return SchemaModel(tables=(Table(name="users", fields=(ID, *fields)),))

    renamed = Field(name="address", type=FieldType.STRING, former_names=("mail", "email"))
    again = Field(name="mail", type=FieldType.STRING)

    (change,) = diff(users(EMAIL), users(renamed))
    assert (change.kind, change.path) == (ChangeKind.CHANGED, "users.address")
    assert (change.before["name"], change.after["name"]) == ("email", "address")
    assert changed(users(EMAIL, again), users(renamed)) == [
        (ChangeKind.CHANGED, "users.address"),
        (ChangeKind.REMOVED, "users.email"),
    ]
    assert changed(users(EMAIL), users(renamed, EMAIL)) == [(ChangeKind.ADDED, "users.address")]
    assert changed(users(renamed), users(renamed)) == []


def test_a_change_is_shown_without_what_has_its_default() -> None:
    (change,) = diff(SchemaModel(tables=()), SchemaModel(tables=(Table(name="users", fields=(ID,)),)))

    assert change.after == {"name": "users", "fields": ({"name": "id", "type": "STRING", "primaryKey": True},)}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, Field(name="age", type=FieldType.INTEGER), "without a value"),
        (None, Field(name="age", type=FieldType.INTEGER, nullable=True), None),
        (None, Field(name="age", type=FieldType.INTEGER, default_value=0), None),
        (None, Field(name="age", type=FieldType.INTEGER, nullable=True, unique=True), "share a value"),
        (
            Field(name="age", type=FieldType.INTEGER, nullable=True),
            Field(name="age", type=FieldType.INTEGER),
            "without",
        ),
        (Field(name="age", type=FieldType.INTEGER), Field(name="age", type=FieldType.INTEGER, nullable=True), None),
        (Field(name="age", type=FieldType.INTEGER), Field(name="age", type=FieldType.INTEGER, unique=True), "share"),
        (Field(name="age", type=FieldType.INTEGER), None, None),
    ],
)
def test_a_change_says_which_rows_stand_in_its_way(before: Field | None, after: Field | None, said: str | None) -> None:
    def users(field: Field | None) -> SchemaModel:
        return SchemaModel(tables=(Table(name="users", fields=(ID, *([field] if field else []))),))

    (change,) = diff(users(before), users(after))

    assert (change.obstacle is None) if said is None else (said in (change.obstacle or ""))


def test_another_primary_key_and_a_new_unique_index_say_so_too_and_a_new_table_does_not() -> None:
    old = Table(name="users", fields=(ID, EMAIL))
    keyed = Table(name="users", fields=(replace(ID, primary_key=False), replace(EMAIL, primary_key=True)))
    indexed = Table(name="users", fields=(ID, EMAIL), indexes=(Index("by_email", ("email",), unique=True),))

    said = [[change.obstacle for change in diff(*pair)] for pair in pairs_of(old, keyed, indexed)]

    assert all("keeps its primary key" in (each or "") for each in said[0])
    assert [("share a value" in (each or "")) for each in said[1]] == [True]
    assert said[2] == [None]


def pairs_of(old: Table, *changed: Table) -> list[tuple[SchemaModel, SchemaModel]]:
    """Return the schemas before and after each change, and before there was the table at all."""
    pairs = [(SchemaModel(tables=(old,)), SchemaModel(tables=(each,))) for each in changed]
    return [*pairs, (SchemaModel(tables=()), SchemaModel(tables=(old,)))]
