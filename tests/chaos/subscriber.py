"""A subscriber under fire: it follows a stream over any api, and resumes after its last cursor."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.chaos.checker import Event, Received, Session
from tests.chaos.tally import Tally
from tests.snapinfra import GENERATION

DEPLOYMENT: Final = """
subscription($id: ID!, $after: String) {
  deploymentEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on DeploymentStatusChanged { status url }
    ... on StepChanged { step state }
    ... on LogLines { lines { id stream level message } }
    ... on DeploymentFinished { status reason message deployment { status } }
    ... on StreamGap { fromSeq toSeq }
  }
}"""

_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_OPEN_TIMEOUT: Final = 15.0


class Refused(Exception):
    """The server ended the subscription with an error."""


@dataclass(eq=False)
class Subscriber:
    """Follows one stream to its terminal event."""

    stream: str
    urls: Sequence[str]
    token: str
    received: Received
    chance: Random
    tally: Tally
    noticed: Callable[[str], object]
    """Told the kind of every event."""
    _socket: ClientConnection | None = None
    _stalled: float | None = None
    _dropped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def connected(self) -> bool:
        return self._socket is not None and self._stalled is None

    async def follow(self) -> None:
        """Follow until the terminal event, however often the connection is lost."""
        while not self.received.finished:
            try:
                await self._connect()
            except (OSError, WebSocketException, EOFError):
                await asyncio.sleep(self.chance.uniform(0.05, 0.5))
            except Refused as refused:
                self.tally.errors[f"subscription: {refused}"] += 1
                await asyncio.sleep(0.5)

    def drop(self) -> None:
        """Cut the connection at once, without a word."""
        if self._socket is not None:
            self._socket.transport.abort()

    def stall(self, seconds: float) -> None:
        """Read nothing more for that long, then cut the connection."""
        self._stalled = seconds

    async def _connect(self) -> None:
        url = "ws" + self.chance.choice(self.urls).removeprefix("http")
        async with asyncio.timeout(_OPEN_TIMEOUT):
            socket = await connect(
                url, subprotocols=[_PROTOCOL], max_size=None, max_queue=16, proxy=None, compression=None
            )
        self._socket, self._stalled = socket, None
        try:
            await self._subscribe(socket)
        finally:
            self._socket = None
            socket.transport.abort()

    async def _subscribe(self, socket: ClientConnection) -> None:
        session = Session(self._last_cursor())
        await _send(socket, type="connection_init", payload={"Authorization": f"Bearer {self.token}"})
        query = DEPLOYMENT if self.stream.startswith("deployment_") else GENERATION
        payload = {"query": query, "variables": {"id": self.stream, "after": session.after}}
        async for text in socket:
            if self._stalled is not None:
                await asyncio.sleep(self._stalled)
                return
            message = json.loads(text)
            match message["type"]:
                case "connection_ack":
                    await _send(socket, type="subscribe", id="1", payload=payload)
                    self.received.sessions.append(session)
                    self.tally.sessions += 1
                case "next":
                    self._take(session, message["payload"])
                case "error":
                    raise Refused(_codes(message["payload"]))
                case "complete":
                    session.completed = True
                    return
                case _:
                    continue

    def _take(self, session: Session, payload: dict[str, Any]) -> None:
        if payload.get("errors"):
            self.tally.errors[f"event: {_codes(payload['errors'])}"] += 1
        data: dict[str, Event] = payload.get("data") or {}
        event = next(iter(data.values()), None)
        if event is None:
            raise Refused(_codes(payload.get("errors") or []))
        session.events.append(event)
        self.tally.events += 1
        self.noticed(event["__typename"])

    def _last_cursor(self) -> str | None:
        events = self.received.events
        return events[-1]["cursor"] if events else None


async def _send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


def _codes(errors: list[dict[str, Any]]) -> str:
    return ", ".join(f"{error.get('extensions', {}).get('code')}: {error.get('message')}" for error in errors)
