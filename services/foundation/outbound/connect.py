"""Connecting safely: a name is resolved once, every address is checked, and the checked one is dialed.

It stands below the HTTP client, where sockets are opened: no redirect, pool or second look-up can get around it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import httpcore

from services.foundation.outbound.addresses import is_address

DIALED: Final = 3
"""Addresses of a name that are tried."""

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of a host, in the order to try them; raises OSError where it has none."""

Rule = Callable[[str], bool]
"""Says whether an address may be connected to."""


class AddressRefused(Exception):
    """A host has an address that may not be connected to; no connection was made to any."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to addresses that the rule allows."""

    def __init__(self, resolve: Resolver, allowed: Rule) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._dial: Any = httpcore.AnyIOBackend()  # typed as the stand-in that it is where anyio is missing

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the host's addresses. Raises AddressRefused unless all of them are allowed."""
        addresses = await self._addresses(host, port)
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses[:DIALED]:
            try:  # an address, never the name: nothing is resolved a second time
                return await self._dial.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        addresses = [host] if is_address(host) else await self._resolve(host, port)
        if not all(self._allowed(address) for address in addresses):
            raise AddressRefused
        return addresses
