"""What the schema promises of API keys."""

import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from services.core.tls import trusted
from tests.snapinfra import GENERATION, Server, User, events

CREATE = """
mutation($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    apiKey { id name prefix scopes expiresAt lastUsedAt revokedAt } text userErrors { message code field }
  }
}"""
REVOKE = """
mutation($id: ID!) { revokeApiKey(input: {apiKeyId: $id}) { apiKey { revokedAt } userErrors { code } } }"""
KEYS = "{ viewer { team { id apiKeys { nodes { id name revokedAt lastUsedAt } } } } }"
PROJECTS = "{ projects { nodes { name } } }"
NEW_PROJECT = 'mutation { createProject(input: {name: "Made by a key"}) { project { id } } }'


async def key_of(user: User, *scopes: str, **fields: Any) -> tuple[User, dict[str, Any]]:
    """Make a key; return a client that uses it, and what the mutation said."""
    made = (await user.ask(CREATE, input={"name": "ci", "scopes": scopes or ["READ"], **fields}))["createApiKey"]
    return User(user.url, made["text"]), made["apiKey"]


async def test_the_text_of_a_new_key_is_shown_once(alice: User) -> None:
    made = (await alice.ask(CREATE, input={"name": " ci ", "scopes": ["WRITE", "READ"]}))["createApiKey"]

    assert made["apiKey"] == {
        "id": made["apiKey"]["id"],
        "name": "ci",
        "prefix": "snapinfra_" + made["apiKey"]["id"].removeprefix("key_"),
        "scopes": ["READ", "WRITE"],
        "expiresAt": None,
        "lastUsedAt": None,
        "revokedAt": None,
    }
    assert made["text"].startswith(made["apiKey"]["prefix"] + "_")
    listed = (await alice.ask(KEYS))["viewer"]["team"]["apiKeys"]["nodes"]
    assert [key["id"] for key in listed] == [made["apiKey"]["id"]]


async def test_a_retried_create_returns_the_first_key_without_its_text(alice: User) -> None:
    _, first = await key_of(alice, clientMutationId="c1")

    again = (await alice.ask(CREATE, input={"name": "ci", "scopes": ["READ"], "clientMutationId": "c1"}))[
        "createApiKey"
    ]

    assert (again["apiKey"]["id"], again["text"]) == (first["id"], None)


async def test_every_fault_of_a_new_key_is_reported_and_nothing_is_stored(alice: User) -> None:
    answer = await alice.result(CREATE, input={"name": "", "scopes": [], "expiresAt": "2020-01-01T00:00:00Z"})

    assert answer["data"]["createApiKey"]["apiKey"] is None
    assert [error["field"] for error in answer["data"]["createApiKey"]["userErrors"]] == [
        ["name"],
        ["scopes"],
        ["expiresAt"],
    ]
    assert (await alice.ask(KEYS))["viewer"]["team"]["apiKeys"]["nodes"] == []


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
async def test_a_key_signs_a_request_in(alice: User, header: str) -> None:
    key, _ = await key_of(alice)
    await alice.project(name="Shop")

    async with httpx.AsyncClient(verify=trusted()) as http:
        text = f"Bearer {key.token}" if header == "authorization" else key.token
        answer = await http.post(alice.url, json={"query": PROJECTS}, headers={header: text})

    assert answer.json() == {"data": {"projects": {"nodes": [{"name": "Shop"}]}}}
    assert (await alice.ask(KEYS))["viewer"]["team"]["apiKeys"]["nodes"][0]["lastUsedAt"] is not None


async def test_a_key_signs_a_socket_in_and_may_subscribe(alice: User) -> None:
    key, _ = await key_of(alice)
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")

    seen = await events(key, generation_id)
    async with connect(
        "ws" + alice.url.removeprefix("http"), subprotocols=[Subprotocol("graphql-transport-ws")]
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"x-api-key": key.token}}))
        acknowledged = json.loads(await socket.recv())

    assert seen[-1]["__typename"] == "GenerationFinished"
    assert acknowledged["type"] == "connection_ack"


