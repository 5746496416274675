"""A receiver of webhooks, and any other server that is asked: it answers as told, and 204 by itself.

It runs in threads of its own:

    with Receiver() as receiver:
        receiver.replies.append(Reply(500))
"""

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from services.core.frozen import frozen


@frozen
class Received:
    """A request. `headers` have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@frozen
class Reply:
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    endless: bool = False
    """Go on sending the body until the client leaves."""
    silent: bool = False
    """Never answer; the connection stays open until the receiver closes."""


@dataclass
class Receiver:
    tls: ssl.SSLContext | None = None
    replies: deque[Reply] = field(default_factory=deque[Reply])
    """Of the next requests; afterwards `usual`."""
    usual: Reply = field(default_factory=Reply)
    received: list[Received] = field(default_factory=list[Received])
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closing: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    async def until(self, count: int) -> list[Received]:
        """Wait until there were so many requests, and return them."""

        def waited() -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: len(self.received) >= count, timeout=30)

        assert await asyncio.to_thread(waited), self.received
        return list(self.received)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                with receiver._changed:
                    reply = receiver.replies.popleft() if receiver.replies else receiver.usual
                    receiver.received.append(Received(self.command, self.path, headers, body))
                    receiver._changed.notify_all()
                self._answer(reply)

            do_GET = do_POST  # noqa: N815 - http.server's name

            def _answer(self, reply: Reply) -> None:
                if reply.silent:
                    receiver._closing.wait(30)
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if not reply.endless:
                    self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                try:
                    self.wfile.write(reply.body)
                    while reply.endless:
                        self.wfile.write(reply.body)
                except OSError:
                    return

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet."""

        return Handler
