"""Who is refused while still sending hears so before the connection ends, and can't send for long after."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from websockets.frames import Frame, Opcode

from graph.lingering import MOST_DROPPED
from services.core.tls import trusted
from tests.flooding import flood
from tests.snapinfra import Server, User

TIMES = 6
MANY = 5_000_000
"""Bytes that no buffers of a connection hold."""
BUFFERS = 16_000_000
"""Bytes that those of both ends hold, at most."""
ROOM = 1_048_576


def head(length: str, *more: str, path: str = "/graphql") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json", length, *more, "", "")
    return "\r\n".join(lines).encode()


def ask_by_urllib(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - loopback
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
    with refused.value as answer:
        return answer.code, json.load(answer)


@pytest.mark.parametrize("size", [ROOM + 40, MANY])
async def test_a_body_that_is_too_long_is_refused_with_an_answer_each_time(server: Server, size: int) -> None:
    json_ = {"content-type": "application/json", "accept": "application/graphql-response+json"}
    hers = {**json_, "authorization": f"Bearer {server.user().token}"}

    for _ in range(TIMES):
        status, refused = await asyncio.to_thread(ask_by_urllib, server.url, b"{" * size, hers)
        nobodys, unknown = await asyncio.to_thread(ask_by_urllib, server.url, b"{" * size, json_)

        assert (status, refused["errors"][0]["message"]) == (413, f"The body has more than {ROOM:,} bytes.")
        assert (nobodys, unknown["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nothing", {}, 404),
        ("/api/live", {}, 405),
        ("/graphql", {"content-type": "text/plain"}, 415),
        ("/graphql", {"content-type": "application/json", "authorization": "Bearer nonsense"}, 401),
        ("/api/webhooks/clerk", {}, 413),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_whatever_is_answered_early_is_heard_and_ends_the_connection(
    server: Server, path: str, headers: dict[str, str], status: int, *, is_chunked: bool
) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(MANY // 50_000):
            yield b"x" * 50_000

    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        for _ in range(TIMES):
            content = chunks() if is_chunked else b"x" * MANY
            answer = await http.post(f"{server.origin}{path}", content=content, headers=headers)

            assert (answer.status_code, answer.headers["connection"]) == (status, "close")


async def test_a_small_body_that_nobody_reads_keeps_the_connection(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        for size in (100, 65_536, 1):
            answer = await http.post(f"{server.origin}/nothing", content=b"x" * size)

            assert (answer.status_code, "connection" in answer.headers) == (404, False)


async def test_after_a_body_that_nobody_reads_comes_the_next_request(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    async with asyncio.timeout(30):
        for _ in range(3):
            writer.write(head("content-length: 10", path="/nothing") + b"x")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
            writer.write(b"x" * 9)
            await reader.readexactly(9)  # Not Found
    writer.close()


async def test_who_waits_to_be_told_to_send_is_told_not_to(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    async with asyncio.timeout(30):
        writer.write(head(f"content-length: {MANY}", "expect: 100-continue"))
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in answer
    assert answer.endswith(b"}")


@pytest.mark.parametrize("pause", [0, 0.05])
async def test_who_does_not_stop_sending_is_cut_off(server: Server, pause: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    writer.write(head("content-length: 1000000000"))
    sent, block = 0, b"x" * (1_000 if pause else 500_000)
    async with asyncio.timeout(60):
        with suppress(ConnectionError):
            while True:
                writer.write(block)
                await writer.drain()
                sent += len(block)
                await asyncio.sleep(pause)
        with suppress(ConnectionError):
            assert b"UNAUTHENTICATED" in await reader.read()
    writer.close()

    assert sent < MOST_DROPPED + BUFFERS


async def flooded(user: User, frames: bytes) -> int | None:
    payload = {"Authorization": f"Bearer {user.token}"}
    return await asyncio.to_thread(flood, user.url, frames, payload=payload)


@pytest.mark.parametrize(
    ("frame", "times", "code"),
    [
        (Frame(Opcode.PING, b"x" * 125), 80_000, 1008),
        (Frame(Opcode.PONG, b""), 100_000, 1008),
        (Frame(Opcode.TEXT, b'{"type": "ping"}'), 100_000, 1008),
        (Frame(Opcode.TEXT, b" " * 2_000_000), 5, 1009),
        (Frame(Opcode.TEXT, b"\xff" * 1_000), 5_000, 1007),
    ],
    ids=["pings", "small pongs", "messages", "long messages", "no text"],
)
async def test_a_socket_that_floods_is_told_why_it_is_closed_each_time(
    alice: User, caplog: pytest.LogCaptureFixture, frame: Frame, times: int, code: int
) -> None:
    frames = frame.serialize(mask=True) * times
    for _ in range(TIMES):
        assert await flooded(alice, frames) == code
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_socket_that_floods_after_it_was_closed_is_not_listened_to(alice: User) -> None:
    nonsense = Frame(Opcode.TEXT, b"nonsense").serialize(mask=True)
    pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 100_000

    assert await flooded(alice, nonsense + pings) in {4400, 1008}
