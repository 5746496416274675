"""A client that is killed while it is sent to."""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.sync.client import connect

from graph.guard import Guard, GuardedConfig
from graph.socket_connections import GuardedSocket
from services.foundation.aws.emulator import free_port
from tests.snapinfra import settings

BURSTS = 40
BURST = 2_000
"""Messages sent before anything else runs, as to many subscriptions of one socket; the client goes meanwhile."""


class Talking:
    """An application that sends on and on, and keeps how it ended."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(BURSTS):
            for _ in range(BURST):
                try:
                    await send({"type": "websocket.send", "text": "x"})
                except OSError:
                    self.refused += 1
            await asyncio.sleep(0)
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


def come_and_go(port: int) -> None:
    """Open a socket, read a little, and reset the connection, in a thread of its own."""
    with connect(f"ws://127.0.0.1:{port}/", max_size=None) as client:
        client.recv()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(client.socket.detach())


async def test_nothing_is_written_to_a_client_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    application, port = Talking(), free_port()
    with caplog.at_level(logging.WARNING):
        async with running(application, port), asyncio.timeout(30):
            await asyncio.to_thread(come_and_go, port)
            await application.ended.wait()

    assert application.refused > 0
    assert [record.getMessage() for record in caplog.records] == []
