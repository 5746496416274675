"""Requests to URLs that users choose: bounded in time and size, and only to addresses that are allowed.

Redirects are not followed, proxies of the environment are not used, and no connection is used twice.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Final
from weakref import WeakValueDictionary

import certifi
import httpcore

from services.core.errors import Fault
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.foundation.outbound.addresses import is_address
from services.foundation.outbound.connect import AddressRefused, GuardedBackend, Resolver, Rule
from services.foundation.outbound.urls import BadUrl, parsed

CONNECT_TIMEOUT: Final = 5.0
"""Seconds for the connection, TLS included, to each address."""

TOTAL_TIMEOUT: Final = 15.0
"""Seconds for everything, from resolving the name to the last byte that is read."""

MOST_OF_TEAM: Final = 8
"""Calls of one team that are under way at once in a process."""

MOST_BYTES: Final = 64 * 1024
"""Bytes of a response that are read; the rest is left unread."""


class Unreachable(Exception):
    """There was no answer. The message is a sentence for the person who chose the URL."""


@frozen
class Reply:
    """What a server answered. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@cache
def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


@frozen
class Outbound:
    """Calls other people's servers, of each team a few at once: further ones wait for them."""

    resolve: Resolver
    allowed: Rule
    plain: bool = False
    """Whether http is allowed besides https."""
    total: float = TOTAL_TIMEOUT
    tls: ssl.SSLContext = field(default_factory=_trusted)
    _turns: WeakValueDictionary[str, asyncio.Semaphore] = field(
        default_factory=WeakValueDictionary[str, asyncio.Semaphore]
    )
    """Of the teams that have calls under way."""

    async def request(
        self, method: str, url: str, *, team_id: TeamId, headers: Mapping[str, str], content: bytes = b""
    ) -> Reply:
        """Make one request for a team and read the answer's first 64 KiB. Raises Unreachable.

        The time counts from when it is the team's turn: its slow servers are not the fault of its other ones.
        """
        turn = self._turns.setdefault(team_id, asyncio.Semaphore(MOST_OF_TEAM))
        try:
            async with asyncio.timeout(self.total):
                await turn.acquire()
        except TimeoutError:
            raise Unreachable("Too many other calls of the team are under way; try again.") from None
        try:
            return await self._bounded(method, url, headers, content)
        finally:
            turn.release()

    async def _bounded(self, method: str, url: str, headers: Mapping[str, str], content: bytes) -> Reply:
        try:
            async with asyncio.timeout(self.total):
                return await self._request(method, url, headers, content)
        except BadUrl as bad:
            raise Unreachable(f"The URL {bad}.") from None
        except AddressRefused:
            raise Unreachable("The host has an address that is not public.") from None
        except (TimeoutError, httpcore.TimeoutException):
            raise Unreachable("There was no answer in time.") from None
        except OSError:
            raise Unreachable("The host's name does not resolve.") from None
        except httpcore.ConnectError as error:
            tls = isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError)
            message = "The server's certificate does not hold." if tls else "The server does not accept connections."
            raise Unreachable(message) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            raise Unreachable("The server ended the connection without a proper answer.") from None

    def faults(self, url: str, *, field: Sequence[str]) -> list[Fault]:
        """Return what can be said against a URL without resolving its name."""
        try:
            host = parsed(url, plain=self.plain).raw_host.decode("ascii")
        except BadUrl as bad:
            return [Fault(f"{field[-1]} {bad}.", tuple(field))]
        if is_address(host) and not self.allowed(host):
            return [Fault(f"{field[-1]} must have a public address.", tuple(field))]
        return []

    async def _request(self, method: str, text: str, headers: Mapping[str, str], content: bytes) -> Reply:
        url = parsed(text, plain=self.plain)
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        lines = [("host", url.netloc.decode("ascii")), ("content-length", str(len(content))), *headers.items()]
        backend = GuardedBackend(self.resolve, self.allowed)
        async with (
            httpcore.AsyncConnectionPool(self.tls, max_keepalive_connections=0, network_backend=backend) as pool,
            pool.stream(
                method,
                target,
                headers=lines,
                content=content,
                extensions={"timeout": {"connect": CONNECT_TIMEOUT}},
            ) as response,
        ):
            body = bytearray()
            async for part in response.aiter_stream():
                body += part
                if len(body) >= MOST_BYTES:
                    break
            received = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Reply(response.status, received, bytes(body[:MOST_BYTES]))
