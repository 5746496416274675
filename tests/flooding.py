"""A socket whose client writes frames as fast as they go, and hears with which code it is closed.

The client is the one with threads: asyncio's transport fails in its own code (`_loop` is None) where it is closed while
it holds what was written past the client (Python 3.11).
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

PATIENCE = 30.0
"""Seconds for which the end is waited for."""


def flood(
    url: str, frames: bytes, *, payload: Mapping[str, str] | None, headers: Mapping[str, str] | None = None
) -> int | None:
    """Write frames on a socket, signed in with the payload if there is one; return the code of the close frame.

    None, where the connection ended without one. Blocks: for a thread.
    """
    with connect(
        f"ws{url.removeprefix('http')}",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers=headers,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        close_timeout=1,
    ) as socket:
        if payload is not None:
            socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            socket.recv(PATIENCE)
        with suppress(OSError):  # it is closed while more is being written
            socket.socket.sendall(frames)
        try:
            while True:
                socket.recv(PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code
