"""Resolving names as this machine does (hosts file, name servers, search rules), without a thread that waits.

c-ares asks for many names at once over a few sockets, and a look-up that is given up holds nothing: a team whose names
are slow on purpose delays its own calls, and nobody else's.
"""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiodns

RESOLVE_TIMEOUT: Final = 5.0
"""Seconds that a name may take to resolve."""

TRIES: Final = 2
"""How often a name server is asked."""


@dataclass(slots=True)
class SystemResolver:
    servers: Sequence[str] = ()
    """Name servers, as `address:port`; none for those of the machine."""
    _asking: "aiodns.DNSResolver | None" = None
    """Made at the first name, for the loop that runs then."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return every address of a host, in the order to try them (RFC 6724). Raises OSError where it has none."""
        asking = self._resolver()
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT):
                addresses: Any = await asking.getaddrinfo(host, port=port, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise OSError(*error.args) from None
        return list(dict.fromkeys(node.addr[0].decode("ascii") for node in addresses.nodes))

    async def aclose(self) -> None:
        """End what is under way; to be called in the loop that has asked."""
        if self._asking is not None:
            await self._asking.close()
            self._asking = None

    def _resolver(self) -> aiodns.DNSResolver:
        loop = asyncio.get_running_loop()
        if self._asking is None or self._asking.loop is not loop:
            self._asking = aiodns.DNSResolver(self.servers or None, loop, timeout=RESOLVE_TIMEOUT / TRIES, tries=TRIES)
        return self._asking
