"""Schemas of the backends that are put to the test: one with every feature, one with 40 tables, one that evolved."""

from itertools import pairwise
from typing import Final

from services.designs.schema import (
    Accounts,
    Api,
    Audience,
    Condition,
    Field,
    FieldAccess,
    FieldFormat,
    FieldRules,
    FieldType,
    Grant,
    Index,
    OnDelete,
    Policy,
    Relationship,
    RelationshipType,
    SchemaModel,
    Secrecy,
    Table,
    Teams,
)

T = FieldType

PUBLIC: Final = (Grant(audience=Audience.PUBLIC),)
SIGNED_IN: Final = (Grant(audience=Audience.SIGNED_IN),)
OWNER: Final = (Grant(audience=Audience.OWNER),)
ADMIN: Final = (Grant(audience=Audience.ROLE, roles=("admin",)),)
MEMBERS: Final = (Grant(audience=Audience.TEAM),)
TEAM_OWNERS: Final = (Grant(audience=Audience.TEAM, roles=("owner",)),)

KEY: Final = Field(name="id", type=T.STRING, primary_key=True)


def _text(name: str, rules: FieldRules | None = None) -> Field:
    return Field(name=name, type=T.STRING, rules=rules)


def _reference(name: str, *, nullable: bool = False, access: FieldAccess = FieldAccess.READ_WRITE) -> Field:
    return Field(name=name, type=T.STRING, nullable=nullable, access=access)


def _many(parent: str, child: str, field: str, on_delete: OnDelete) -> Relationship:
    return Relationship(
        from_table=parent, to_table=child, type=RelationshipType.ONE_TO_MANY, on_delete=on_delete, field=field
    )


_PEOPLE: Final = (
    Table(
        name="users",
        fields=(
            KEY,
            Field(
                name="email",
                type=T.STRING,
                unique=True,
                rules=FieldRules(format=FieldFormat.EMAIL, case_insensitive=True),
            ),
            Field(name="password", type=T.STRING, secrecy=Secrecy.HASHED, rules=FieldRules(min_length=12)),
            Field(
                name="role",
                type=T.STRING,
                default_value="user",
                access=FieldAccess.MANAGED,
                rules=FieldRules(values=("user", "admin")),
            ),
            _text("name", FieldRules(min_length=1, max_length=80)),
            Field(
                name="website", type=T.STRING, nullable=True, rules=FieldRules(format=FieldFormat.URL, max_length=200)
            ),
        ),
        policy=Policy(create=ADMIN, read=OWNER + ADMIN, update=OWNER + ADMIN, delete=ADMIN, owner="id"),
    ),
    Table(
        name="profiles",
        fields=(
            KEY,
            Field(name="userId", type=T.STRING, access=FieldAccess.IMMUTABLE),
            Field(name="bio", type=T.TEXT, nullable=True, rules=FieldRules(max_length=1000)),
            Field(name="apiKey", type=T.STRING, nullable=True, secrecy=Secrecy.SEALED),
        ),
        policy=Policy(create=SIGNED_IN, read=PUBLIC, update=OWNER, delete=OWNER, owner="userId"),
    ),
    Table(
        name="teams",
        fields=(KEY, Field(name="name", type=T.STRING, unique=True)),
        policy=Policy(create=SIGNED_IN, read=MEMBERS, update=TEAM_OWNERS, delete=TEAM_OWNERS, team="id"),
    ),
    Table(
        name="memberships",
        fields=(
            KEY,
            _reference("teamId", access=FieldAccess.IMMUTABLE),
            _reference("userId", access=FieldAccess.IMMUTABLE),
            Field(
                name="role",
                type=T.STRING,
                default_value="member",
                rules=FieldRules(values=("owner", "member", "guest")),
            ),
        ),
        indexes=(Index(name="team_and_user", fields=("teamId", "userId"), unique=True),),
        policy=Policy(create=TEAM_OWNERS, read=MEMBERS, update=TEAM_OWNERS, delete=TEAM_OWNERS, team="teamId"),
    ),
)

