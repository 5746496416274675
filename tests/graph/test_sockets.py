"""What a socket makes of messages: malformed ones get the protocol's code, bad operations an error."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.snapinfra import Server, User

SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}

MALFORMED: list[Any] = [
    "no json",
    "",
    "5",
    "null",
    "[]",
    '"text"',
    "[" * 100_000,
    '{"type": "ping", "payload": {"a": NaN}}',
    '{"type": "ping", "payload": {"a": ' + "1" * 5_000 + "}}",
    b'{"type": "ping"}',
    {},
    {"type": None},
    {"type": 5},
    {"type": ["ping"]},
    {"type": "start"},
    {"type": "next", "id": "1", "payload": {}},
    {"type": "ping", "payload": 5},
    {"type": "pong", "payload": []},
    {"type": "subscribe"},
    {"type": "subscribe", "id": "1"},
    {"type": "subscribe", "payload": {"query": "{ __typename }"}},
    {**SUBSCRIBE, "id": 1},
    {**SUBSCRIBE, "id": ""},
    {**SUBSCRIBE, "id": {}},
    {**SUBSCRIBE, "payload": None},
    {**SUBSCRIBE, "payload": "{ __typename }"},
    {**SUBSCRIBE, "payload": {}},
    {**SUBSCRIBE, "payload": {"query": None}},
    {**SUBSCRIBE, "payload": {"query": ["{ __typename }"]}},
    {**SUBSCRIBE, "payload": {"query": "{ __typename }", "variables": []}},
    {**SUBSCRIBE, "payload": {"query": "{ __typename }", "variables": "{}"}},
    {**SUBSCRIBE, "payload": {"query": "{ __typename }", "operationName": 5}},
    {**SUBSCRIBE, "payload": {"query": "{ __typename }", "extensions": 5}},
    {"type": "complete"},
    {"type": "complete", "id": 5},
]


def greeting(server: Server) -> connect:
    return connect("ws" + server.url.removeprefix("http"), subprotocols=[Subprotocol("graphql-transport-ws")])


async def say(socket: ClientConnection, message: Any) -> None:
    await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))


async def end(socket: ClientConnection) -> int:
    """Return the code with which the server closes the socket, saying nothing more."""
    with pytest.raises(ConnectionClosed):
        await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


async def answers(socket: ClientConnection, operation: str) -> list[dict[str, Any]]:
    """Return what is said of an operation, to its end."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] == "next":
        found.append(json.loads(await socket.recv()))
        assert found[-1]["id"] == operation
    return found


@pytest.mark.parametrize("message", MALFORMED, ids=lambda message: str(message)[:60])
async def test_a_malformed_message_closes_the_socket_with_4400(
    alice: User, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with alice.socket() as socket:
        await say(socket, message)

        assert await end(socket) == 4400
    assert caplog.records == []


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "connection_init", "payload": 5}], 4400),
        ([{"type": "connection_init", "payload": "x"}], 4400),
        ([SUBSCRIBE], 4401),
        ([{"type": "connection_init", "payload": {"Authorization": "Bearer x.y.z"}}], 4403),
    ],
)
async def test_a_socket_that_does_not_begin_well_is_closed_with_the_protocols_code(
    server: Server, messages: list[Any], code: int
) -> None:
    async with greeting(server) as socket:
        for message in messages:
            await say(socket, message)

        assert await end(socket) == code


async def test_a_second_greeting_and_a_second_operation_of_one_id_close_the_socket(alice: User) -> None:
    async with alice.socket() as greeted_twice, alice.socket() as same_id:
        await say(greeted_twice, {"type": "connection_init"})
        team = await alice.team()
        watching = {"query": f'subscription {{ activityFeed(teamId: "{team}") {{ __typename }} }}'}
        await say(same_id, {**SUBSCRIBE, "payload": watching})
        await say(same_id, {**SUBSCRIBE, "payload": watching})

        assert await end(greeted_twice) == 4429
        assert await end(same_id) == 4409


@pytest.mark.parametrize("payload", [None, {}])
async def test_a_greeting_needs_no_payload(server: Server, payload: Any) -> None:
    async with greeting(server) as socket:
        await say(socket, {"type": "connection_init", "payload": payload})

        assert json.loads(await socket.recv()) == {"type": "connection_ack"}


