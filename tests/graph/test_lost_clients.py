"""A client that is killed while it is sent to."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect

from graph.guard import Guard, GuardedConfig
from graph.socket_connections import GuardedSocket
from services.aws.emulator import free_port
from tests.snapinfra import settings

MESSAGES = 2_000
BURST = 50
"""Messages that are sent before anything else runs, as to many subscriptions of one socket."""


class Talking:
    """An application that sends on and on, and keeps how it ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        for number in range(MESSAGES):
            try:
                await send({"type": "websocket.send", "text": "x"})
            except OSError:
                self.refused += 1
            if number % BURST == 0:
                await asyncio.sleep(0.01)
        self.ended.set()


@asynccontextmanager
async def running(application: Talking, port: int) -> AsyncGenerator[None]:
    """Run a server on asyncio's own loop, which has a line in the log for each write to nobody."""
    guard = Guard(settings("http://127.0.0.1:1"))
    server = uvicorn.Server(
        GuardedConfig(application, guard=guard, ws=GuardedSocket, port=port, log_config=None, lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def test_nothing_is_written_to_a_client_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    application, port = Talking(), free_port()
    with caplog.at_level(logging.WARNING):
        async with running(application, port), asyncio.timeout(30):
            client = await connect(f"ws://127.0.0.1:{port}/", max_size=None)
            await client.recv()
            gone = client.transport.get_extra_info("socket")
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not a farewell
            client.transport.abort()
            await application.ended.wait()

    assert application.refused > 0
    assert [record.getMessage() for record in caplog.records] == []
