"""What the transports promise: who is signed in, what errors look like, who gets a page."""

import json
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from services.core.tls import trusted
from tests.snapinfra import Server, User, serving, settings

VIEWER = "{ viewer { id } }"


@asynccontextmanager
async def greeted(server: Server, payload: dict[str, Any] | None, **headers: str):  # noqa: ANN201 - a context manager
    """Open a socket, say connection_init and return it with the answer."""
    url = "ws" + server.url.removeprefix("http")
    protocols = [Subprotocol("graphql-transport-ws")]
    async with connect(url, subprotocols=protocols, additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload or {}}))
        yield socket


async def asked(socket: ClientConnection, query: str) -> list[dict[str, Any]]:
    """Run an operation on a socket that has just said connection_init; return the messages after the ack."""
    assert json.loads(await socket.recv())["type"] == "connection_ack"
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
    messages: list[dict[str, Any]] = []
    while not messages or messages[-1]["type"] == "next":
        messages.append(json.loads(await socket.recv()))
    return messages


@pytest.mark.parametrize("shape", ["Authorization", "authorization", "headers"])
async def test_a_socket_is_signed_in_by_its_connection_init(server: Server, alice: User, shape: str) -> None:
    bearer = f"Bearer {alice.token}"
    payload = {"headers": {"Authorization": bearer}} if shape == "headers" else {shape: bearer}

    async with greeted(server, payload) as socket:
        messages = await asked(socket, VIEWER)

    assert messages[0]["payload"]["data"] == await alice.ask(VIEWER)
    assert messages[-1]["type"] == "complete"


async def test_a_socket_is_signed_in_by_the_headers_of_its_upgrade(server: Server, alice: User) -> None:
    async with greeted(server, None, authorization=f"Bearer {alice.token}") as socket:
        messages = await asked(socket, VIEWER)

    assert messages[0]["payload"]["data"] == await alice.ask(VIEWER)


async def test_a_socket_with_a_bad_token_is_closed_with_4403(server: Server) -> None:
    with pytest.raises(ConnectionClosedError) as closed:
        async with greeted(server, {"Authorization": "Bearer x.y.z"}) as socket:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_socket_of_nobody_gets_unauthenticated(server: Server) -> None:
    async with greeted(server, None) as socket:
        messages = await asked(socket, VIEWER)

    assert messages[0]["payload"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_socket_from_another_origin_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with greeted(server, None, origin="https://evil.example"):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ project(id: "x") { id } }', "NOT_FOUND"),
    ],
)
async def test_every_error_carries_its_code_on_both_transports(
    server: Server, alice: User, query: str, code: str
) -> None:
    over_http = await alice.result(query)
    async with greeted(server, {"Authorization": f"Bearer {alice.token}"}) as socket:
        message = (await asked(socket, query))[0]
    over_socket = message["payload"] if message["type"] == "error" else message["payload"]["errors"]

    assert [error["extensions"]["code"] for error in over_http["errors"]] == [code]
    assert [error["extensions"]["code"] for error in over_socket] == [code]


async def test_a_browser_gets_a_page_and_a_bare_client_does_not(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        page = await http.get(server.url, headers={"accept": "text/html,application/xhtml+xml"})
        bare = await http.get(server.url)

    assert page.headers["content-type"].startswith("text/html")
    assert "Snapinfra" in page.text
    assert "html" not in bare.headers["content-type"]


async def test_health_says_what_answers(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{server.origin}/api/health")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], set(body["services"].values())) == ("healthy", {"connected"})
    assert set(body["services"]) == {"dynamodb", "s3", "sqs", "events", "clerk", "ai"}


async def test_a_process_says_that_it_is_alive_without_looking_at_anything_else(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(f"{server.origin}/api/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_mutation_is_not_run_by_get(server: Server, alice: User) -> None:
    mutation = 'mutation { createProject(input: {name: "x"}) { project { id } } }'
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(
            server.url, params={"query": mutation}, headers={"authorization": f"Bearer {alice.token}"}
        )

    assert answer.status_code in (400, 405)
    assert (await alice.ask("{ projects { nodes { id } } }"))["projects"]["nodes"] == []


async def test_a_page_of_another_origin_may_call_where_the_settings_name_it(emulator: str) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    with serving(settings(emulator, CORS_ORIGIN="https://app.example")) as running:
        async with httpx.AsyncClient(verify=trusted()) as http:
            known = await http.options(running.url, headers={"origin": "https://app.example", **asked})
            other = await http.options(running.url, headers={"origin": "https://other.example", **asked})

    assert known.status_code == 200
    assert known.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in known.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-31T12:00:00", 5, "2026-99-01T00:00:00Z"])
async def test_a_variable_that_is_no_moment_is_the_callers_mistake(alice: User, moment: object) -> None:
    answer = await alice.result(
        "query($start: DateTime!, $end: DateTime!) { metricsOverview(range: {start: $start, end: $end}) { start } }",
        start=moment,
        end="2026-01-31T12:00:00Z",
    )

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert "with its time zone" in answer["errors"][0]["message"]
