"""What is heard of Redis: the same as redis-py's own reader hears, and no longer than the connection lives."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import uvloop
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError

from services.core.clock import utc_now
from services.foundation.events.hub import Hub
from services.foundation.events.redis import RedisLog
from services.foundation.events.redis_pubsub import Message, PubSub, listening
from tests.certificates import key_text, self_signed
from tests.services.foundation.events.redis_line import PIECE, line
from tests.services.foundation.events.redis_server import RedisServer
from tests.services.foundation.events.subscribers import Subscriber, events, write

PATIENCE = 5.0
MOST_CUTS = 400
"""After which the rest arrives as it comes."""
payloads = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\r\n", b"*3\r\n$7\r\nmessage\r\n", b"+PONG\r\n", b"-ERR no\r\n"]),
    st.integers(1, 100_000).map(lambda size: b"\r" * size),
)
sent = st.lists(st.tuples(st.sampled_from(["one", "two", "drei·", "not heard"]), payloads), max_size=30)
cuts = st.lists(st.one_of(st.integers(1, 5), st.integers(1, 40_000)), min_size=1, max_size=20)
HEARD = ["one", "two", "drei·"]


def connection_to(url: str) -> AbstractConnection:
    pool: ConnectionPool = ConnectionPool.from_url(url, protocol=2)  # pyright: ignore[reportUnknownMemberType] - untyped keywords
    return pool.make_connection()


class Heard:
    """What a connection hears, as it comes."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Event()

    def __call__(self, messages: Sequence[Message]) -> None:
        self.messages += messages
        self._more.set()

    async def until(self, message: Message) -> list[Message]:
        """Return everything up to a message that is to come, and drop it."""
        async with asyncio.timeout(20):
            while message not in self.messages:
                self._more.clear()
                await self._more.wait()
        end = self.messages.index(message) + 1
        until, self.messages = self.messages[:end], self.messages[end:]
        return until


@asynccontextmanager
async def client(url: str) -> AsyncGenerator[Redis]:
    async with Redis.from_url(url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        yield redis


async def heard_by_redis_py(url: str, ready: asyncio.Event) -> list[Message]:
    """Read with redis-py's own reader until the end is said."""
    heard: list[Message] = []
    pubsub: Any
    async with client(url) as redis, redis.pubsub() as pubsub:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        await pubsub.subscribe(*HEARD)
        async for message in pubsub.listen():
            channel = message["channel"].decode()
            heard.append((channel, None if message["type"] == "subscribe" else message["data"]))
            if len(heard) == len(HEARD):
                ready.set()
            if heard[-1] == ("two", b"the end"):
                return heard
    raise AssertionError("It ended early.")


async def both_hear(port: int, messages: Sequence[tuple[str, bytes]], pieces: Sequence[int]) -> None:
    heard, ready = Heard(), asyncio.Event()
    async with (
        line(port, pieces=chain(islice(cycle(pieces), MOST_CUTS), repeat(PIECE))) as laid,
        client(f"redis://127.0.0.1:{port}") as redis,
    ):
        url = f"redis://127.0.0.1:{laid.port}"
        oracle = asyncio.create_task(heard_by_redis_py(url, ready))
        async with listening(connection_to(url), heard, patience=PATIENCE) as pubsub:
            pubsub.subscribe(HEARD)
            confirmed = await heard.until((HEARD[-1], None))
            async with asyncio.timeout(20):
                await ready.wait()
            pipeline: Any = redis.pipeline(transaction=False)
            for channel, payload in [*messages, ("two", b"the end")]:
                pipeline.publish(channel, payload)
            await pipeline.execute()
            ours = [*confirmed, *await heard.until(("two", b"the end"))]
        async with asyncio.timeout(20):
            theirs = await oracle

    assert ours == theirs


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=sent, pieces=cuts)
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_it_hears_what_redis_pys_reader_hears_wherever_it_is_cut(
    redis_url: str, run: Any, messages: list[tuple[str, bytes]], pieces: list[int]
) -> None:
    port = urlsplit(redis_url).port
    assert port
    run(both_hear(port, messages, pieces))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_it_signs_in_as_the_url_says_over_tls(redis_server: RedisServer, tmp_path: Path, run: Any) -> None:
    certificate, key = self_signed("redis.test", x509.IPAddress(ip_address("127.0.0.1")))
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(key_text(key))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")

    async def clients() -> list[dict[str, str]]:
        heard = Heard()
        async with client(redis_server.url) as redis, line(redis_server.port, tls=tls) as laid:
            user = ("ACL", "SETUSER", "lis:tener", "on", ">p@ss/word", "allchannels", "+@all")
            await redis.execute_command(*user)  # pyright: ignore[reportUnknownMemberType] - untyped
            url = f"rediss://lis%3Atener:p%40ss%2Fword@127.0.0.1:{laid.port}/3?ssl_ca_certs={tmp_path}/certificate.pem"
            async with listening(connection_to(url), heard, patience=PATIENCE) as pubsub:
                pubsub.subscribe(["one"])
                await heard.until(("one", None))
                return await redis.client_list()  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    listeners = [known for known in run(clients()) if known["sub"] == "1"]
    assert [(known["user"], known["db"]) for known in listeners] == [("lis:tener", "3")]


