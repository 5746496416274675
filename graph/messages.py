"""A request, and what is answered to it: no more of them than GraphQL needs."""

from dataclasses import dataclass, field

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send


class Incoming:
    """A request. The names of its headers are in lower case; of those that come more than once the first counts."""

    __slots__ = ("headers", "method", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.method: str = scope["method"]
        self.headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            self.headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))

    @property
    def parameters(self) -> QueryParams:
        return QueryParams(self.scope["query_string"])

    def lines(self, name: str) -> list[str]:
        """Return what all headers of a name say."""
        sought = name.encode()
        return [value.decode("latin-1") for each, value in self.scope["headers"] if each == sought]


@dataclass(slots=True)
class Answer:
    """An answer: an ASGI application that gives it, on a socket in place of the socket."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def head(self) -> bytes:
        """Return the lines of the headers, as HTTP/1.1 has them. `connection` is left to whoever has that."""
        lines = [f"{name}: {value}\r\n" for name, value in self.headers.items() if name != "connection"]
        lines.append(f"content-length: {len(self.body)}\r\n")
        return "".join(lines).encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": f"{kind}.start", "status": self.status, "headers": headers})
        await send({"type": f"{kind}.body", "body": self.body})
