"""The least that the work can cost in Python: `python -m bench.wire.floor PORT`.

Sockets on uvloop, requests read by httptools, Redis by hiredis; no framework, no schema, no check. A request is
answered by its body with bytes that are there; an event is put between the beginning and the end of a message and
written to each subscriber. Only what the measurements send is understood. EVENTS_URL says where the events are.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import base64
import hashlib
import json
import os
import sys
from typing import Any, Final
from urllib.parse import urlsplit

import hiredis
import httptools
import uvloop

from bench.wire.documents import DEPLOYMENTS, PROJECT, TYPENAME, VIEWER

MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SHORT: Final = 126
TIMES: Final = {"createdAt": "2026-11-28T12:00:00.000Z", "updatedAt": "2026-11-28T12:00:00.000Z"}
_NODES: Final = [
    {"id": f"deployment_{number:026}", "status": "STOPPED", "platform": "LOCAL", **TIMES}
    for number in range(DEPLOYMENTS)
]
_ANSWERS: Final[dict[str, Any]] = {
    TYPENAME: {"__typename": "Query"},
    VIEWER: {"viewer": {"id": "user"}},
    PROJECT: {
        "project": {
            "id": "project",
            "name": "Users",
            "description": "Users",
            "status": "READY",
            "version": 1,
            **TIMES,
            "deployments": {
                "nodes": _NODES,
                "pageInfo": {"hasNextPage": False, "endCursor": _NODES[-1]["id"]},
            },
        }
    },
}


def _response(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


RESPONSES: Final = {
    query: _response(json.dumps({"data": data}, separators=(",", ":")).encode()) for query, data in _ANSWERS.items()
}
SUBSCRIBERS: Final = set["Connection"]()


class Connection(asyncio.Protocol):
    """A connection of HTTP, or of a WebSocket once it has asked to be one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.parser: Any = httptools.HttpRequestParser(self)
        self.is_socket = False
        self.key = b""
        self.body = b""

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        SUBSCRIBERS.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.is_socket:
            self._take_frame(data)
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._become_a_socket()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"sec-websocket-key":
            self.key = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        if self.key:
            return
        self.transport.write(RESPONSES[json.loads(self.body)["query"]])
        self.body = b""

    def _become_a_socket(self) -> None:
        accept = base64.b64encode(hashlib.sha1(self.key + MAGIC, usedforsecurity=False).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            b"sec-websocket-accept: %b\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n" % accept
        )
        self.is_socket, self.parser = True, None

    def _take_frame(self, frame: bytes) -> None:
        """Take a message that came whole, masked with zeros, as those of the measurements are."""
        size, start = frame[1] & 0x7F, 6
        if size == SHORT:
            size, start = int.from_bytes(frame[2:4], "big"), 8
        kind = json.loads(frame[start : start + size])["type"]
        if kind == "connection_init":
            self.transport.write(framed(b'{"type":"connection_ack"}'))
        elif kind == "subscribe":
            SUBSCRIBERS.add(self)


def framed(text: bytes) -> bytes:
    size = len(text)
    return (b"\x81" + bytes([size]) if size < SHORT else b"\x81\x7e" + size.to_bytes(2, "big")) + text


class Events(asyncio.Protocol):
    """The connection to Redis: what is published goes to whoever subscribes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.reader: Any = hiredis.Reader()
        redis: Any = transport  # uvloop's is no asyncio.Transport
        redis.write(b"*2\r\n$10\r\nPSUBSCRIBE\r\n$6\r\nfloor*\r\n")

    def data_received(self, data: bytes) -> None:
        self.reader.feed(data)
        while (message := self.reader.gets()) is not False:
            if message[0] == b"pmessage":
                self._tell(message[3])

    def _tell(self, event: bytes) -> None:
        for subscriber in SUBSCRIBERS:
            subscriber.transport.write(
                framed(b'{"type":"next","id":"1","payload":{"data":{"generationEvents":%b}}}' % event)
            )


async def main() -> None:
    loop = asyncio.get_running_loop()
    redis = urlsplit(os.environ["EVENTS_URL"])  # noqa: TID251 - a program of its own
    await loop.create_connection(Events, str(redis.hostname), int(redis.port or 6379))
    server = await loop.create_server(Connection, "127.0.0.1", int(sys.argv[1]), backlog=10_000)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