async def test_a_key_that_may_read_can_not_write(alice: User) -> None:
    key, _ = await key_of(alice, "READ")

    refused = await key.result(NEW_PROJECT)
    hidden = await key.result(
        'mutation { ...M } fragment M on Mutation { ... { createProject(input: {name: "x"}) { project { id } } } }'
    )

    for answer in (refused, hidden):
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        assert answer["errors"][0]["message"] == "This API key may not do that: it lacks the scope WRITE."
    assert (await alice.ask(PROJECTS))["projects"]["nodes"] == []


async def test_a_key_that_may_write_may_also_read(alice: User) -> None:
    key, _ = await key_of(alice, "WRITE")

    await key.ask(NEW_PROJECT)

    assert (await key.ask(PROJECTS))["projects"]["nodes"] == [{"name": "Made by a key"}]


async def test_a_key_for_analytics_may_neither_read_nor_write_nor_subscribe(alice: User) -> None:
    key, _ = await key_of(alice, "ANALYTICS")
    generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")

    answers = [await key.result(PROJECTS), await key.result(NEW_PROJECT)]
    answers += [answer async for answer in key.follow(GENERATION, id=generation_id)]

    assert [answer["errors"][0]["extensions"]["code"] for answer in answers] == ["FORBIDDEN"] * 3
    assert len((await alice.ask(PROJECTS))["projects"]["nodes"]) == 1


async def test_keys_are_made_and_revoked_by_people_only(alice: User) -> None:
    key, made = await key_of(alice, "READ", "WRITE", "ANALYTICS")

    create = await key.result(CREATE, input={"name": "another", "scopes": ["READ"]})
    revoke = await key.result(REVOKE, id=made["id"])
    look = await key.result("query($id: ID!) { node(id: $id) { id } }", id=made["id"])

    assert [answer["errors"][0]["extensions"]["code"] for answer in (create, revoke, look)] == ["FORBIDDEN"] * 3
    assert [key["revokedAt"] for key in (await alice.ask(KEYS))["viewer"]["team"]["apiKeys"]["nodes"]] == [None]


async def test_a_revoked_key_is_refused_at_once(alice: User) -> None:
    key, made = await key_of(alice)
    await key.ask(PROJECTS)

    first = (await alice.ask(REVOKE, id=made["id"]))["revokeApiKey"]
    again = (await alice.ask(REVOKE, id=made["id"]))["revokeApiKey"]

    assert first == again
    assert first["apiKey"]["revokedAt"] is not None
    refused = await key.result(PROJECTS)
    assert refused["errors"] == [
        {"message": "The API key has been revoked.", "extensions": {"code": "UNAUTHENTICATED"}}
    ]


@pytest.mark.parametrize("change", ["mistyped", "unknown", "other secret"])
async def test_a_key_that_is_none_of_ours_is_refused_with_401(server: Server, alice: User, change: str) -> None:
    key, _ = await key_of(alice)
    foreign, _ = await key_of(server.user())
    text = {
        "mistyped": key.token[:-1] + ("a" if key.token[-1] != "a" else "b"),
        "unknown": "snapinfra_abc",
        "other secret": key.token[:37] + foreign.token[37:],
    }[change]

    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(alice.url, json={"query": PROJECTS}, headers={"x-api-key": text})

    assert answer.status_code == 401
    assert answer.json()["errors"] == [
        {"message": "The API key is not one of ours.", "extensions": {"code": "UNAUTHENTICATED"}}
    ]


async def test_another_users_key_looks_like_a_missing_one(alice: User, bob: User) -> None:
    _, made = await key_of(alice)

    revoke = await bob.result(REVOKE, id=made["id"])
    look = await bob.ask("query($id: ID!) { node(id: $id) { id } }", id=made["id"])

    assert revoke["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert look["node"] is None
    assert [key["revokedAt"] for key in (await alice.ask(KEYS))["viewer"]["team"]["apiKeys"]["nodes"]] == [None]
