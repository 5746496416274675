"""The whole product over an event log of three Redis servers, one of which is away."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Final

import httpx
import pytest

from services.bootstrap import opened
from services.core.tls import trusted
from services.foundation.events.redis_address import name_of
from services.foundation.events.sharded import ShardedLog
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import Server, User, events, rebuilt, serving, settings

PARTS: Final = {"events", "events-1", "events-2", "events-3"}
WATCH: Final = "subscription($id: ID!) { projectEvents(projectId: $id) { __typename } }"
RENAME: Final = """
mutation($id: ID!) { updateProject(input: {projectId: $id, name: "Other"}) { userErrors { message } } }
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    running = [RedisServer(tmp_path_factory.mktemp("redis")) for _ in range(3)]
    for server in running:
        server.start()
    yield running
    for server in running:
        server.kill()


@pytest.fixture(scope="module")
def server(emulator: str, servers: list[RedisServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    urls, data = ",".join(server.url for server in servers), tmp_path_factory.mktemp("data")
    with serving(settings(emulator, EVENTS_URL=urls, SNAPINFRA_DATA=str(data))) as running:
        yield running


async def until(server: Server, *parts: str) -> int:
    """Wait until the health says these parts of the log are unavailable, and no others; return its status."""
    async with asyncio.timeout(30), httpx.AsyncClient(verify=trusted()) as http:
        while True:
            answer = await http.get(f"{server.origin}/api/health")
            services: dict[str, str] = answer.json()["services"]
            assert {name for name in services if name.startswith("events")} == PARTS
            if {name for name in PARTS if services[name] == "unavailable"} == set(parts):
                return answer.status_code
            await asyncio.sleep(0.1)


async def placed(server: Server) -> Callable[[str], str]:
    """Return what says where a stream is."""
    async with opened(server.config, {}) as process:
        log = process.services.generations.event_log
        assert isinstance(log, ShardedLog)
        return log.server_of


async def test_generations_end_wherever_their_stream_is_and_those_of_a_lost_server_as_stored(
    server: Server, servers: list[RedisServer], alice: User
) -> None:
    project_id, where = (await alice.project())["id"], await placed(server)
    assert await until(server) == 200

    servers[1].kill()
    assert await until(server, "events-2") == 200
    asked = [await alice.generate(project_id, "SCHEMA") for _ in range(6)]
    stored = {generation_id: await ended(alice, generation_id) for generation_id in asked}
    for generation_id, text in stored.items():
        if where(generation_id) != name_of(servers[1].url):
            assert rebuilt(await events(alice, generation_id))[0] == text

    servers[1].start()
    assert await until(server) == 200
    for generation_id, text in stored.items():
        assert rebuilt(await events(alice, generation_id))[0] == text


async def ended(user: User, generation_id: str) -> str:
    """Wait for the end of a generation as queries show it; return its text."""
    async with asyncio.timeout(90):
        while True:
            asked = await user.ask("query($id: ID!) { generation(id: $id) { status text } }", id=generation_id)
            if (generation := asked["generation"])["status"] not in ("QUEUED", "GENERATING"):
                assert generation["status"] == "COMPLETED"
                return generation["text"]
            await asyncio.sleep(0.2)


async def test_a_project_is_watched_while_another_server_is_away(
    server: Server, servers: list[RedisServer], alice: User
) -> None:
    """Its team's activity, and who is at it, are streams like all others."""
    project_id, where = (await alice.project())["id"], await placed(server)
    team = await alice.ask("query($id: ID!) { project(id: $id) { team { id } } }", id=project_id)
    needed = {where(team["project"]["team"]["id"]), where(f"{project_id}/rooms")}
    for redis in servers:
        if name_of(redis.url) not in needed:
            redis.kill()

    told: list[str] = []
    async with asyncio.timeout(30), aclosing(alice.follow(WATCH, id=project_id)) as results:
        async for result in results:
            told.append(result["data"]["projectEvents"]["__typename"])
            if told == ["PresenceChanged"]:
                await alice.ask(RENAME, id=project_id)
            if told[-1] == "ActivityNoted":
                break

    assert told == ["PresenceChanged", "ActivityNoted"]