async def test_a_wrong_password_and_a_database_that_is_not_there_are_refused(redis_url: str) -> None:
    port = urlsplit(redis_url).port
    for url in (f"redis://nobody:wrong@127.0.0.1:{port}", f"redis://127.0.0.1:{port}/99"):
        with pytest.raises(RedisError):
            async with listening(connection_to(url), Heard(), patience=PATIENCE):
                raise AssertionError("It was let in.")


async def test_a_server_that_takes_connections_and_says_nothing_is_none(redis_url: str) -> None:
    async with line(urlsplit(redis_url).port or 0) as laid:
        laid.is_dead.set()
        with pytest.raises(TimeoutError):
            async with listening(connection_to(f"redis://127.0.0.1:{laid.port}"), Heard(), patience=0.2):
                raise AssertionError("There was nobody.")


async def lost(pubsub: PubSub, *, patience: float = PATIENCE) -> None:
    async with asyncio.timeout(20):
        await pubsub.until_lost(patience=patience)


async def test_a_connection_that_the_server_ends_is_lost(redis_server: RedisServer) -> None:
    async with listening(connection_to(redis_server.url), Heard(), patience=PATIENCE) as pubsub:
        redis_server.kill()

        with pytest.raises((ConnectionLost, OSError)):
            await lost(pubsub)
        pubsub.subscribe(["one"])  # is nobody's trouble any more


async def test_a_connection_on_which_nothing_comes_any_more_is_lost(redis_server: RedisServer) -> None:
    async with line(redis_server.port) as laid:
        url = f"redis://127.0.0.1:{laid.port}"
        async with listening(connection_to(url), Heard(), patience=PATIENCE) as pubsub:
            laid.die()

            with pytest.raises(ConnectionLost, match=r"^Redis has not answered for 0\.2 s\.$"):
                await lost(pubsub, patience=0.2)


async def test_a_server_that_answers_is_there_however_little_happens(redis_url: str) -> None:
    heard = Heard()
    async with listening(connection_to(redis_url), heard, patience=PATIENCE) as pubsub:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await pubsub.until_lost(patience=0.1)
        pubsub.subscribe(["one"])
        await heard.until(("one", None))


async def test_what_the_server_refuses_is_the_end_of_the_connection(redis_server: RedisServer) -> None:
    async with client(redis_server.url) as redis:
        await redis.execute_command("ACL", "SETUSER", "deaf", "on", ">x", "resetchannels", "+@all")  # pyright: ignore[reportUnknownMemberType] - untyped
        url = f"redis://deaf:x@127.0.0.1:{redis_server.port}"
        async with listening(connection_to(url), Heard(), patience=PATIENCE) as pubsub:
            pubsub.subscribe(["one"])

            with pytest.raises(ResponseError, match="NOPERM"):
                await lost(pubsub)


async def test_a_follower_hears_on_after_its_connection_was_killed(redis_url: str, redis_server: RedisServer) -> None:
    stream = f"generation_{uuid4().hex}"
    log = RedisLog(redis_server.url, utc_now, check_every=60)
    async with client(redis_server.url) as redis:
        follower = Subscriber(Hub(log), stream)
        for turn in range(5):
            await write(log, stream, 2 * turn + 1, 2 * turn + 1)
            await follower.has(2 * turn + 1)
            assert await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub") == 1  # pyright: ignore[reportUnknownMemberType] - untyped
            await write(log, stream, 2 * turn + 2, 2 * turn + 2)
        await write(log, stream, 11, 11, close=True)

        assert await follower.to_the_end() == events(1, 11)
    await log.close()


async def test_a_follower_hears_on_where_its_connection_has_died_unnoticed(redis_server: RedisServer) -> None:
    stream = f"generation_{uuid4().hex}"
    writer = RedisLog(redis_server.url, utc_now)
    async with line(redis_server.port) as laid:
        log = RedisLog(f"redis://127.0.0.1:{laid.port}", utc_now, check_every=60, timeout=0.3)
        follower = Subscriber(Hub(log), stream)
        await write(writer, stream, 1, 1)
        await follower.has(1)
        laid.die()
        await write(writer, stream, 2, 3, close=True)

        assert await follower.to_the_end() == events(1, 3)
        await log.close()
    await writer.close()
