"""A connection that hears what Redis publishes: what has arrived is read in the turn in which it arrives.

redis-py connects and signs in, as the URL says; then a protocol over hiredis reads the connection in its place.
redis-py's own PubSub takes a turn of a task and three timeouts for each message: half of what an event cost.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NoReturn, cast

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import InvalidResponse, RedisError, ResponseError

Message = tuple[str, bytes | None]
"""A channel, and what was published there; None where the subscription has just come into force."""

Hear = Callable[[Sequence[Message]], None]
"""Is given what has arrived together, in order."""

_pack: Final = cast("Callable[[tuple[str, ...]], bytes]", hiredis.pack_command)  # pyright: ignore[reportUnknownMemberType] - typed as if a command were one word


@asynccontextmanager
async def listening(connection: AbstractConnection, hear: Hear, *, patience: float) -> AsyncGenerator["PubSub"]:
    """Connect, and listen for the length of the block, to which the connection belongs from now on.

    Raises RedisError and OSError where there is no connection within `patience` seconds.
    """
    connection.socket_timeout = None  # in place of a wait_for for each command, in which being cancelled may get lost
    try:
        async with asyncio.timeout(patience):
            await connection.connect()
        pubsub = PubSub(_taken_over(connection), hear)
        try:
            yield pubsub
        finally:
            await pubsub.close()
    finally:
        await connection.disconnect(nowait=True)


class PubSub(asyncio.Protocol):
    """What is subscribed to on one open connection."""

    def __init__(self, transport: asyncio.WriteTransport, hear: Hear) -> None:
        self._transport = transport
        self._hear = hear
        self._replies = hiredis.Reader(protocolError=InvalidResponse, replyError=ResponseError)
        self._has_answered = True
        self._over = asyncio.Event()
        self._failure: Exception = ConnectionLost("Redis has closed the connection.")
        transport.set_protocol(self)

    def subscribe(self, channels: Iterable[str]) -> None:
        self._send("SUBSCRIBE", *channels)

    def unsubscribe(self, channels: Iterable[str]) -> None:
        self._send("UNSUBSCRIBE", *channels)

    async def until_lost(self, *, patience: float) -> NoReturn:
        """Wait for the end of the connection, and raise it: RedisError or OSError.

        A server that is asked to say something and does not for `patience` seconds is the end of it, too.
        """
        while not self._over.is_set():
            self._has_answered = False
            self._send("PING")
            try:
                async with asyncio.timeout(patience):
                    await self._over.wait()
            except TimeoutError:
                if not self._has_answered:
                    raise ConnectionLost(f"Redis has not answered for {patience:g} s.") from None
        raise self._failure

    async def close(self) -> None:
        """Cut the connection off, with whatever it has still to send."""
        self._transport.abort()
        await self._over.wait()

    def data_received(self, data: bytes) -> None:
        self._has_answered = True
        messages = list[Message]()
        try:
            messages.extend(self._read(data))
        except RedisError as error:
            self._failure = error
            self._transport.abort()
        if messages:
            self._hear(messages)

    def connection_lost(self, exc: Exception | None) -> None:
        self._failure = exc or self._failure
        self._over.set()

    def _read(self, data: bytes) -> Iterator[Message]:
        """Return what is whole by now. Raises RedisError where the server refuses something, or is no Redis."""
        self._replies.feed(data)
        while (reply := self._replies.gets()) is not False:
            match reply:
                case [b"message", channel, message]:
                    yield channel.decode(), message
                case [b"subscribe", channel, _]:
                    yield channel.decode(), None
                case ResponseError():
                    raise reply
                case _:  # the answer to a PING, the end of a subscription
                    pass

    def _send(self, *command: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(_pack(command))


def _taken_over(connection: AbstractConnection) -> asyncio.WriteTransport:
    """Return the transport of a connection that has just been made, of which nothing is left unread."""
    reader, writer = connection._reader, connection._writer  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - redis-py has no other way to it
    if reader is None or writer is None or reader.at_eof() or reader.exception():
        raise ConnectionLost("Redis has closed the connection.")
    return writer.transport
