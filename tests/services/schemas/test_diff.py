"""What the difference of two schemas promises."""

from services.designs.schema import Field, FieldType, Index, Relationship, RelationshipType, SchemaModel, Table
from services.schemas.diff import ChangeKind, diff

ID = Field(name="id", type=FieldType.STRING, primary_key=True)
EMAIL = Field(name="email", type=FieldType.STRING)
USERS = Table(name="users", fields=(ID, EMAIL))


def test_equal_schemas_do_not_differ() -> None:
    assert diff(SchemaModel(tables=(USERS,)), SchemaModel(tables=(USERS,))) == []


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
