"""Clients that do not read what they are sent: they are told to come again where they hear it, and soon gone."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any

import pytest
import uvicorn
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cli.api import UNSENT, listening
from graph.guard import Guard, GuardedConfig
from graph.http_connections import GuardedHttp
from graph.socket_connections import BEHIND, WAITING, GuardedSocket
from services.foundation.aws.emulator import free_port
from tests.snapinfra import settings

MESSAGE = b"x" * 1_000
UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
)


def on_uvloop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Run a test on the api's loop, whose transports are others than asyncio's."""

    @wraps(test)
    def run() -> None:
        uvloop.run(test())

    return run


class Talking:
    """An application that sends on and on, of which the last client's connection can be looked at."""

    def __init__(self) -> None:
        self.sent = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.connection: GuardedSocket = scope["state"]["connection"]
        await receive()
        await send({"type": "websocket.accept"})
        while await self.connection.send_text(MESSAGE):
            self.sent += 1
        self.ended.set()

    async def is_behind(self) -> None:
        """Wait until nothing goes any more."""
        sent = -1
        while self.sent != sent or self.sent == 0:
            sent = self.sent
            await asyncio.sleep(0.3)


@asynccontextmanager
async def running(application: Talking) -> AsyncGenerator[tuple[Guard, int]]:
    guard, port = Guard(settings("http://127.0.0.1:1")), free_port()
    config = GuardedConfig(
        application, guard=guard, http=GuardedHttp, ws=GuardedSocket, log_config=None, ws_per_message_deflate=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening("127.0.0.1", port)]))
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    try:
        async with guard.watching():
            yield guard, port
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def not_reading(port: int) -> AsyncGenerator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{port}/", max_queue=1, ping_interval=None, close_timeout=1) as client:
        client.transport.pause_reading()
        yield client


@on_uvloop
async def test_little_waits_for_a_client_that_does_not_read() -> None:
    application = Talking()
    async with running(application) as (_, port), not_reading(port), asyncio.timeout(30):
        await application.is_behind()
        waiting = application.connection.transport.get_write_buffer_size()
        due = application.connection.due.writing
        left = 0 if due is None else due - asyncio.get_running_loop().time()

    assert WAITING < waiting < WAITING + 2 * len(MESSAGE)
    assert BEHIND - 5 < left <= BEHIND
    assert application.sent * len(MESSAGE) < 20 * UNSENT, "the kernel takes little of it"


@on_uvloop
async def test_whoever_reads_again_hears_that_it_is_to_come_again_behind_all_that_it_was_sent() -> None:
    application = Talking()
    async with running(application) as (guard, port), not_reading(port) as client, asyncio.timeout(30):
        await application.is_behind()
        application.connection.due.writing = 0
        while not application.connection.transport.is_closing():  # noqa: ASYNC110 - the guard tells nobody
            await asyncio.sleep(0.01)
        came = 0
        client.transport.resume_reading()
        with suppress(ConnectionClosed):
            while await client.recv():
                came += 1
        await application.ended.wait()

    assert (client.close_code, came) == (1013, application.sent)
    assert guard.awaited == set()


@on_uvloop
async def test_whoever_never_reads_is_gone_soon_after_with_what_the_kernel_held() -> None:
    application = Talking()
    async with running(application) as (guard, port), asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(UPGRADE)
        await application.is_behind()
        began = asyncio.get_running_loop().time()
        application.connection.due.writing = 0
        await application.ended.wait()
        took = asyncio.get_running_loop().time() - began
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()

    assert took < GuardedSocket.patience + 2
    assert guard.awaited == set()
