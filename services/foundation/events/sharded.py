"""The event log over several servers: each stream is on one of them, which its name chooses.

The choice is rendezvous hashing (Thaler and Ravishankar, 1998): every process ranks the servers for a stream by a hash
of both names, and takes the first. It depends neither on the order of the servers nor on what a process has seen. A
server that is added takes its share of the streams from all the others, and no other stream moves; those of one that
is taken away are spread over the rest. A stream that moves has no log any more where it is looked for: its followers
are given what the port says of a stream that was lost.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from hashlib import blake2b

from services.foundation.events.bell import nobody
from services.foundation.events.port import EventLog, Hear, LogUnavailable, News, Slice


class ShardedLog:
    """One log out of several, each of them on its own: what one that is away keeps from its streams, others have."""

    def __init__(self, servers: Mapping[str, EventLog]) -> None:
        """`servers` by names that stay the same for as long as their streams are to be found there."""
        if not servers:
            raise ValueError("A log needs at least one server.")
        self._servers = servers

    @property
    def servers(self) -> Sequence[EventLog]:
        return tuple(self._servers.values())

    def server_of(self, stream: str) -> str:
        """Return the name of the server that has a stream."""
        return max(self._servers, key=lambda server: _rank(server, stream))

    async def append(
        self, stream: str, data: Sequence[bytes], *, attempt: int, producer_seq: int, close: bool = False, base: int = 0
    ) -> int:
        log = self._log(stream)
        return await log.append(stream, data, attempt=attempt, producer_seq=producer_seq, close=close, base=base)

    async def read(self, stream: str, *, after: int, limit: int = 1000) -> Slice:
        return await self._log(stream).read(stream, after=after, limit=limit)

    def watch(self, stream: str, hear: Hear = nobody) -> AbstractAsyncContextManager[AsyncIterator[News]]:
        return self._log(stream).watch(stream, hear)

    async def trim(self, stream: str, *, before: int) -> None:
        await self._log(stream).trim(stream, before=before)

    async def forget(self, stream: str) -> None:
        await self._log(stream).forget(stream)

    async def ping(self) -> None:
        """Raise LogUnavailable unless one of the servers answers; return with the first that does."""
        pings = [asyncio.ensure_future(server.ping()) for server in self.servers]
        try:
            await _first(pings)
        finally:
            for ping in pings:
                ping.cancel()
            await asyncio.gather(*pings, return_exceptions=True)

    async def close(self) -> None:
        await asyncio.gather(*(server.close() for server in self.servers))

    def _log(self, stream: str) -> EventLog:
        return self._servers[self.server_of(stream)]


def _rank(server: str, stream: str) -> bytes:
    return blake2b(f"{server} {stream}".encode(), digest_size=8).digest()


async def _first(pings: Sequence[asyncio.Future[None]]) -> None:
    """Return once one has gone well. Raises LogUnavailable where none has."""
    error = LogUnavailable()
    for ping in asyncio.as_completed(pings):
        try:
            await ping
        except LogUnavailable as unavailable:
            error = unavailable
        else:
            return
    raise error