_WORK: Final = (
    Table(
        name="projects",
        fields=(
            KEY,
            _reference("teamId"),
            _text("title", FieldRules(min_length=1, max_length=120)),
            Field(
                name="slug",
                type=T.STRING,
                unique=True,
                rules=FieldRules(pattern="[a-z0-9]+(?:-[a-z0-9]+)*", max_length=60),
            ),
            Field(name="startsOn", type=T.DATE, nullable=True, rules=FieldRules(minimum="2000-01-01")),
            Field(name="endsOn", type=T.DATE, nullable=True),
            Field(name="settings", type=T.JSON, nullable=True),
            Field(name="archived", type=T.BOOLEAN, default_value=False),
            Field(
                name="status",
                type=T.STRING,
                default_value="draft",
                rules=FieldRules(values=("draft", "published")),
            ),
        ),
        policy=Policy(
            create=MEMBERS,
            read=(*MEMBERS, Grant(audience=Audience.PUBLIC, when=Condition(field="status", equals="published"))),
            update=(Grant(audience=Audience.TEAM, roles=("owner", "member")),),
            delete=TEAM_OWNERS,
            team="teamId",
        ),
    ),
    Table(
        name="tasks",
        fields=(
            KEY,
            _reference("projectId", access=FieldAccess.IMMUTABLE),
            _reference("parentTaskId", nullable=True),
            _reference("assigneeId", nullable=True),
            _reference("teamId", access=FieldAccess.READ_ONLY),
            _text("title"),
            Field(name="priority", type=T.INTEGER, default_value=3, rules=FieldRules(minimum="1", maximum="5")),
            Field(name="estimate", type=T.FLOAT, nullable=True, rules=FieldRules(minimum="0", maximum="1000")),
            Field(
                name="status",
                type=T.STRING,
                default_value="todo",
                rules=FieldRules(values=("todo", "doing", "done")),
            ),
            Field(name="dueAt", type=T.DATETIME, nullable=True),
        ),
        indexes=(Index(name="by_status_and_priority", fields=("status", "priority")),),
        policy=Policy(
            create=MEMBERS, read=MEMBERS, update=MEMBERS, delete=MEMBERS, team="teamId", inherited_from="projectId"
        ),
    ),
    Table(
        name="labels",
        fields=(Field(name="id", type=T.INTEGER, primary_key=True), Field(name="name", type=T.STRING, unique=True)),
        policy=Policy(create=ADMIN, read=PUBLIC, update=ADMIN, delete=ADMIN),
    ),
)

_SHOP: Final = (
    Table(
        name="books",
        fields=(
            Field(
                name="isbn", type=T.STRING, primary_key=True, rules=FieldRules(pattern="97[89][0-9]{10}", max_length=13)
            ),
            _text("title"),
            Field(name="price", type=T.DECIMAL, rules=FieldRules(minimum="0", maximum="9999.99", scale=2)),
            Field(
                name="currency",
                type=T.STRING,
                default_value="EUR",
                rules=FieldRules(format=FieldFormat.CURRENCY),
            ),
            Field(name="stock", type=T.INTEGER, default_value=0, rules=FieldRules(minimum="0")),
        ),
        policy=Policy(create=ADMIN, read=PUBLIC, update=ADMIN, delete=ADMIN),
    ),
    Table(
        name="orders",
        fields=(
            KEY,
            _reference("customerId"),
            Field(
                name="status",
                type=T.STRING,
                default_value="open",
                access=FieldAccess.READ_ONLY,
                rules=FieldRules(values=("open", "paid", "sent")),
            ),
            Field(name="total", type=T.DECIMAL, default_value="0.00", access=FieldAccess.READ_ONLY),
            Field(name="note", type=T.TEXT, nullable=True, rules=FieldRules(max_length=500)),
        ),
        policy=Policy(create=SIGNED_IN, read=OWNER + ADMIN, update=OWNER, delete=OWNER, owner="customerId"),
    ),
    Table(
        name="order_items",
        fields=(
            KEY,
            _reference("orderId", access=FieldAccess.IMMUTABLE),
            _reference("customerId", access=FieldAccess.READ_ONLY),
            Field(name="isbn", type=T.STRING),
            Field(name="quantity", type=T.INTEGER, default_value=1, rules=FieldRules(minimum="1", maximum="99")),
        ),
        indexes=(Index(name="order_and_book", fields=("orderId", "isbn"), unique=True),),
        policy=Policy(
            create=OWNER, read=OWNER + ADMIN, update=OWNER, delete=OWNER, owner="customerId", inherited_from="orderId"
        ),
    ),
    Table(name="audit_entries", fields=(KEY, _text("message"))),
)

_NOTES: Final = (
    Table(
        name="notes",
        fields=(
            KEY,
            _reference("teamId"),
            _reference("authorId"),
            Field(name="text", type=T.TEXT),
            Field(name="shared", type=T.BOOLEAN, default_value=False),
        ),
        policy=Policy(
            create=MEMBERS,
            read=(*MEMBERS, Grant(audience=Audience.PUBLIC, when=Condition(field="shared", equals=True))),
            update=(Grant(audience=Audience.TEAM, roles=("owner", "member")),),
            delete=OWNER + TEAM_OWNERS,
            owner="authorId",
            team="teamId",
        ),
    ),
    Table(
        name="note_labels",
        fields=(KEY, _reference("noteId"), Field(name="labelId", type=T.INTEGER)),
        indexes=(Index(name="note_and_label", fields=("noteId", "labelId"), unique=True),),
        policy=Policy(create=SIGNED_IN, read=PUBLIC, delete=SIGNED_IN),
    ),
)

