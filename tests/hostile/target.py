"""What is attacked: a server that is a process of its own, and the ways to talk to it without a library between."""

import asyncio
import json
import os
import resource
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from services.config import Config, read
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.aws.emulator import free_port
from tests.snapinfra import SECRET, User

COMMAND: Final = Path(sys.executable).parent / "snapinfra"
PATIENCE: Final = 60.0
"""Seconds that anything may take."""


@frozen
class Answer:
    """An answer's status, 0 where the connection ended without one, and its body."""

    status: int
    body: bytes

    @property
    def codes(self) -> list[str]:
        """The codes of the errors in an answer of GraphQL, at its top and in payloads."""
        with suppress(ValueError):
            return _codes(json.loads(self.body))
        return []


@dataclass
class Tally:
    """What came of an attack."""

    counts: Counter[str] = field(default_factory=Counter[str])

    def note(self, answer: Answer) -> Answer:
        """Count an answer by its status and codes."""
        self.counts[" ".join([str(answer.status or "ended"), *sorted(set(answer.codes))])] += 1
        return answer

    def say(self, what: str, number: int = 1) -> None:
        self.counts[what] += number

    @property
    def faults(self) -> list[str]:
        """What should not have been: mistakes of the server, told or not."""
        return [what for what in self.counts if what.startswith("500") or "INTERNAL" in what]


@frozen
class Target:
    """A running server. Every caller that it is asked for is one whom it has not seen."""

    config: Config
    pid: int
    _numbers: "count[int]" = field(default_factory=count)

    @property
    def memory(self) -> int:
        """Bytes of the server's memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    def user(self) -> User:
        name = f"mallory{next(self._numbers)}"
        token = issue_dev_token(name, secret=SECRET, lifetime=self.config.jwt_lifetime, now=utc_now)
        return User(f"http://127.0.0.1:{self.config.port}/graphql", token)

    def somewhere(self) -> dict[str, str]:
        """Return the headers of somebody who has not signed in, at an address of their own."""
        return {"x-forwarded-for": f"203.0.113.{next(self._numbers) % 250}"}

    async def raw(self, data: bytes, *, parts: int = 1) -> Answer:
        """Send bytes, in so many parts, and return the first answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.config.port)
        try:
            async with asyncio.timeout(PATIENCE):
                with suppress(ConnectionError):
                    size = -(-len(data) // parts)
                    for start in range(0, len(data), size):
                        writer.write(data[start : start + size])
                        await writer.drain()
                return await _answer(reader)
        finally:
            writer.close()

    async def request(
        self, body: bytes = b"", *, method: str = "POST", path: str = "/graphql", **headers: str
    ) -> Answer:
        """Send one request, on a connection of its own."""
        given = {"host": "localhost", "content-type": "application/json", "connection": "close"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        length = f"content-length: {len(body)}\r\n" if body else ""
        return await self.raw(f"{method} {path} HTTP/1.1\r\n{head}{length}\r\n".encode() + body)

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, *, by: User | None = None, **headers: str
    ) -> Answer:
        """Ask a query, as a user or as nobody."""
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        who = {"authorization": f"Bearer {by.token}"} if by else self.somewhere()
        return await self.request(body, **who, **headers)

    @asynccontextmanager
    async def socket(self, *, by: User | None = None, greet: bool = True) -> AsyncGenerator[ClientConnection]:
        """Open a socket, as a user or as nobody."""
        async with connect(
            f"ws://127.0.0.1:{self.config.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers=self.somewhere(),
            max_size=None,
            ping_interval=None,
            close_timeout=1,
        ) as socket:
            if greet:
                payload = {"Authorization": f"Bearer {by.token}"} if by else {}
                await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
                await socket.recv()
            yield socket


async def closing(socket: ClientConnection) -> str:
    """Wait until a socket is closed, and return with which code."""
    with suppress(ConnectionClosed, TimeoutError, OSError):
        async with asyncio.timeout(PATIENCE):
            while True:
                await socket.recv()
    return f"closed with {socket.close_code}"


@asynccontextmanager
async def running(directory: Path) -> AsyncGenerator[Target]:
    """Run `snapinfra dev` with a folder of its own, as people run it."""
    port = free_port()
    variables = {
        "SNAPINFRA_ENV": "development",
        "SNAPINFRA_DATA": str(directory / "data"),
        "JWT_SECRET": SECRET,
        "PORT": str(port),
        "CODE_CHECKS": "false",
    }
    with (directory / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            COMMAND,
            *("dev", "--port", str(port), "--data", str(directory / "data")),
            env={**os.environ, **variables},  # noqa: TID251 - a child of this program
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches this program, which ends it
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                while b"Stop" not in await process.stdout.readline():
                    pass
            yield Target(read(variables), process.pid)
            if process.returncode is not None:
                raise RuntimeError(f"The server ended with status {process.returncode}: {directory / 'log'}")
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0].partition(b":")[2])) if lengths else await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answer(0, b"")
    return Answer(int(head.split()[1]), body)


def _codes(value: Any) -> list[str]:
    """Return the codes of all errors within an answer."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        code = items.get("code")
        return ([code] if isinstance(code, str) else []) + _codes(list(items.values()))
    if isinstance(value, list):
        return [inner for item in cast("list[Any]", value) for inner in _codes(item)]
    return []
