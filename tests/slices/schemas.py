"""What the tables of tests have of schemas."""

from typing import Final

from tests.slice import EDIT, SEE, Create, Entry, Slice, Values

_NAME: Final = {"name": "Another"}
_TABLES: Final = [{"name": "t", "fields": [{"name": "id", "type": "STRING", "primaryKey": True}]}]
_KEY: Final = {"name": "id", "type": "STRING", "primaryKey": True}
_USERS: Final = {"name": "users", "fields": [_KEY, {"name": "age", "type": "INTEGER"}], "indexes": []}
_POSTS: Final = {
    "name": "posts",
    "fields": [_KEY, {"name": "userId", "type": "STRING", "nullable": True, "unique": True}],
    "indexes": [{"name": "by_user", "fields": ["userId"]}],
}
_LINK: Final = {"fromTable": "users", "toTable": "posts", "type": "ONE_TO_MANY", "onDelete": "CASCADE"}

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
            {"projectId": "{project}", "tables": [_USERS, _POSTS], "relationships": [_LINK]},
            {
                "name": "Called",
                "expectedVersion": 999,
                "tables": [_USERS],
                "relationships": [],
                "tables.0.name": "people",
                "tables.0.fields": [_KEY],
                "tables.0.indexes": [{"name": "by_age", "fields": ["age"]}],
                "tables.0.fields.1.name": "years",
                "tables.0.fields.1.type": "FLOAT",
                "tables.0.fields.1.nullable": True,
                "tables.0.fields.1.primaryKey": True,
                "tables.0.fields.1.unique": True,
                "tables.0.fields.1.defaultValue": 5,
                "tables.1.indexes.0.name": "other",
                "tables.1.indexes.0.fields": ["userId", "id"],
                "tables.1.indexes.0.unique": True,
                "relationships.0.fromTable": "posts",
                "relationships.0.toTable": "users",
                "relationships.0.type": "ONE_TO_ONE",
                "relationships.0.onDelete": "SET_NULL",
            },
            "schema { tables { name fields { name type nullable primaryKey unique defaultValue }"
            " indexes { name fields unique } } relationships { fromTable toTable type onDelete } }",
        ),
    },
    shown={
        "resolvers/test_schemas.py::test_versions_are_found_by_their_name_newest_first": ("SchemaFilter.name",),
    },
)
