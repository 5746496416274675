"""What the schema promises of schemas made by hand: their versions, their names, what has changed."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from services.bootstrap import opened
from services.designs.schema import Field, FieldType, Table
from tests.fakes.llm import Answer, FakeLLM
from tests.snapinfra import Server, User, events, serving, settings

SAVE = """
mutation($input: SaveSchemaInput!) {
  saveSchema(input: $input) { schema { id version name } userErrors { code field message } }
}"""
VERSIONS = "query($id: ID!) { project(id: $id) { status schema { version } schemas { nodes { version name } } } }"
DIFF = "query($id: ID!, $from: ID!) { schema(id: $id) { diff(from: $from) { kind path } } }"

USERS = {"name": "users", "fields": [{"name": "id", "type": "STRING", "primaryKey": True}]}
POSTS = {
    "name": "posts",
    "fields": [
        {"name": "id", "type": "STRING", "primaryKey": True},
        {"name": "userId", "type": "STRING"},
        {"name": "title", "type": "STRING", "defaultValue": "untitled"},
    ],
    "indexes": [{"name": "by_title", "fields": ["title"], "unique": True}],
}
WRITTEN = {"fromTable": "users", "toTable": "posts", "type": "ONE_TO_MANY", "onDelete": "CASCADE"}

NAMED = """
query($id: ID!, $filter: SchemaFilter, $first: Int! = 20, $after: String) {
  project(id: $id) {
    schemas(first: $first, after: $after, filter: $filter) { nodes { version } pageInfo { hasNextPage endCursor } }
  }
}"""


async def test_each_save_is_a_version_that_says_what_has_changed(alice: User) -> None:
    project_id = (await alice.project(name="Blog"))["id"]

    first = await save(alice, project_id, tables=[USERS])
    second = await save(alice, project_id, tables=[USERS, POSTS], relationships=[WRITTEN], name="With posts")

    shown = (await alice.ask(VERSIONS, id=project_id))["project"]
    changes = (await alice.ask(DIFF, **{"id": second["schema"]["id"], "from": first["schema"]["id"]}))["schema"]["diff"]
    assert first["userErrors"] == second["userErrors"] == []
    assert shown == {
        "status": "READY",
        "schema": {"version": 2},
        "schemas": {"nodes": [{"version": 2, "name": "With posts"}, {"version": 1, "name": "Blog"}]},
    }
    assert {(change["kind"], change["path"]) for change in changes} == {("ADDED", "posts"), ("ADDED", "users->posts")}


async def test_a_schema_that_follows_another_version_than_expected_is_not_stored(alice: User) -> None:
    project_id = (await alice.project())["id"]
    await save(alice, project_id, tables=[USERS])

    refused = await save(alice, project_id, tables=[USERS, POSTS], expectedVersion=0)

    shown = (await alice.ask(VERSIONS, id=project_id))["project"]
    assert [error["code"] for error in refused["userErrors"]] == ["CONFLICT"]
    assert refused["schema"]["version"] == 1
    assert len(shown["schemas"]["nodes"]) == 1


async def test_every_fault_of_a_schema_is_reported_and_nothing_is_stored(alice: User) -> None:
    project_id = (await alice.project())["id"]

    refused = await save(alice, project_id, tables=[USERS, USERS], relationships=[WRITTEN], name="")

    shown = (await alice.ask(VERSIONS, id=project_id))["project"]
    assert refused["schema"] is None
    assert {error["code"] for error in refused["userErrors"]} == {"BAD_USER_INPUT"}
    assert {error["field"][0] for error in refused["userErrors"]} == {"name", "tables", "relationships"}
    assert shown["schemas"]["nodes"] == []


async def test_a_condition_is_a_text_or_a_boolean(alice: User) -> None:
    project_id = (await alice.project())["id"]
    grant = {"audience": "PUBLIC", "when": {"field": "id", "equals": 5}}

    refused = await save(alice, project_id, tables=[USERS], defaultPolicy={"read": [grant]})

    assert refused["schema"] is None
    assert refused["userErrors"] == [
        {
            "code": "BAD_USER_INPUT",
            "field": ["defaultPolicy", "read", "0", "when", "equals"],
            "message": "Give a text, or true or false.",
        }
    ]
    assert (await alice.ask(VERSIONS, id=project_id))["project"]["schema"] is None


async def test_versions_are_found_by_their_name_newest_first(alice: User) -> None:
    project_id = (await alice.project(name="Blog"))["id"]
    for name in ("Blog", "With posts", None, "With posts", "Blog 2"):
        await save(alice, project_id, tables=[USERS], name=name)

    async def found(name: str, **page: Any) -> dict[str, Any]:
        asked = await alice.ask(NAMED, id=project_id, filter={"name": name}, **page)
        return asked["project"]["schemas"]

    first = await found("With posts", first=1)
    rest = await found("With posts", first=1, after=first["pageInfo"]["endCursor"])
    assert [node["version"] for node in (await found("Blog"))["nodes"]] == [3, 1]
    assert (first["nodes"], first["pageInfo"]["hasNextPage"]) == ([{"version": 4}], True)
    assert (rest["nodes"], rest["pageInfo"]["hasNextPage"]) == ([{"version": 2}], False)
    assert (await found("blog"))["nodes"] == []


async def save(user: User, project_id: str, **fields: Any) -> dict[str, Any]:
    return (await user.result(SAVE, input={"projectId": project_id, **fields}))["data"]["saveSchema"]


KEYED = {"name": "users", "fields": [{"name": "id", "type": "STRING", "primaryKey": True, "defaultValue": "1"}]}
GENERATE = (
    "mutation($i: GenerateInput!) { generate(input: $i) { generation { id } userErrors { code field message } } }"
)


async def test_what_nothing_builds_is_refused_with_a_sentence_and_nothing_is_stored(alice: User) -> None:
    project_id = (await alice.project())["id"]

    refused = await save(alice, project_id, tables=[KEYED, POSTS], relationships=[WRITTEN])

    assert refused["schema"] is None
    assert refused["userErrors"] == [
        {
            "code": "BAD_USER_INPUT",
            "field": ["tables", "0", "fields", "0", "defaultValue"],
            "message": "The primary key 'id' of 'users' has a default: no two rows can have it.",
        }
    ]
    assert (await alice.ask(VERSIONS, id=project_id))["project"]["schema"] is None


BARE: dict[str, Any] = {"": [{}, [], None, True, ""]}


def with_default(kind: str, value: Any) -> dict[str, Any]:
    key = {"name": "id", "type": "STRING", "primaryKey": True}
    return {"name": "users", "fields": [key, {"name": "a", "type": kind, "defaultValue": value}]}


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels else 1


SHOWN = "query($id: ID!) { project(id: $id) { schema { tables { fields { defaultValue } } } } }"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("FLOAT", 10**125),
        ("FLOAT", -1e-130),
        ("FLOAT", 1e22),
        ("JSON", [-1e-130, 0.1, 2**53 - 1]),
        ("JSON", nested(24)),
        ("JSON", BARE),
    ],
)
async def test_what_a_default_may_be_is_kept_as_it_is(alice: User, kind: str, value: Any) -> None:
    project_id = (await alice.project())["id"]

    saved = await save(alice, project_id, tables=[with_default(kind, value)])

    assert saved["userErrors"] == []
    (table,) = (await alice.ask(SHOWN, id=project_id))["project"]["schema"]["tables"]
    assert table["fields"][1]["defaultValue"] == value


@pytest.mark.parametrize("value", [1e126, 1e308, 1e-131, 5e-324, nested(25), int("9" * 290)])
async def test_what_the_database_does_not_hold_is_refused_as_a_default(alice: User, value: Any) -> None:
    project_id = (await alice.project())["id"]

    refused = await save(alice, project_id, tables=[with_default("JSON", value)])

    (error,) = refused["userErrors"]
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["tables", "0", "fields", "1", "defaultValue"])
    assert (await alice.ask(VERSIONS, id=project_id))["project"]["schema"] is None


@contextmanager
def answered(emulator: str, data: Path, *answers: dict[str, Any]) -> Generator[User]:
    """Run a server whose model gives these answers, one after another, for a user of it."""
    with FakeLLM() as fake:
        fake.script += [Answer([json.dumps(answer)]) for answer in answers]
        model = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": fake.openai_url, "OPENAI_MODEL": "m"}
        with serving(settings(emulator, SNAPINFRA_DATA=str(data), **model)) as server:
            yield server.user()


@pytest.mark.parametrize("value", [1e308, nested(40), nested(900)])
async def test_a_model_that_says_such_a_default_is_asked_once_more(emulator: str, tmp_path: Path, value: Any) -> None:
    wrong, right = ({"tables": [with_default("JSON", value)]}, {"tables": [with_default("JSON", nested(20))]})
    with answered(emulator, tmp_path, wrong, right) as user:
        project_id = (await user.project())["id"]
        happened = await events(user, await user.generate(project_id, "SCHEMA"))
        (table,) = (await user.ask(SHOWN, id=project_id))["project"]["schema"]["tables"]

    failed = [event["code"] for event in happened if event["__typename"] == "AttemptFailed"]
    assert (failed, happened[-1]["status"]) == (["INVALID_OUTPUT"], "COMPLETED")
    assert table["fields"][1]["defaultValue"] == nested(20)


async def test_of_a_models_schema_it_is_left_out_and_named(emulator: str, tmp_path: Path) -> None:
    model = {"tables": [KEYED, POSTS], "relationships": [WRITTEN]}
    with answered(emulator, tmp_path, model) as user:
        project_id = (await user.project())["id"]
        generation_id = await user.generate(project_id, "SCHEMA")
        happened = await events(user, generation_id)
        shown = await user.ask(
            "query($id: ID!, $p: ID!) { generation(id: $id) { status message }"
            " project(id: $p) { schema { tables { name fields { defaultValue } } } } }",
            id=generation_id,
            p=project_id,
        )

    assert happened[-1]["status"] == "COMPLETED"
    assert shown["generation"]["message"].startswith(
        "Left out of the model's schema: The primary key 'id' of 'users' has a default"
    )
    users, posts = shown["project"]["schema"]["tables"]
    assert users == {"name": "users", "fields": [{"defaultValue": None}]}
    assert posts["name"] == "posts"


async def test_no_code_is_made_of_a_schema_from_before_that_nothing_builds(server: Server, alice: User) -> None:
    project_id = (await alice.project())["id"]
    saved = await save(alice, project_id, tables=[USERS, POSTS])
    key = Field(name="id", type=FieldType.STRING, primary_key=True, default_value="1")
    users = Table(name="users", fields=(key,))
    async with opened(server.config, {}) as process:
        schemas = process.services.schemas.table
        await schemas.update(
            saved["schema"]["id"],
            lambda old: replace(old, model=replace(old.model, tables=(users,))),
            sort=project_id,
        )

    asked = (await alice.result(GENERATE, i={"projectId": project_id, "kind": "CODE"}))["data"]

    (error,) = asked["generate"]["userErrors"]
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["projectId"])
    assert error["message"].startswith("Save the schema again without what nothing builds yet. The primary key")
