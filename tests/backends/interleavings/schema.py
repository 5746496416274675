"""A schema whose tables refer to each other in every way: chains, diamonds, a cycle, themselves."""

from typing import Final

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

_EVERYBODY: Final = (Grant(audience=Audience.SIGNED_IN),)


def _table(name: str, *fields: Field, indexes: tuple[Index, ...] = ()) -> Table:
    """Make a table whose keys clients choose."""
    key = Field(name="code", type=FieldType.STRING, primary_key=True)
    title = Field(name="title", type=FieldType.STRING)
    return Table(name=name, fields=(key, title, *fields), indexes=indexes)


def _text(name: str, *, nullable: bool = False) -> Field:
    return Field(name=name, type=FieldType.STRING, nullable=nullable)


def _refers(parent: str, child: str, field: str, on_delete: OnDelete) -> Relationship:
    return Relationship(
        from_table=parent, to_table=child, type=RelationshipType.ONE_TO_MANY, on_delete=on_delete, field=field
    )


ENTANGLED: Final = SchemaModel(
    tables=(
        _table("users"),
        _table("teams", _text("lead", nullable=True)),
        _table(
            "memberships",
            _text("user"),
            _text("team"),
            indexes=(Index(name="once", fields=("user", "team"), unique=True),),
        ),
        _table("projects", _text("team"), _text("owner", nullable=True)),
        _table("tasks", _text("project"), _text("parent", nullable=True), _text("team", nullable=True)),
        _table("notes", _text("task", nullable=True), _text("user", nullable=True)),
    ),
    relationships=(
        _refers("memberships", "teams", "lead", OnDelete.CASCADE),
        _refers("users", "memberships", "user", OnDelete.CASCADE),
        _refers("teams", "memberships", "team", OnDelete.CASCADE),
        _refers("teams", "projects", "team", OnDelete.CASCADE),
        _refers("users", "projects", "owner", OnDelete.SET_NULL),
        _refers("projects", "tasks", "project", OnDelete.CASCADE),
        _refers("tasks", "tasks", "parent", OnDelete.CASCADE),
        _refers("teams", "tasks", "team", OnDelete.RESTRICT),
        _refers("tasks", "notes", "task", OnDelete.RESTRICT),
        _refers("users", "notes", "user", OnDelete.SET_NULL),
    ),
    default_policy=Policy(create=_EVERYBODY, read=_EVERYBODY, update=_EVERYBODY, delete=_EVERYBODY),
)
