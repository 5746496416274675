"""What the tables of tests have of schemas."""

from typing import Any, Final

from tests.slice import EDIT, SEE, Create, Entry, Slice, Values

_NAME: Final = {"name": "Another"}
_TABLES: Final = [{"name": "t", "fields": [{"name": "id", "type": "STRING", "primaryKey": True}]}]
_KEY: Final = {"name": "id", "type": "STRING", "primaryKey": True}


def _field(name: str, type_: str = "STRING", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def _grant(audience: str, *roles: str) -> dict[str, Any]:
    return {"audience": audience, "roles": list(roles)}


_ROLES: Final = {"values": ["user", "admin"]}
_USERS: Final = {
    "name": "users",
    "fields": [
        _KEY,
        _field("age", "INTEGER", rules={"minimum": "0", "maximum": "150"}, formerNames=["oldAge"]),
        _field("email", unique=True, rules={"format": "EMAIL", "caseInsensitive": True}),
        _field("password", secrecy="HASHED", rules={"minLength": 8, "maxLength": 100, "pattern": "[!-~]+"}),
        _field("role", access="MANAGED", defaultValue="user", rules=_ROLES),
        _field("score", "DECIMAL", nullable=True, rules={"scale": 2}),
        _field("nick", unique=True),
        _field("kind", access="READ_ONLY", defaultValue="user", rules=_ROLES),
        _field("phrase", secrecy="HASHED"),
    ],
    "indexes": [],
    "policy": {
        "create": [_grant("ROLE", "admin")],
        "read": [{**_grant("SIGNED_IN"), "when": {"field": "nick", "equals": "shown"}}],
        "update": [_grant("OWNER")],
        "delete": [_grant("ROLE", "admin")],
        "owner": "id",
    },
}
_POSTS: Final = {
    "name": "posts",
    "fields": [
        _KEY,
        _field("userId", nullable=True, unique=True),
        _field("teamId"),
        _field("editorId"),
        _field("groupId"),
        _field("authorId", nullable=True),
    ],
    "indexes": [{"name": "by_user", "fields": ["userId"]}],
    "policy": {
        "create": [_grant("TEAM")],
        "read": [_grant("TEAM", "member")],
        "owner": "editorId",
        "team": "groupId",
        "inheritedFrom": "teamId",
    },
}
_TEAMS: Final = {"name": "teams", "fields": [_KEY], "policy": {"read": [_grant("TEAM")], "team": "id"}}
_MEMBERSHIPS: Final = {
    "name": "memberships",
    "fields": [
        _KEY,
        _field("userId"),
        _field("teamId"),
        _field("inviterId", nullable=True),
        _field("guestId", nullable=True),
        _field("role"),
        _field("rank", nullable=True),
    ],
    "indexes": [
        {"name": "once", "fields": ["userId", "teamId"], "unique": True},
        {"name": "invited_once", "fields": ["inviterId", "teamId"], "unique": True},
        {"name": "guest_once", "fields": ["userId", "guestId"], "unique": True},
    ],
}
_OTHER: Final = {**_MEMBERSHIPS, "name": "seats"}
_GROUPS: Final = {"name": "groups", "fields": [_KEY]}


def _link(parent: str, child: str, field: str | None = None, **more: Any) -> dict[str, Any]:
    return {"fromTable": parent, "toTable": child, "type": "ONE_TO_MANY", "field": field, **more}


_LINKS: Final = [
    _link("users", "posts", "userId", onDelete="CASCADE"),
    _link("teams", "posts", "teamId"),
    _link("users", "memberships", "userId"),
    _link("users", "memberships", "inviterId"),
    _link("teams", "memberships", "teamId"),
    _link("teams", "memberships", "guestId"),
    _link("users", "seats", "userId"),
    _link("teams", "seats", "teamId"),
    {"fromTable": "users", "toTable": "teams", "type": "MANY_TO_MANY", "through": "memberships"},
    _link("groups", "memberships"),
]

SLICE: Final = Slice(
    entries={
        "Query.schema": Entry("query($schema: ID!) { schema(id: $schema) { id } }", SEE),
        "Mutation.saveSchema": Entry(
            "mutation($project: ID!) { saveSchema(input: {projectId: $project, tables: [{name: "
            '"t", fields: [{name: "id", type: STRING, primaryKey: true}]}]}) { userErrors { code } } }',
            EDIT,
        ),
    },
    creates={
        "saveSchema": Create("schema", {"projectId": "{project}", "tables": _TABLES}, _NAME),
    },
    values={
        "saveSchema": Values(
            {
                "projectId": "{project}",
                "tables": [_USERS, _POSTS, _TEAMS, _MEMBERSHIPS, _OTHER, _GROUPS],
                "relationships": _LINKS,
                "defaultPolicy": {"create": [_grant("SIGNED_IN")], "read": [_grant("PUBLIC")]},
                "accounts": {"table": "users", "login": "email", "password": "password", "role": "role"},
                "teams": {
                    "table": "teams",
                    "memberships": "memberships",
                    "user": "userId",
                    "team": "teamId",
                    "role": "role",
                    "ownerRole": "owner",
                },
                "api": "BOTH",
            },
            {
                "name": "Called",
                "expectedVersion": 999,
                "tables": [_USERS, _POSTS, _TEAMS, _MEMBERSHIPS, _OTHER, _GROUPS, *_TABLES],
                "relationships": _LINKS[:-1],
                "defaultPolicy": {"create": [_grant("SIGNED_IN")]},
                "accounts": {"table": "users", "login": "email", "password": "password", "role": "kind"},
                "accounts.table": "groups",
                "accounts.login": "nick",
                "accounts.password": "phrase",
                "accounts.role": "kind",
                "accounts.signUp": False,
                "teams": {"table": "teams", "memberships": "seats", "user": "userId", "team": "teamId", "role": "role"},
                "teams.table": "groups",
                "teams.memberships": "seats",
                "teams.user": "inviterId",
                "teams.team": "guestId",
                "teams.role": "rank",
                "teams.ownerRole": "captain",
                "api": "GRAPHQL",
                "tables.0.name": "people",
                "tables.0.fields": [*_USERS["fields"], _field("more")],
                "tables.0.indexes": [{"name": "by_age", "fields": ["age"]}],
                "tables.0.policy": None,
                "tables.0.policy.create": [],
                "tables.0.policy.read": [_grant("PUBLIC"), _grant("OWNER")],
                "tables.0.policy.read.0.when": None,
                "tables.0.policy.read.0.when.field": "kind",
                "tables.0.policy.read.0.when.equals": "hidden",
                "tables.0.policy.update": [_grant("SIGNED_IN")],
                "tables.0.policy.delete": [_grant("NOBODY")],
                "tables.0.policy.owner": "nick",
                "tables.0.policy.create.0.audience": "TEAM",
                "tables.0.policy.create.0.roles": ["admin", "user"],
                "tables.1.policy.team": "teamId",
                "tables.1.policy.inheritedFrom": "userId",
                "tables.0.fields.1.name": "years",
                "tables.0.fields.1.type": "FLOAT",
                "tables.0.fields.1.nullable": True,
                "tables.0.fields.1.primaryKey": True,
                "tables.0.fields.1.unique": True,
                "tables.0.fields.1.defaultValue": 5,
                "tables.0.fields.1.access": "IMMUTABLE",
                "tables.0.fields.3.secrecy": "SEALED",
                "tables.0.fields.1.rules": {"minimum": "1"},
                "tables.0.fields.1.formerNames": ["oldAge", "years"],
                "tables.0.fields.2.rules.format": "URL",
                "tables.0.fields.4.rules.values": ["user", "admin", "guest"],
                "tables.0.fields.1.rules.minimum": "18",
                "tables.0.fields.1.rules.maximum": "120",
                "tables.0.fields.3.rules.minLength": 12,
                "tables.0.fields.3.rules.maxLength": 72,
                "tables.0.fields.3.rules.pattern": "[ -~]+",
                "tables.0.fields.5.rules.scale": 3,
                "tables.0.fields.2.rules.caseInsensitive": False,
                "tables.1.indexes.0.name": "other",
                "tables.1.indexes.0.fields": ["userId", "id"],
                "tables.1.indexes.0.unique": True,
                "relationships.0.fromTable": "posts",
                "relationships.0.toTable": "groups",
                "relationships.0.type": "ONE_TO_ONE",
                "relationships.0.onDelete": "SET_NULL",
                "relationships.0.field": "authorId",
                "relationships.8.through": "seats",
            },
            "schema { tables { name fields { name type nullable primaryKey unique defaultValue access secrecy"
            " formerNames rules { format values minimum maximum minLength maxLength pattern scale caseInsensitive } }"
            " indexes { name fields unique } policy { create { audience roles } read { audience when { field equals } }"
            " update { audience }"
            " delete { audience } owner team inheritedFrom } }"
            " relationships { fromTable toTable type onDelete field through }"
            " defaultPolicy { create { audience } read { audience } } accounts { table login password role signUp }"
            " teams { table memberships user team role ownerRole } api }",
        ),
    },
    shown={
        "resolvers/test_schemas.py::test_versions_are_found_by_their_name_newest_first": ("SchemaFilter.name",),
    },
)
