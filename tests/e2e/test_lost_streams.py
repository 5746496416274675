"""What a subscriber gets of an ended stream that Redis has lost: a gap, then what storage has."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import pytest
from redis.asyncio import Redis

from services.bootstrap import opened
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.ids import GenerationId
from services.foundation.auth.tokens import Subject
from services.foundation.events.redis import RedisLog, keys
from services.foundation.events.stream import StreamEvent, StreamGap
from services.generations.events import AttemptStarted, FileDelta, GenerationFinished, TokenDelta
from tests.models import writing
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import GENERATION, Server, User, events, rebuilt, serving, settings

Event = dict[str, Any]
Lose = Callable[["Lossy", str, int], Awaitable[None]]
"""Makes Redis lose a stream of so many events."""

PACKAGE: Final = {"name": "tiny", "version": "1.0.0", "private": True, "scripts": {"start": "node server.js"}}
BACKEND: Final = """
require("node:http").createServer((_, response) => response.end("hello")).listen(process.env.PORT, process.env.HOST);
"""
FILES: Final = {
    "package.json": f"{json.dumps(PACKAGE)}\n",
    "server.js": BACKEND,
    **{f"notes/{number}.md": f"# Note {number}\n" for number in range(20)},
}

DEPLOYMENT: Final = """
subscription($id: ID!, $after: String) {
  deploymentEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on DeploymentStatusChanged { status }
    ... on StepChanged { step state }
    ... on LogLines { lines { id message } }
    ... on DeploymentFinished { status }
    ... on StreamGap { fromSeq toSeq }
  }
}"""


@frozen
class Lossy:
    """The Redis of the server."""

    url: str

    async def flushed(self) -> None:
        async with Redis.from_url(self.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
            await redis.flushall()  # pyright: ignore[reportUnknownMemberType] - untyped keywords

    async def expired(self, stream: str) -> None:
        async with Redis.from_url(self.url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
            await redis.delete(*keys(stream))

    async def trimmed(self, stream: str, before: int) -> None:
        log = RedisLog(self.url, utc_now)
        await log.trim(stream, before=before)
        await log.close()


async def flush(redis: Lossy, stream: str, last: int) -> None:
    del stream, last
    await redis.flushed()


async def expire(redis: Lossy, stream: str, last: int) -> None:
    del last
    await redis.expired(stream)


async def trim(redis: Lossy, stream: str, last: int) -> None:
    await redis.trimmed(stream, last - 2)


async def trim_all(redis: Lossy, stream: str, last: int) -> None:
    await redis.trimmed(stream, last + 1)


LOSSES: Final = (flush, expire, trim, trim_all)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lossy]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield Lossy(server.url)
    server.kill()


@pytest.fixture(scope="module")
def server(emulator: str, redis: Lossy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server over Redis whose model writes a backend that needs no packages."""
    with writing(FILES, emulator, tmp_path_factory.mktemp("data"), EVENTS_URL=redis.url) as running:
        yield running


@frozen
class Ended:
    """A project's code as generated."""

    project_id: str
    generation_id: str
    events: list[Event]


@pytest.fixture
async def ended(alice: User) -> Ended:
    project_id = (await alice.project())["id"]
    await events(alice, await alice.generate(project_id, "SCHEMA"))
    generation_id = await alice.generate(project_id, "CODE")
    happened = await events(alice, generation_id)
    assert happened[-1]["status"] == "COMPLETED"
    return Ended(project_id, generation_id, happened)


def shape(happened: list[Event]) -> list[tuple[str, int | None, int | None]]:
    return [(event["__typename"], event.get("fromSeq"), event.get("toSeq")) for event in happened]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("place", [0, 1, 3, -2])
async def test_a_generation_that_redis_lost_is_a_gap_and_then_what_storage_has(
    redis: Lossy, alice: User, ended: Ended, lose: Lose, place: int
) -> None:
    held = ended.events[place]
    await lose(redis, ended.generation_id, ended.events[-1]["seq"])

    happened = await events(alice, ended.generation_id, after=held["cursor"])

    if lose is trim and place == -2:  # all that follows is still there
        assert happened == ended.events[-1:]
        return
    assert shape(happened)[0] == ("StreamGap", held["seq"] + 1, None)
    assert [event["__typename"] for event in happened].count("StreamGap") == 1
    assert rebuilt(happened[1:]) == rebuilt(ended.events)
    assert happened[-1]["generation"] == ended.events[-1]["generation"]


@pytest.mark.parametrize("lose", LOSSES)
async def test_whoever_begins_after_the_loss_gets_what_storage_has_without_a_gap(
    redis: Lossy, alice: User, ended: Ended, lose: Lose
) -> None:
    await lose(redis, ended.generation_id, ended.events[-1]["seq"])

    happened = await events(alice, ended.generation_id)

    assert "StreamGap" not in [event["__typename"] for event in happened]
    assert rebuilt(happened) == rebuilt(ended.events)
    for event in happened[:-1]:  # and each position in it can be resumed
        rest = await events(alice, ended.generation_id, after=event["cursor"])
        assert rest == happened[happened.index(event) + 1 :]


