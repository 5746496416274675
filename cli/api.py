"""The api of a process: GraphQL over HTTP and sockets, served on an address until its block ends."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn

from graph.app import create_app
from graph.guard import Guard, GuardedConfig
from graph.http_connections import GuardedHttp
from graph.socket_connections import GuardedSocket
from services.bootstrap import Process
from services.config import BadConfig

UNSENT: Final = 16_384
"""Bytes that the kernel takes of what a client does not take: it would keep megabytes, and nobody would know."""

EXIT_GRACE: Final = 5
"""Seconds that open connections get when the api stops."""


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: the command decides when it stops."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises BadConfig where it can't.

    Its connections send at once: asyncio sees to that only where a socket says IPPROTO_TCP, and `create_server`'s says
    nothing. Else each body would wait until its headers are acknowledged, which takes 40 ms.
    """
    try:
        listener = socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise BadConfig(
            f"The api can't listen on {host}:{port}: {os.strerror(error.errno or 0)}. "
            f"Choose another port by the setting PORT: `PORT={port + 1} make dev`, or --port of `snapinfra dev`."
        ) from None
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    return listener


@asynccontextmanager
async def api(process: Process) -> AsyncGenerator[None]:
    """Serve for the length of the block."""
    config = process.services.config
    listener = listening(config.host, config.port)
    guard = Guard(config)
    server = Server(
        GuardedConfig(
            create_app(process.services),
            guard=guard,
            http=GuardedHttp,
            ws=GuardedSocket,
            ws_per_message_deflate=False,  # costs 39 KiB a socket
            timeout_graceful_shutdown=EXIT_GRACE,  # a client that never reads would else block the exit
            log_config=None,
            log_level="warning",
            access_log=False,  # graph.access_log has a line for each operation
            forwarded_allow_ips=list(config.trusted_proxies),
            server_header=False,
            ssl_certfile=config.tls_cert,
            ssl_keyfile=config.tls_key,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with guard.watching():
            yield
    finally:
        for accepting in getattr(server, "servers", ()):  # none where it did not come to listen
            accepting.close()
        try:
            await guard.part()
        finally:
            server.should_exit = True
            await task
            listener.close()