EVERY_FEATURE: Final = SchemaModel(
    tables=(*_PEOPLE, *_WORK, *_SHOP, *_NOTES),
    relationships=(
        Relationship(
            from_table="users",
            to_table="profiles",
            type=RelationshipType.ONE_TO_ONE,
            on_delete=OnDelete.CASCADE,
            field="userId",
        ),
        _many("users", "memberships", "userId", OnDelete.CASCADE),
        _many("teams", "memberships", "teamId", OnDelete.CASCADE),
        _many("teams", "projects", "teamId", OnDelete.RESTRICT),
        _many("projects", "tasks", "projectId", OnDelete.CASCADE),
        _many("tasks", "tasks", "parentTaskId", OnDelete.CASCADE),
        _many("users", "tasks", "assigneeId", OnDelete.SET_NULL),
        _many("users", "orders", "customerId", OnDelete.RESTRICT),
        _many("orders", "order_items", "orderId", OnDelete.CASCADE),
        _many("books", "order_items", "isbn", OnDelete.RESTRICT),
        Relationship(from_table="tasks", to_table="labels", type=RelationshipType.MANY_TO_MANY),
        Relationship(from_table="labels", to_table="projects", type=RelationshipType.MANY_TO_MANY),
        _many("teams", "notes", "teamId", OnDelete.CASCADE),
        _many("users", "notes", "authorId", OnDelete.CASCADE),
        Relationship(from_table="notes", to_table="labels", type=RelationshipType.MANY_TO_MANY, through="note_labels"),
    ),
    accounts=Accounts(table="users", login="email", password="password", role="role"),
    teams=Teams(
        table="teams", memberships="memberships", user="userId", team="teamId", role="role", owner_role="owner"
    ),
    api=Api.BOTH,
)
"""Each kind of field, rule, relationship and audience; `audit_entries` has no policy, so nobody may see it."""


def forty_tables() -> SchemaModel:
    """Make a chain of 40 tables, each of whose rows belong to one of the table before, for whoever has a token."""
    names = [f"level_{number:02}" for number in range(40)]
    tables = [
        Table(
            name=name,
            fields=(
                KEY,
                _text("name"),
                Field(name="amount", type=T.DECIMAL, default_value="0.00"),
                *([_reference("parentId")] if number else []),
            ),
        )
        for number, name in enumerate(names)
    ]
    pairs = pairwise(names)
    return SchemaModel(
        tables=tuple(tables),
        relationships=tuple(_many(parent, child, "parentId", OnDelete.CASCADE) for parent, child in pairs),
        default_policy=Policy(create=SIGNED_IN, read=SIGNED_IN, update=SIGNED_IN, delete=SIGNED_IN),
    )


_OPEN: Final = Policy(create=SIGNED_IN, read=SIGNED_IN, update=SIGNED_IN, delete=SIGNED_IN)


def _version(*tables: Table, relationships: tuple[Relationship, ...] = ()) -> SchemaModel:
    return SchemaModel(tables=tables, relationships=relationships, default_policy=_OPEN)


_AUTHORS: Final = Table(name="authors", fields=(KEY, _text("name")))
_WRITTEN: Final = _many("authors", "articles", "authorId", OnDelete.RESTRICT)

VERSIONS: Final = (
    _version(Table(name="articles", fields=(KEY, _text("title"), _text("code"), _text("writer")))),
    _version(
        Table(
            name="articles",
            fields=(
                KEY,
                _text("title"),
                Field(name="code", type=T.STRING, unique=True),
                _text("writer"),
                Field(name="views", type=T.INTEGER, default_value=0),
            ),
        ),
    ),
    _version(
        Table(
            name="articles",
            fields=(
                KEY,
                Field(name="headline", type=T.STRING, former_names=("title",)),
                Field(name="code", type=T.STRING, unique=True),
                _text("writer"),
                Field(name="views", type=T.INTEGER, default_value=0),
                Field(name="state", type=T.STRING, default_value="draft"),
            ),
            indexes=(Index(name="by_state", fields=("state",)), Index(name="by_writer", fields=("writer",))),
        ),
    ),
    _version(
        _AUTHORS,
        Table(
            name="articles",
            fields=(
                KEY,
                Field(name="headline", type=T.STRING, former_names=("title",)),
                Field(name="code", type=T.STRING, unique=True, rules=FieldRules(case_insensitive=True)),
                Field(name="views", type=T.INTEGER, default_value=0),
                Field(name="state", type=T.STRING, default_value="draft"),
                _reference("authorId", nullable=True),
            ),
            indexes=(Index(name="by_state", fields=("state",)),),
        ),
        relationships=(_WRITTEN,),
    ),
)
"""A schema as it evolved: a unique constraint and a required field; a renamed field and two indexes; a relationship, a
field and an index fewer, and codes that are unique whatever their case."""
