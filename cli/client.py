"""A GraphQL client for the terminal: requests over HTTP, subscriptions over WebSocket that resume."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final, cast

import click
import httpx
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from services.core.frozen import frozen
from services.core.tls import trusted

PROTOCOL: Final = Subprotocol("graphql-transport-ws")
PAUSES: Final = (0.2, 0.5, 1, 2, 5)
"""Seconds before each try to connect again; the last one repeats."""

GIVE_UP: Final = 60.0
"""Seconds without a connection after which a subscription gives up."""

FATAL: Final = {4400, 4401, 4406, 4409, 4429, 4500}
"""Close codes after which trying again is useless."""

REFUSED: Final = 4403
"""Close code of a socket whose credentials do not hold; later on, of one whose access has changed."""


class Refused(Exception):
    """The server refused the request; the text says why."""


@frozen
class Client:
    url: str
    token: str

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run a query or mutation and return its data. Raises Refused for errors, those of the user among them."""
        headers = {"authorization": f"Bearer {self.token}"}
        try:
            async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
                answer = await http.post(self.url, json={"query": query, "variables": variables}, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _away(self.url, error) from None
        body = _body(answer)
        if not body.keys() & {"data", "errors"}:
            raise Refused(f"{self.url} answered {answer.status_code}, and not as GraphQL does.")
        _refuse(body.get("errors"))
        payload: Any
        for payload in body["data"].values():
            if isinstance(payload, dict):
                _refuse(cast("dict[str, Any]", payload).get("userErrors"))
        return body["data"]

    async def watch(self, query: str, field: str, **variables: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield a subscription's events to its end; a lost connection is made anew, after the last event's cursor.

        Raises Refused at once where there is no first connection, and after GIVE_UP where none comes back.
        """
        after, lost, connected = None, 0.0, False
        pauses = iter(PAUSES)
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with open_socket(
                    self._socket_url, subprotocols=[PROTOCOL], max_size=None, close_timeout=1
                ) as socket:
                    lost, pauses, connected = 0.0, iter(PAUSES), True
                    async with aclosing(self._events(socket, query, {**variables, "after": after})) as events:
                        async for data in events:
                            event = data[field]
                            after = event["cursor"]
                            yield event
            except (OSError, ConnectionClosed, InvalidHandshake) as error:
                if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code in FATAL:
                    raise Refused(f"The server closed the subscription: {error.rcvd.reason}.") from None
                if not connected and isinstance(error, OSError | InvalidStatus):
                    raise _away(self.url, error) from None
            else:
                return
            if not lost:
                lost = loop.time()
                click.echo(f"  … the connection to {self.url} is lost; trying again for {GIVE_UP:g} s", err=True)
            if loop.time() - lost > GIVE_UP:
                raise Refused(f"The connection to {self.url} is lost.")
            await asyncio.sleep(next(pauses, PAUSES[-1]))

    @property
    def _socket_url(self) -> str:
        return "ws" + self.url.removeprefix("http")

    async def _events(
        self, socket: ClientConnection, query: str, variables: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any]]:
        await self._greet(socket)
        await _send(socket, type="subscribe", id="1", payload={"query": query, "variables": variables})
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "next":
                    _refuse(message["payload"].get("errors"))
                    yield message["payload"]["data"]
                case "error":
                    _refuse(message["payload"])
                case "ping":
                    await _send(socket, type="pong")
                case "complete":
                    return
                case _:
                    continue
        raise ConnectionResetError("the socket was closed before the stream ended")

    async def _greet(self, socket: ClientConnection) -> None:
        """Sign in. Raises Refused where the server does not accept that."""
        await _send(socket, type="connection_init", payload={"Authorization": f"Bearer {self.token}"})
        try:
            while json.loads(await socket.recv())["type"] != "connection_ack":
                pass
        except ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == REFUSED:
                raise Refused(f"The server closed the subscription: {closed.rcvd.reason}.") from None
            raise


def connect(url: str, token: str) -> Client:
    """Return who asks a server. Raises Refused for what can't be a token: no header could have it."""
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise Refused("The token has characters that no token has: take it as it was shown.")
    return Client(url, token)


def _away(url: str, error: Exception) -> Refused:
    return Refused(f"No Snapinfra answers at {url} ({error}). Start one with `make dev`.")


def _body(answer: httpx.Response) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one."""
    try:
        body: Any = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


async def _send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


def _refuse(errors: list[dict[str, Any]] | None) -> None:
    if errors:
        raise Refused("\n".join(error["message"] for error in errors))
