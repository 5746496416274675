"""The promise that a request for GraphQL is answered on its connection as uvicorn's cycle would answer it.

Connections are made up: requests of every kind, some of them none, one behind the other, in pieces that are cut
anywhere. Both servers are ours, over the same entrance, which the second one does not know.
"""

import asyncio
import itertools
import random
import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from cli.api import listening
from graph.app import create_app
from graph.guard import Guard, GuardedConfig
from graph.http_connections import GuardedHttp
from services.bootstrap import Services
from services.config import Config
from services.foundation.aws.emulator import free_port
from tests.snapinfra import provisioned

CONNECTIONS = 150
METHODS = ["POST"] * 8 + ["GET", "PUT", "HEAD"]
TARGETS = ["/graphql"] * 8 + ["/graphql?query={__typename}", "/api/live", "/%67raphql", "*"]
HEADERS = [
    "accept: application/graphql-response+json",
    "accept: text/plain",
    "accept-encoding: gzip",
    "authorization: Bearer none",
    "connection: keep-alive",
    "content-encoding: gzip",
    "expect: 100-continue",
    "host: evil.example",
    "origin: https://elsewhere.example",
    "x-forwarded-for: 192.0.2.7, 127.0.0.1",
    "x-forwarded-proto: https",
    "x-request-id: request-1234",
]
BODIES = [
    b'{"query": "{ __typename }"}',
    b'{"query": "{ viewer { id } }"}',
    b'{"query": "{ __schema { types { name description } } }"}',
    b'{"query": "{ nothing }"}',
    b'{"query": ',
    b"[]",
    b"",
    b'{"query": "{ __typename }", "variables": {"x": "%s"}}' % (b"x" * 70_000),
]
NEVER_THE_SAME = re.compile(rb"(date|x-request-id|ratelimit-\w+): [^\r]*\r\n")


class Unknown:
    """The entrance, as any application."""

    def __init__(self, entrance: ASGIApp) -> None:
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._entrance(scope, receive, send)


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    data = str(tmp_path_factory.mktemp("data"))
    return provisioned(emulator, SNAPINFRA_DATA=data, FORWARDED_ALLOW_IPS="127.0.0.1", API_RATE_PER_MINUTE="6000")


@asynccontextmanager
async def listening_with(application: ASGIApp, config: Config) -> AsyncGenerator[int]:
    port = free_port()
    chosen = GuardedConfig(
        application,
        guard=Guard(config),
        http=GuardedHttp,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=list(config.trusted_proxies),
        lifespan="off",
    )
    server = uvicorn.Server(chosen)
    task = asyncio.create_task(server.serve(sockets=[listening("127.0.0.1", port)]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def both(services: Services) -> AsyncGenerator[tuple[int, int]]:
    entrance = create_app(services)
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(listening_with(entrance, services.config))
        theirs = await stack.enter_async_context(listening_with(Unknown(entrance), services.config))
        yield ours, theirs


def request(chosen: random.Random, *, is_last: bool) -> bytes:
    """Make up a request."""
    lines = [f"{chosen.choice(METHODS)} {chosen.choice(TARGETS)} HTTP/1.{chosen.choice('1111110')}"]
    lines += ["host: localhost"] if chosen.random() < 0.95 else []
    lines += ["content-type: application/json"] if chosen.random() < 0.9 else []
    lines += chosen.sample(HEADERS, chosen.choice([0, 0, 0, 1, 1, 2, 3]))
    lines += ["Connection: close"] if is_last else []
    body = chosen.choice(BODIES)
    if chosen.random() < 0.7:
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in cut(body, chosen))
    return "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode() + chunks + b"0\r\n\r\n"


def cut(text: bytes, chosen: random.Random) -> Iterator[bytes]:
    """Yield a text in pieces, none of which is empty."""
    ends = sorted({*(chosen.randrange(len(text) + 1) for _ in range(chosen.choice([0, 0, 1, 3]))), 0, len(text)})
    for start, end in itertools.pairwise(ends):
        yield text[start:end]


async def answered(port: int, pieces: Sequence[bytes]) -> bytes:
    """Send pieces, each in a turn of its own, and return all that comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hearing = asyncio.create_task(heard(reader))
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)
    async with asyncio.timeout(20):
        try:
            return await hearing
        finally:
            writer.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    answers = bytearray()
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            answers += part
    return bytes(answers)


def seen(answers: bytes) -> list[bytes]:
    """Return what differs from answer to answer only by a mistake: headers may come in any order."""
    heads_and_bodies = NEVER_THE_SAME.sub(b"", answers).split(b"\r\n\r\n")
    return [b"\n".join(sorted(part.split(b"\r\n"))) for part in heads_and_bodies]


@pytest.mark.parametrize("seed", range(CONNECTIONS // 10))
async def test_whatever_comes_on_a_connection_is_answered_as_uvicorn_would(both: tuple[int, int], seed: int) -> None:
    chosen = random.Random(seed)  # noqa: S311 - made-up requests
    for _ in range(10):
        count = chosen.choice([1, 1, 2, 3, 6])
        sent = b"".join(request(chosen, is_last=number == count) for number in range(1, count + 1))
        pieces = list(cut(sent, chosen))

        ours, theirs = [await answered(port, pieces) for port in both]

        assert seen(ours) == seen(theirs), sent[:2_000]


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_let_go(both: tuple[int, int]) -> None:
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"
    )
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", both[0])
        writer.write(head)
        await writer.drain()
        writer.transport.abort()

    assert b"200 OK" in await answered(both[0], [post(b"connection: close\r\n")])


async def test_a_trusted_proxy_says_whose_requests_are_counted(both: tuple[int, int]) -> None:
    of_one = [post(_for("192.0.2.1", "keep-alive"))] * 9 + [post(_for("192.0.2.1"))]
    left_of_one = remaining(await answered(both[0], of_one))
    left_of_another = remaining(await answered(both[0], [post(_for("192.0.2.2"))]))

    assert left_of_one < left_of_another


def post(more: bytes) -> bytes:
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
    )
    return head % (len(BODIES[0]), more) + BODIES[0]


def _for(address: str, connection: str = "close") -> bytes:
    return f"x-forwarded-for: {address}\r\nconnection: {connection}\r\n".encode()


def remaining(answer: bytes) -> int:
    """Return how many requests the last answer leaves."""
    return min(map(int, re.findall(rb"ratelimit-remaining: (\d+)", answer)))
