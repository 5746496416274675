"""What is true of the log in Redis only: expiry, crashes, cancelled callers, one connection to listen."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from services.core.clock import utc_now
from services.foundation.events.hub import Gap, Hub
from services.foundation.events.port import LogUnavailable
from services.foundation.events.producer import Producer
from services.foundation.events.redis import RedisLog, appended, keys
from services.foundation.events.redis_scripts import MOST_PUSHED
from tests.services.foundation.events.redis_server import RedisServer
from tests.services.foundation.events.subscribers import Subscriber, epoch_of, events, write


@contextlib.asynccontextmanager
async def opened(url: str, *, check_every: float = 60, connections: int = 16) -> AsyncGenerator[RedisLog]:
    log = RedisLog(url, utc_now, check_every=check_every, connections=connections, timeout=2)
    try:
        yield log
    finally:
        await log.close()


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[RedisLog]:
    async with opened(redis_url) as log:
        yield log


@pytest.fixture
async def redis(redis_url: str) -> "AsyncIterator[Redis]":
    async with Redis.from_url(redis_url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        yield redis


async def lifetimes(redis: Redis, stream: str) -> list[timedelta]:
    return [timedelta(milliseconds=await redis.pttl(key)) for key in keys(stream)]


async def test_an_open_stream_is_kept_for_a_week_and_a_closed_one_for_an_hour(
    log: RedisLog, redis: Redis, stream: str
) -> None:
    await write(log, stream, 1, 1)
    for lifetime in await lifetimes(redis, stream):
        assert timedelta(days=7) - timedelta(minutes=1) < lifetime <= timedelta(days=7)

    await write(log, stream, 2, 2, close=True)
    for lifetime in await lifetimes(redis, stream):
        assert timedelta(minutes=59) < lifetime <= timedelta(hours=1)


async def test_each_append_renews_the_life_of_an_open_stream(log: RedisLog, redis: Redis, stream: str) -> None:
    await write(log, stream, 1, 1)
    for key in keys(stream):
        await redis.expire(key, 60)
    await write(log, stream, 2, 2)

    assert min(await lifetimes(redis, stream)) > timedelta(days=6)


async def test_entries_left_of_a_stream_without_a_head_do_not_come_back(
    log: RedisLog, redis: Redis, stream: str
) -> None:
    await write(log, stream, 1, 5)
    await redis.delete(keys(stream)[0])
    await write(log, stream, 1, 2, attempt=2)

    page = await log.read(stream, after=0)

    assert [(entry.seq, entry.data) for entry in page.entries] == events(1, 2)


async def test_entries_that_were_evicted_are_a_gap(log: RedisLog, redis: Redis, stream: str) -> None:
    await write(log, stream, 1, 5)
    await redis.delete(keys(stream)[1])
    follower = Subscriber(Hub(log), stream)
    await follower.has(1)
    await write(log, stream, 6, 6, close=True)

    assert await follower.to_the_end() == [Gap(1, 5), *events(6, 6)]


async def test_two_processes_see_each_other(log: RedisLog, redis_url: str, stream: str) -> None:
    async with opened(redis_url) as other:
        follower = Subscriber(Hub(other), stream)
        for number in range(1, 6):
            await write(log, stream, number, number, close=number == 5)
            await follower.has(number)

        assert await follower.to_the_end() == events(1, 5)


async def test_all_watched_streams_share_one_connection(log: RedisLog, redis: Redis, stream: str) -> None:
    hub = Hub(log)
    followers = [Subscriber(hub, f"{stream}-{number}") for number in range(20)]
    for number, follower in enumerate(followers):
        await write(log, f"{stream}-{number}", 1, 1)
        await follower.has(1)

    clients = await redis.client_list()  # pyright: ignore[reportUnknownMemberType] - untyped keywords
    for follower in followers:
        await follower.leave()

    assert sorted(int(client["sub"]) for client in clients if int(client["sub"]))[-1:] == [20]


async def test_a_lost_message_is_made_up_for_by_looking(redis_url: str, redis: Redis, stream: str) -> None:
    async with opened(redis_url, check_every=0.05) as log:
        follower = Subscriber(Hub(log), stream)
        await write(log, stream, 1, 1)
        await follower.has(1)
        await redis.xadd(keys(stream)[1], {"t": "0", "d": "e2", "x": "1"}, id="2-0")
        await redis.hset(keys(stream)[0], mapping={"last": "2", "closed": "1"})

        assert await follower.to_the_end() == events(1, 2)


async def test_callers_that_give_up_do_not_disturb_others(redis_url: str, stream: str) -> None:
    async with opened(redis_url, connections=2) as log:
        await write(log, stream, 1, 50)
        for turn in range(200):
            asked = [asyncio.create_task(log.read(stream, after=seq, limit=1)) for seq in range(10)]
            for _ in range(turn % 7):
                await asyncio.sleep(0)
            for task in asked[::2]:
                task.cancel()
            answers = await asyncio.gather(*asked, return_exceptions=True)

            for seq, answer in list(enumerate(answers))[1::2]:
                assert not isinstance(answer, BaseException)
                assert [entry.seq for entry in answer.entries] == [seq + 1]


async def test_an_append_whose_caller_gave_up_is_still_whole(log: RedisLog, stream: str) -> None:
    append = asyncio.create_task(log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1))
    await asyncio.sleep(0)
    append.cancel()
    await asyncio.wait([append])

    assert await log.append(stream, [b"a", b"b"], attempt=1, producer_seq=1) == 2
    assert [entry.data for entry in (await log.read(stream, after=0)).entries] == [b"a", b"b"]


async def test_a_redis_that_is_gone_is_reported_as_such(redis_server: RedisServer, stream: str) -> None:
    async with opened(redis_server.url) as log:
        await log.ping()
        redis_server.kill()

        with pytest.raises(LogUnavailable):
            await log.ping()
        with pytest.raises(LogUnavailable):
            await log.read(stream, after=0)
        with pytest.raises(LogUnavailable):
            await log.append(stream, [b"a"], attempt=1, producer_seq=1)
        with pytest.raises(LogUnavailable):
            await log.trim(stream, before=1)


async def test_a_redis_killed_and_started_again_is_followed_on(redis_server: RedisServer, stream: str) -> None:
    async with opened(redis_server.url) as log:
        follower = Subscriber(Hub(log), stream)
        async with Producer(log, stream, 1) as producer:
            await producer.put(b"e1")
            await follower.has(1)
            redis_server.kill()
            redis_server.start()
            await write(log, stream, 1, 3, attempt=2, close=True)

        assert await follower.to_the_end() == [*events(1, 1), Gap(2, None), *events(1, 3)]


async def test_a_follower_that_comes_while_redis_is_away_waits_for_it(redis_server: RedisServer, stream: str) -> None:
    redis_server.kill()
    async with opened(redis_server.url) as log, asyncio.timeout(20), log.watch(stream) as changes:
        follower = Subscriber(Hub(log), stream)
        redis_server.start()
        await anext(changes)
        await write(log, stream, 1, 2, close=True)

        assert await follower.to_the_end() == events(1, 2)


async def test_a_writer_and_a_follower_outlast_a_redis_that_keeps_its_data(
    redis_server: RedisServer, stream: str
) -> None:
    async with opened(redis_server.url) as log, Producer(log, stream, 1) as producer:
        follower = Subscriber(Hub(log), stream)
        await producer.put(b"e1")
        await follower.has(1)
        await saved(redis_server)
        redis_server.kill()
        await producer.put(b"e2")
        await producer.put(b"e3")
        redis_server.start()
        await producer.close(b"e4")

        assert not producer.lost
        assert await follower.to_the_end() == events(1, 4)


async def test_a_redis_that_lost_its_latest_events_never_uses_their_numbers_again_unnoticed(
    redis_server: RedisServer, stream: str
) -> None:
    async with opened(redis_server.url) as log:
        follower = Subscriber(Hub(log), stream)
        await write(log, stream, 1, 2)
        await saved(redis_server)
        await write(log, stream, 3, 5)
        await follower.has(5)
        epoch = await epoch_of(log, stream)
        redis_server.kill()
        redis_server.start()
        await follower.has(8)
        await log.append(stream, [b"again"] * 4, attempt=2, producer_seq=1, close=True)

        assert await epoch_of(log, stream) != epoch
        lost_first = [*events(1, 5), Gap(6, None), *events(1, 2)]
        again = [Gap(3, None), *events(1, 2), *((seq, b"again") for seq in range(3, 7))]
        assert await follower.to_the_end() == [*lost_first, *again]


async def test_closing_twice_and_closing_unused_are_harmless(redis_url: str) -> None:
    async with opened(redis_url) as log:
        await log.close()


async def saved(server: RedisServer) -> None:
    """Have Redis write its data to disk."""
    async with Redis.from_url(server.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        await redis.save()  # pyright: ignore[reportUnknownMemberType] - untyped keywords


async def test_who_watches_is_told_what_is_appended(log: RedisLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        assert await anext(changes) == []
        await write(log, stream, 1, 2)
        first = await anext(changes)
        await log.append(stream, [b"", "é".encode()], attempt=1, producer_seq=3, close=True)
        (last,) = await anext(changes)

    kept = await log.read(stream, after=0)
    told = [entry for news in (*first, last) for entry in news.entries]
    assert told == list(kept.entries)
    assert {news.epoch for news in (*first, last)} == {kept.head.epoch}
    assert [news.closed for news in (*first, last)] == [False] * len(first) + [True]


async def test_of_a_repeat_only_what_is_new_is_told(log: RedisLog, stream: str) -> None:
    await write(log, stream, 1, 2)
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await anext(changes)
        await log.append(stream, [b"e2", b"e3"], attempt=1, producer_seq=2)
        (news,) = await anext(changes)

    assert [(entry.seq, entry.data) for entry in news.entries] == [(3, b"e3")]


async def test_what_is_too_much_to_be_told_is_read(log: RedisLog, stream: str) -> None:
    async with asyncio.timeout(10), log.watch(stream) as changes:
        await anext(changes)
        await log.append(stream, [b"x" * (MOST_PUSHED + 1)], attempt=1, producer_seq=1)
        assert await anext(changes) == []
        await log.append(stream, [b"x" * MOST_PUSHED], attempt=1, producer_seq=2)
        (news,) = await anext(changes)

    assert news.entries[0].data == b"x" * MOST_PUSHED


async def test_a_follower_that_is_up_to_date_reads_nothing(log: RedisLog, redis: Redis, stream: str) -> None:
    async with Producer(log, stream, 1) as producer:
        follower = Subscriber(Hub(log), stream)
        await producer.put(b"e1")
        await follower.has(1)
        before = await reads(redis)
        for number in range(2, 50):
            await producer.put(f"e{number}".encode())
            await follower.has(number)
        after = await reads(redis)
        await producer.close(b"e50")

        assert await follower.to_the_end() == events(1, 50)
    assert after == before


async def reads(redis: Redis) -> int:
    """Return how often a stream's entries have been read."""
    statistics = await redis.info("commandstats")  # pyright: ignore[reportUnknownMemberType] - untyped keywords
    return int(statistics.get("cmdstat_xrange", {}).get("calls", 0))


@pytest.mark.parametrize(
    "message", [b"+", b"+\0\0\0\0\0\0\0", b"+\1\0\x09\0\0\0\xffshort", b"", b"forgotten", b"\0\xff"]
)
def test_a_message_of_another_version_says_nothing(message: bytes) -> None:
    assert appended(message) is None
