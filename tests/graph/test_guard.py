"""Connections that let us wait, send too much at once, or are too many: they end, and nobody else notices."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from graph.guard import Due, Guard
from graph.http_connections import MOST_HEADERS, MOST_PIPELINED
from graph.socket_connections import CONTROLS, MESSAGES, MOST_BEFORE_INIT, MOST_INIT
from graph.transport import MOST_ANONYMOUS
from services.core.tls import trusted
from tests.snapinfra import Server, User, serving, settings

REQUEST = b"GET /api/live HTTP/1.1\r\nhost: localhost\r\n\r\n"
POST = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
CHUNKED = (
    b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
)
QUERY = b'{"query": "{ __typename }"}'
SEATS = 8


@pytest.fixture(scope="module")
def strict(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api that does not wait for long, and to which this machine is an address like others."""
    with serving(
        settings(
            emulator,
            SNAPINFRA_DATA=str(tmp_path_factory.mktemp("strict")),
            FORWARDED_ALLOW_IPS="192.0.2.1",
            HEADER_SECONDS="1",
            BODY_SECONDS="1",
            INIT_SECONDS="1",
            IDLE_SECONDS="1",
            CONNECTIONS_PER_ADDRESS=str(SEATS),
            SOCKETS_PER_ADDRESS="2",
            SOCKETS_PER_USER="3",
        )
    ) as running:
        yield running


@asynccontextmanager
async def opened(server: Server) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def greeting(server: Server) -> connect:
    url = f"ws{server.url.removeprefix('http')}"
    return connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], ping_interval=None, max_size=None)


async def answers(server: Server) -> bool:
    """Wait until the api has room for somebody else."""
    async with asyncio.timeout(30), httpx.AsyncClient(verify=trusted()) as http:
        while True:
            with suppress(httpx.TransportError):
                if (await http.get(f"{server.origin}/api/live")).status_code == 200:
                    return True


async def end(socket: ClientConnection) -> int:
    """Return the code with which the server closes a socket, whatever it says before."""
    async with asyncio.timeout(30):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


async def send_frames(socket: ClientConnection, frame: Frame, number: int) -> None:
    """Send so many frames as they are, as fast as they go."""
    socket.transport.write(frame.serialize(mask=True) * number)


@pytest.mark.parametrize("begun", [b"", b"GET ", b"GET / HTTP/1.1\r\nhost: lo", POST])
async def test_a_request_that_does_not_come_to_its_end_is_not_waited_for(strict: Server, begun: bytes) -> None:
    async with opened(strict) as (reader, writer), asyncio.timeout(30):
        writer.write(begun)

        assert await reader.read() == b""


async def test_a_request_that_comes_by_drops_is_not_waited_for_longer(strict: Server) -> None:
    async with opened(strict) as (reader, writer), asyncio.timeout(30):
        ended = asyncio.create_task(reader.read())
        writer.write(b"GET / HTTP/1.1\r\n")
        while not ended.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.1)

        assert await ended == b""


async def test_a_connection_is_kept_for_the_next_request_and_the_body_of_one_too_early_is_not(strict: Server) -> None:
    async with opened(strict) as (reader, writer), asyncio.timeout(30):
        for _ in range(3):
            writer.write(REQUEST)
            answer = await reader.readuntil(b'{"status":"alive"}')
            assert answer.startswith(b"HTTP/1.1 200 OK")
            await asyncio.sleep(0.7)  # all three take longer than one may

    assert await answers(strict)


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /api/live HTTP/1.1\r\n" + b"x: " + b"y" * (MOST_HEADERS + 10_000),
        b"GET /" + b"y" * (MOST_HEADERS + 10_000),
        b"GET /api/live HTTP/1.1\r\n" + b"x: y\r\n" * (MOST_HEADERS // 4),
        REQUEST * (MOST_PIPELINED * 20),
        CHUNKED + b"1\r\n{\r\n0\r\n" + b"a:b\r\n" * (MOST_HEADERS // 3),
        CHUNKED + b"1\r\n{\r\n0\r\n" + b"a:" + b"b" * (MOST_HEADERS + 20_000),
        CHUNKED + b"1\r\n{\r\n0\r\n" + b"a" * (MOST_HEADERS + 20_000),
        CHUNKED + b"1;" + b"a" * (MOST_HEADERS + 20_000),
        CHUNKED + (b"1;" + b"a" * 1_000 + b"\r\n{\r\n") * (MOST_HEADERS // 500),
        b"\r\n" * MOST_HEADERS,
    ],
)
async def test_headers_without_end_and_many_requests_at_once_end_the_connection(strict: Server, flood: bytes) -> None:
    async with opened(strict) as (reader, writer), asyncio.timeout(30):
        writer.write(flood)
        said = b""
        with suppress(ConnectionError):  # of what it did not read
            said = await reader.read()

    assert said.count(b"HTTP/1.1 200 OK") <= MOST_PIPELINED


@pytest.mark.parametrize("trailers", [b"", b"a: b\r\n", b"Authorization: Bearer x\r\n" * 100])
async def test_a_body_in_chunks_of_one_byte_is_read_and_what_follows_it_is_not(server: Server, trailers: bytes) -> None:
    long = QUERY + b" " * (MOST_ANONYMOUS - len(QUERY))
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in long)
    async with opened(server) as (reader, writer), asyncio.timeout(30):
        for _ in range(2):
            writer.write(CHUNKED + chunks + b"0\r\n" + trailers + b"\r\n")
            answer = await reader.readuntil(b'"Query"}}')

            assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_an_address_has_so_many_connections_at_once_and_room_again_when_they_end(strict: Server) -> None:
    assert await answers(strict)
    many = [await asyncio.open_connection("127.0.0.1", strict.config.port) for _ in range(SEATS)]
    async with opened(strict) as (reader, _), asyncio.timeout(30):
        refused = await reader.read()
    for _, writer in many:
        writer.close()

    assert refused.startswith(b"HTTP/1.1 429 ")
    assert await answers(strict)


