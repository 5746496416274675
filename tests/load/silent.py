"""A process of clients that follow streams, get one event, and read nothing more: when they are let go, and with what.

    python -m tests.load.silent

A tenth of them, when they have read nothing for WAKES seconds, read again, to hear what they are told. The kernel
says when a connection has ended (poll), also to who does not read.
"""

import base64
import fcntl
import json
import os
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from bench.wire.client import CLOSE, HOST, TEXT, frame_at, masked
from graph.socket_connections import BEHIND, GuardedSocket
from tests.load.following import QUERY
from tests.load.process import be_nice, say

RECEIVED: Final = 4_096
"""Bytes that such a client's kernel takes, which the kernel doubles."""

WAKES: Final = (BEHIND, BEHIND + GuardedSocket.patience + 2)
"""Seconds after which some read again, each at another time; who does so too early is silent again after it."""

HEARS: Final = 0.3
"""Seconds for which they read."""

ONE_IN: Final = 10
"""So many of which one reads again."""

AT_ONCE: Final = 20
"""That come in at the same time."""

LOOK_EVERY: Final = 0.2

_FIRST: Final = {0x81, 0x88, 0x89}
"""With which a frame of the server begins: a message, a close, a ping. No other byte of what we get is one of them."""


@dataclass(eq=False)
class Silent:
    """One client."""

    connection: socket.socket
    wakes: float | None
    """Seconds after which it reads again, if it does."""
    held: int = 0
    """Bytes that its kernel has for it."""
    full: float = 0.0
    """When that last was more than before."""

    @classmethod
    def opened(cls, port: int, stream: str, token: str, *, wakes: float | None) -> "Silent":
        """Connect, sign in, and follow until the first event has come (blocks)."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
        connection.settimeout(60)
        connection.connect((HOST, port))
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(
            f"GET /graphql HTTP/1.1\r\nhost: {HOST}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            f"sec-websocket-key: {key}\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        _until(connection, b"\r\n\r\n")
        connection.sendall(_said({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        _until(connection, b"connection_ack")
        payload = {"query": QUERY, "variables": {"id": stream}}
        connection.sendall(_said({"type": "subscribe", "id": "1", "payload": payload}))
        _read_one(connection)
        return cls(connection, wakes)

    def look(self, now: float) -> None:
        held = struct.unpack("i", fcntl.ioctl(self.connection, termios.FIONREAD, bytes(4)))[0]
        if held > self.held:
            self.held, self.full = held, now

    def has_to_wake(self, now: float) -> bool:
        return self.wakes is not None and self.full > 0 and now > self.full + self.wakes

    def end(self) -> str | None:
        """Read to the end, and return the code of the close frame, or how else it ended; None if not (blocks)."""
        rest, until = b"", time.monotonic() + HEARS
        try:
            while part := self._part(until):
                rest += part
        except TimeoutError:
            return None
        except OSError:
            pass
        return code_in(rest) or "aborted"

    def _part(self, until: float) -> bytes:
        self.connection.settimeout(max(until - time.monotonic(), 0.001))
        return self.connection.recv(1 << 16)


def code_in(rest: bytes) -> str | None:
    """Return the code of the close frame among the frames that came; they may begin within one."""
    for start in (place for place, byte in enumerate(rest) if byte in _FIRST):
        at = start
        while at < len(rest) and rest[at] in _FIRST and (frame := frame_at(rest, at)) is not None:
            kind, begin, at = frame
            if kind == CLOSE and at == len(rest):
                return str(int.from_bytes(rest[begin : begin + 2], "big"))
    return None


def _said(message: dict[str, Any]) -> bytes:
    return masked(b"\x81", json.dumps(message).encode())


def _until(connection: socket.socket, end: bytes) -> None:
    came = b""
    while end not in came:
        part = connection.recv(4_096)
        if not part:
            raise ConnectionResetError(came.decode(errors="replace"))
        came += part


def _read_one(connection: socket.socket) -> None:
    """Read a whole message, and pings before it."""
    came, at = b"", 0
    while True:
        frame = frame_at(came, at)
        if frame is None:
            part = connection.recv(4_096)
            if not part:
                raise ConnectionResetError
            came += part
        elif frame[0] == TEXT:
            return
        else:
            at = frame[2]


def watch(clients: Sequence[Silent]) -> None:
    """Tell of each end, until all are gone or the input has ended (blocks)."""
    poll, left = select.poll(), {client.connection.fileno(): client for client in clients}
    for number in left:
        poll.register(number, select.POLLRDHUP)
    poll.register(sys.stdin, select.POLLIN)
    while left:
        events, now = dict(poll.poll(LOOK_EVERY * 1000)), time.monotonic()
        if sys.stdin.fileno() in events:
            return
        for number, client in list(left.items()):
            client.look(now)
            woke = number not in events
            if woke and not client.has_to_wake(now):
                continue
            how = client.end()
            if how is None:
                client.wakes, client.held = None, 0
                continue
            poll.unregister(number)
            del left[number]
            say(gone=[now - client.full, how, woke])
            client.connection.close()
        time.sleep(LOOK_EVERY)


def main() -> None:
    be_nice(10)
    task: dict[str, Any] = json.loads(sys.stdin.readline())
    places = task["places"]

    def opened(number: int) -> Silent:
        stream, token = places[number % len(places)]
        wakes = WAKES[0] + (WAKES[1] - WAKES[0]) * number / task["sockets"] if number % ONE_IN == 0 else None
        return Silent.opened(task["port"], stream, token, wakes=wakes)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        clients = list(threads.map(opened, range(task["sockets"])))
    say(open=len(clients))
    watch(clients)
    say(left=sum(client.connection.fileno() >= 0 for client in clients))


if __name__ == "__main__":
    main()