async def test_the_service_tells_the_same_of_a_lost_stream(
    server: Server, redis: Lossy, alice: User, ended: Ended
) -> None:
    user_id = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]
    held = ended.events[1]
    await redis.flushed()
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - as the server's own
        actor = await process.services.users.actor(Subject(user_id))
        generations = process.services.generations
        following = generations.follow(GenerationId(ended.generation_id), after=held["cursor"], by=actor)
        async with asyncio.timeout(90), following as followed:
            first, *rest = [event async for event in followed]

    told = [event.event for event in rest if isinstance(event, StreamEvent)]
    assert isinstance(first, StreamGap)
    assert (first.from_seq, first.to_seq) == (held["seq"] + 1, None)
    assert len(told) == len(rest)
    assert isinstance(told[0], AttemptStarted)
    assert isinstance(told[-1], GenerationFinished)
    text, files = rebuilt(ended.events)
    assert [event.text for event in told if isinstance(event, TokenDelta)] == [text]
    assert {event.path: event.text for event in told if isinstance(event, FileDelta)} == files


async def test_a_stream_that_redis_loses_while_it_is_written_ends_with_what_storage_has(
    emulator: str, redis: Lossy, tmp_path: Path
) -> None:
    slow = settings(emulator, EVENTS_URL=redis.url, SNAPINFRA_DATA=str(tmp_path), SCAFFOLD_TOKENS_PER_SECOND="100")
    with serving(slow) as running:
        user = running.user()
        generation_id = await user.generate((await user.project())["id"], "SCHEMA")
        happened: list[Event] = []
        async with asyncio.timeout(90), aclosing(user.follow(GENERATION, id=generation_id, after=None)) as results:
            async for result in results:
                happened.append(result["data"]["generationEvents"])
                if len(happened) == 20:
                    await redis.flushed()
        stored = await user.ask("query($id: ID!) { generation(id: $id) { status text } }", id=generation_id)

    kinds = [event["__typename"] for event in happened]
    assert stored["generation"] == {"status": "COMPLETED", "text": rebuilt(happened)[0]}
    assert kinds.count("StreamGap") == kinds.count("GenerationFinished") == 1
    assert kinds.index("StreamGap") < kinds.index("AttemptStarted", 1)


async def deployment_events(
    user: User, deployment_id: str, *, after: str | None = None, until: str = ""
) -> list[Event]:
    found: list[Event] = []
    follow = user.follow(DEPLOYMENT, id=deployment_id, after=after)
    async with asyncio.timeout(180), aclosing(follow) as results:
        async for result in results:
            assert "errors" not in result, result
            found.append(result["data"]["deploymentEvents"])
            if until and found[-1].get("status") == until:
                break
    return found


@frozen
class Deployed:
    """A deployment that ran and was stopped."""

    deployment_id: str
    events: list[Event]


async def archived(server: Server, deployment_id: str) -> None:
    """Wait until the archive has the terminal event: its subscribers may have it a moment earlier."""
    async with opened(server.config, {}) as process, asyncio.timeout(90):
        archive = process.services.deployments.archive
        while not ((newest := await archive.newest(deployment_id)) and newest.terminal):
            continue


@pytest.fixture
async def deployed(server: Server, alice: User, ended: Ended) -> Deployed:
    deployment_id = await alice.deploy(ended.project_id, ended.generation_id)
    await deployment_events(alice, deployment_id, until="SUCCESS")
    await alice.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { message } } }",
        id=deployment_id,
    )
    happened = await deployment_events(alice, deployment_id)
    await archived(server, deployment_id)
    return Deployed(deployment_id, happened)


async def test_a_deployment_that_redis_lost_comes_back_from_its_archive(
    redis: Lossy, alice: User, deployed: Deployed
) -> None:
    whole, last = deployed.events, deployed.events[-1]["seq"]
    held = whole[3]
    await redis.trimmed(deployed.deployment_id, last - 1)
    after_trim = await deployment_events(alice, deployed.deployment_id, after=held["cursor"])
    await redis.flushed()
    after_flush = await deployment_events(alice, deployed.deployment_id, after=held["cursor"])
    from_the_start = await deployment_events(alice, deployed.deployment_id)

    assert content(after_trim) == content(whole[4:])
    assert shape(after_flush)[0] == ("StreamGap", held["seq"] + 1, None)
    assert content(after_flush[1:]) == content(whole)
    assert content(from_the_start) == content(whole)


def content(happened: list[Event]) -> list[Any]:
    """Return what was told, one item a line, without cursors: those name where it came from."""
    told: list[Any] = []
    for event in happened:
        lines = event.get("lines")
        told += lines if lines is not None else [{**event, "cursor": None}]
    return told