async def test_a_proxy_may_have_any_number_of_connections(server: Server) -> None:
    many = [await asyncio.open_connection("127.0.0.1", server.config.port) for _ in range(600)]

    assert await answers(server)
    for _, writer in many:
        writer.close()


async def test_a_socket_that_does_not_begin_is_closed_and_one_of_nobody_that_is_idle(strict: Server) -> None:
    async with greeting(strict) as silent, greeting(strict) as idle:
        await idle.send('{"type": "connection_init"}')
        await idle.recv()
        await idle.send('{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}')
        await idle.recv()

        assert await end(silent) == 4408
        assert await end(idle) == 1000


async def test_nobody_who_has_signed_in_is_idle(strict: Server) -> None:
    async with strict.user().socket() as socket:
        await asyncio.sleep(2.5)  # more than twice what a socket of nobody may be idle
        await socket.send('{"type": "ping"}')

        assert json.loads(await socket.recv()) == {"type": "pong"}


async def test_an_address_has_so_many_sockets_of_nobody_and_a_user_so_many_of_theirs(strict: Server) -> None:
    alice, bob = strict.user(), strict.user()
    async with alice.socket(), alice.socket(), alice.socket() as last:
        async with greeting(strict), greeting(strict):
            with pytest.raises(InvalidStatus) as refused:
                async with greeting(strict):
                    pass
        async with greeting(strict) as one_more:
            payload = {"Authorization": f"Bearer {alice.token}"}
            await one_more.send(json.dumps({"type": "connection_init", "payload": payload}))
            code = await end(one_more)
        async with bob.socket():
            await last.send('{"type": "ping"}')
            answered = await last.recv()

    assert (refused.value.response.status_code, code) == (429, 1013)
    assert json.loads(refused.value.response.body or b"")["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert json.loads(answered) == {"type": "pong"}


@pytest.mark.parametrize(
    ("frame", "number"),
    [
        (Frame(Opcode.PING, b""), CONTROLS[0] + 10),
        (Frame(Opcode.PONG, b"x"), CONTROLS[0] + 10),
        (Frame(Opcode.TEXT, b'{"type": "pong"}'), MESSAGES[0] + 100),
        (Frame(Opcode.TEXT, b'{"type": "ping"}'), MESSAGES[0] + 100),
    ],
    ids=["pings", "pongs", "pongs in messages", "pings in messages"],
)
async def test_too_many_frames_at_once_end_the_socket(alice: User, frame: Frame, number: int) -> None:
    async with alice.socket() as socket:
        await send_frames(socket, frame, number)

        assert await end(socket) == 1008


async def test_a_message_in_too_many_fragments_ends_the_socket(alice: User) -> None:
    async with alice.socket() as socket:
        await send_frames(socket, Frame(Opcode.TEXT, b'{"a": "', fin=False), 1)
        await send_frames(socket, Frame(Opcode.CONT, b"", fin=False), MESSAGES[0] + 10)

        assert await end(socket) == 1008


async def test_before_a_socket_is_signed_in_there_are_few_frames_and_small_ones(server: Server) -> None:
    async with greeting(server) as many, greeting(server) as large, greeting(server) as polite:
        await send_frames(many, Frame(Opcode.TEXT, b'{"type": "ping"}'), MOST_BEFORE_INIT + 10)
        await large.send(" " * (MOST_INIT + 1))
        await polite.send('{"type": "ping"}')
        await polite.send('{"type": "connection_init"}')

        assert await end(many) == 1008
        assert await end(large) == 1009
        assert [json.loads(await polite.recv())["type"] for _ in range(2)] == ["pong", "connection_ack"]


async def test_who_has_not_signed_in_sends_less_at_once(server: Server) -> None:
    long = {"query": "{ __typename }", "variables": {"text": "x" * MOST_ANONYMOUS}}
    message = json.dumps({"type": "subscribe", "id": "1", "payload": long})
    alice = server.user()
    async with httpx.AsyncClient(verify=trusted()) as http, greeting(server) as socket, alice.socket() as hers:
        nobody = await http.post(server.url, json=long)
        somebody = await http.post(server.url, json=long, headers={"authorization": f"Bearer {alice.token}"})
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(message)
        code = await end(socket)
        await hers.send(message)
        answered = json.loads(await hers.recv())

    assert (nobody.status_code, somebody.status_code, code) == (401, 200, 1009)
    assert nobody.json()["errors"][0] == {
        "message": "Sign in first: without, a body has at most 65,536 bytes.",
        "extensions": {"code": "UNAUTHENTICATED"},
    }
    assert answered["payload"] == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("fragments", [[b"\xff"], [b'{"a": "\xc3', b'\x28"}'], [b"\xf0\x9f", b"\x98"]])
async def test_text_that_is_no_utf8_closes_the_socket_and_nothing_is_logged(
    alice: User, fragments: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    *begun, last = fragments
    async with alice.socket() as socket:
        for place, part in enumerate(begun):
            await send_frames(socket, Frame(Opcode.CONT if place else Opcode.TEXT, part, fin=False), 1)
        await send_frames(socket, Frame(Opcode.CONT if begun else Opcode.TEXT, last), 1)

        assert await end(socket) == 1007
    assert caplog.records == []


async def test_text_in_fragments_is_put_together_wherever_it_is_cut(alice: User) -> None:
    text = json.dumps({"type": "ping", "payload": {"a": "€🚀"}}, ensure_ascii=False).encode()
    async with alice.socket() as socket:
        await send_frames(socket, Frame(Opcode.TEXT, text[:1], fin=False), 1)
        for byte in text[1:]:
            await send_frames(socket, Frame(Opcode.CONT, bytes([byte]), fin=False), 1)
        await send_frames(socket, Frame(Opcode.CONT, b""), 1)

        answered: Any = json.loads(await socket.recv())
    assert answered == {"type": "pong", "payload": {"a": "€🚀"}}


async def test_requests_that_are_none_are_logged_once_however_many_come(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        async with opened(server) as (reader, writer), asyncio.timeout(30):
            writer.write(b"\x00\x01 what is this\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    assert [record.message for record in caplog.records] in ([], ["Invalid HTTP request received."])


async def test_who_leaves_with_requests_that_wait_leaves_no_trace(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"query": get_introspection_query()}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port, limit=1024)
        writer.write((head.encode() + body) * 5)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    assert await answers(server)
    assert caplog.records == []


@dataclass(eq=False)
class Standing:
    """A connection that notes when it was sent away."""

    is_socket: bool
    sent_away: list[object]
    transport: Any = field(default_factory=lambda: SimpleNamespace(is_closing=lambda: False, abort=lambda: None))
    client: tuple[str, int] | None = None
    due: Due = field(default_factory=Due)

    def let_go(self) -> None:
        self.transport.abort()

    def shutdown(self) -> None:
        self.sent_away.append(self)
        if len(self.sent_away) % 2:
            raise RuntimeError("Its client has brought it into an odd state.")


async def test_sockets_are_sent_away_one_by_one_in_no_order(strict: Server) -> None:
    guard, sent_away, turns = Guard(strict.config), list[object](), 0
    sockets = [Standing(is_socket=True, sent_away=sent_away) for _ in range(50)]
    for number, connection in enumerate([*sockets, Standing(is_socket=False, sent_away=sent_away)]):
        connection.client = (f"198.51.100.{number}", 1)
        guard.enter(connection)

    parting = asyncio.create_task(guard.part())
    while not parting.done():
        turns += 1
        await asyncio.sleep(0)

    assert len(sent_away) == len(sockets)
    assert set(sent_away) == set(sockets)
    assert sent_away != sockets
    assert turns > len(sockets), "others have their turns meanwhile"


async def test_who_watches_as_a_server_goes_is_told_to_come_again(
    emulator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ExitStack() as stack:
        config = settings(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("going")))
        server = stack.enter_context(serving(config))
        sockets = [await greeting(server) for _ in range(20)]
        ends = [asyncio.create_task(end(socket)) for socket in sockets]
        await asyncio.to_thread(stack.close)

    assert await asyncio.gather(*ends) == [1012] * len(sockets)