async def test_a_ping_is_answered_with_its_payload_and_a_pong_with_nothing(alice: User) -> None:
    async with alice.socket() as socket:
        await say(socket, {"type": "pong", "payload": {"a": 1}})
        await say(socket, {"type": "ping", "payload": {"at": 5}})
        await say(socket, {"type": "ping"})

        assert json.loads(await socket.recv()) == {"type": "pong", "payload": {"at": 5}}
        assert json.loads(await socket.recv()) == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": ""}, "BAD_REQUEST"),
        ({"query": "{ viewer {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query a { __typename } query b { __typename }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query a { __typename }", "operationName": "b"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "fragment F on Query { __typename }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query($id: ID!) { node(id: $id) { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_an_operation_that_cannot_begin_gets_an_error_and_the_socket_goes_on(
    alice: User, payload: dict[str, Any], code: str
) -> None:
    async with alice.socket() as socket:
        await say(socket, {**SUBSCRIBE, "payload": payload})
        refused = await answers(socket, "1")
        await say(socket, {**SUBSCRIBE, "payload": {"query": "{ __typename }", "extensions": {"trace": True}}})
        begun = await answers(socket, "1")

    errors = refused[0]["payload"] if refused[0]["type"] == "error" else refused[0]["payload"]["errors"]
    assert [error["extensions"]["code"] for error in errors] == [code]
    assert [message["type"] for message in begun] == ["next", "complete"]
    assert begun[0]["payload"] == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "payload",
    [
        {"query": "query($id: ID!) { node(id: $id) { id } }"},
        {"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": {}}},
        {"query": "subscription($id: ID!) { generationEvents(id: $id) { __typename } }"},
        {"query": "{ nothing }"},
        {"query": "{ viewer {"},
        {"query": "query a { __typename } query b { __typename }"},
    ],
)
async def test_what_did_not_begin_has_no_data(alice: User, payload: dict[str, Any]) -> None:
    async with alice.socket() as socket:
        await say(socket, {**SUBSCRIBE, "payload": payload})
        refused = await answers(socket, "1")

    told = refused[0]["payload"]
    assert "data" not in told
    assert told["errors"] if refused[0]["type"] == "next" else told


async def test_what_fails_when_it_runs_has_null_for_data(alice: User) -> None:
    query = 'mutation { deleteWebhook(input: {webhookId: "webhook_x"}) { userErrors { message } } }'
    async with alice.socket() as socket:
        await say(socket, {**SUBSCRIBE, "payload": {"query": query}})
        failed = (await answers(socket, "1"))[0]

    assert (failed["type"], failed["payload"]["data"]) == ("next", None)
    assert failed["payload"]["errors"][0]["path"] == ["deleteWebhook"]


@pytest.mark.parametrize("name", ["", None])
async def test_an_empty_name_of_an_operation_is_none_as_by_http(alice: User, name: str | None) -> None:
    async with alice.socket() as socket:
        await say(socket, {**SUBSCRIBE, "payload": {"query": "query a { __typename }", "operationName": name}})
        one = await answers(socket, "1")
        several = {"query": "query a { __typename } query b { __typename }", "operationName": name}
        await say(socket, {**SUBSCRIBE, "payload": several})
        (ambiguous,) = await answers(socket, "1")

    assert one[0]["payload"] == {"data": {"__typename": "Query"}}
    assert ambiguous["payload"][0]["extensions"] == {"code": "OPERATION_RESOLUTION_FAILURE"}


async def test_completing_what_does_not_run_is_no_mistake(alice: User) -> None:
    async with alice.socket() as socket:
        await say(socket, {"type": "complete", "id": "nothing"})
        await say(socket, SUBSCRIBE)

        assert [message["type"] for message in await answers(socket, "1")] == ["next", "complete"]


async def test_an_operation_more_than_a_socket_may_have_gets_an_error_and_the_others_go_on(alice: User) -> None:
    team = await alice.team()
    watching = {"query": f'subscription {{ activityFeed(teamId: "{team}") {{ __typename }} }}'}
    async with alice.socket() as socket:
        for number in range(101):
            await say(socket, {**SUBSCRIBE, "id": str(number), "payload": watching})
        (refused,) = await answers(socket, "100")
        await say(socket, {"type": "complete", "id": "0"})
        await say(socket, {**SUBSCRIBE, "id": "again"})

        assert refused["payload"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfterMs": 1000}
        assert [message["type"] for message in await answers(socket, "again")] == ["next", "complete"]
