"""The operations of the main job, done one after the other on an api and a worker, and what each of them asked for."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from redis.asyncio import Redis

from bench.wire.documents import DEPLOYMENTS, EVENTS, PROJECT, VIEWER
from cli.api import api
from cli.rehearsal import REQUESTS, Rehearsal
from services.bootstrap import Process, opened
from services.config import Config
from services.core.clock import utc_now
from services.core.ids import ProjectId
from services.deployments.model import DeploymentStatus
from services.foundation.auth.access import LONGEST
from services.foundation.events.redis import keys
from services.foundation.events.redis_scripts import APPEND, READ, TRIM
from services.foundation.jobs.worker import Worker
from services.generations.model import GenerationKind, GenerationStatus
from services.platforms.port import DeploymentPlatform
from tests.costs.counter import Calls, Monitored
from tests.records import deployment_of, generation_of
from tests.snapinfra import Server, User, events

KINDS: Final = ("SCHEMA", "ARCHITECTURE", "DOCUMENTATION", "CHAT", "CODE")
PROMPT: Final = "A shop with products, customers and orders"
TOKEN: Final = b'{"type": "TokenDelta", "text": " token", "offset": 0}'
PATIENCE: Final = 60.0

Counted = Mapping[str, Any]
"""`calls` by service and operation, `readUnits`, `writeUnits`, of these `openUnits`, and `redis`, what it was asked."""


@dataclass
class Ground:
    """An api, and the parts of a worker that runs jobs only when it is told to."""

    config: Config
    server: Process
    worker: Process
    api_calls: Calls
    worker_calls: Calls
    redis: Monitored
    user: User
    rows: dict[str, Counted] = field(default_factory=dict[str, Counted])

    async def count(self, operation: str, doing: Callable[[], Awaitable[Any]], *, calls: Calls) -> Any:
        """Do something, and note what it asked for."""
        await self.redis.counted()
        calls.begin()
        done = await doing()
        counts, asked = calls.ended(), await self.redis.counted()
        self.rows[operation] = {
            "calls": dict(sorted(counts.calls.items())),
            "readUnits": counts.read_units,
            "writeUnits": counts.write_units,
            "openUnits": counts.open_units,
            "redis": dict(sorted((+asked).items())),
        }
        return done

    async def asked(self, operation: str, doing: Callable[[], Awaitable[Any]]) -> Any:
        """Note an operation of the api by a user who was seen a moment ago."""
        await self.forget()
        await self.user.ask(VIEWER)
        return await self.count(operation, doing, calls=self.api_calls)

    async def forget(self) -> None:
        """Have the api forget whom it has seen, as it does after LONGEST."""
        viewer = (await self.user.ask(VIEWER))["viewer"]
        for memory in self.server.services.access.memories:
            memory.forget(viewer["id"])

    async def worked(self, operation: str, until: Callable[[], Awaitable[Any]] | None = None) -> None:
        """Note a job from its message to its end; how many appends its events took depends on the moment."""
        stop = asyncio.Event()

        async def work() -> None:
            running = [asyncio.create_task(one.run(stop)) for one in self.worker.workers if isinstance(one, Worker)]
            async with asyncio.timeout(PATIENCE):
                if until is not None:
                    await until()
                while not self.worker_calls.counts.calls["sqs DeleteMessage"]:  # noqa: ASYNC110 - a queue tells nobody
                    await asyncio.sleep(0.02)
                stop.set()
                await asyncio.gather(*running)

        await self.count(operation, work, calls=self.worker_calls)
        counted = self.rows[operation]
        self.rows[operation] = {**counted, "redis": {"events": counted["redis"]["events"]}}


@asynccontextmanager
async def ground(config: Config) -> AsyncGenerator[Ground]:
    """Open an api and a worker of a stage that is provisioned."""
    platforms = {DeploymentPlatform.LOCAL: Rehearsal(utc_now)}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(opened(config, {}, platforms=platforms))
        worker = await stack.enter_async_context(opened(config, {}, platforms=platforms))
        await stack.enter_async_context(api(server))
        redis = await stack.enter_async_context(Monitored.of(config.events_url))
        calls = [Calls(process.services.projects.table.aws, config.stage) for process in (server, worker)]
        yield Ground(config, server, worker, calls[0], calls[1], redis, Server(config).user())


async def measured(config: Config) -> Mapping[str, Counted]:
    """Do all operations once and return what each asked for."""
    async with ground(config) as here:
        for script in (APPEND, READ, TRIM):
            await here.redis.loaded(script)
        await _questions(here)
        project_id = (await here.user.project())["id"]
        made = await _generations(here, project_id)
        await _deployment(here, project_id, made["CODE"])
        await _watching(here, project_id)
        return here.rows


async def _questions(here: Ground) -> None:
    user = here.user
    await here.count("viewer, for the first time ever", lambda: user.ask(VIEWER), calls=here.api_calls)
    await here.forget()
    unseen = f"viewer, by a user who was not seen for {LONGEST.seconds} s"
    await here.count(unseen, lambda: user.ask(VIEWER), calls=here.api_calls)
    await here.asked("viewer", lambda: user.ask(VIEWER))
    project = await here.asked("create a project", user.project)
    services = here.server.services
    record = await services.projects.table.find(project["id"])
    assert record is not None
    generation = generation_of(record)
    await services.generations.table.put_new(generation)
    for _ in range(DEPLOYMENTS):
        ended = deployment_of(record, generation.id, status=DeploymentStatus.STOPPED)
        await services.deployments.table.put_new(ended)
    await here.asked("project with 20 deployments", lambda: user.ask(PROJECT, id=project["id"]))


async def _generations(here: Ground, project_id: str) -> Mapping[str, str]:
    """Ask for one of each kind, and do it. The first takes what a minute of a person's requests begins with."""
    await here.user.generate(project_id, "SCHEMA", prompt=PROMPT)
    await here.worked("(the first generation of a person's minute)")
    made: dict[str, str] = {}
    for kind in KINDS:

        async def ask(kind: str = kind) -> str:
            return await here.user.generate(project_id, kind, prompt=PROMPT)

        made[kind] = await here.asked(f"generate {kind}", ask)
        await here.worked(f"{kind}, from its message to its end")
    del here.rows["(the first generation of a person's minute)"]
    return made


async def _deployment(here: Ground, project_id: str, generation_id: str) -> None:
    user = here.user
    deployment_id = await here.asked("createDeployment", lambda: user.deploy(project_id, generation_id))

    async def stopped() -> None:
        """Stop it once it is live and has told what it does."""
        log, told = here.server.services.deployments.event_log, b""
        async with log.watch(deployment_id) as changes:
            while REQUESTS[-1].encode() not in told:
                await anext(changes)
                told = b"".join(entry.data for entry in (await log.read(deployment_id, after=0)).entries)
        stop = "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { message } } }"
        await user.ask(stop, id=deployment_id)

    await here.worked("a deployment, from its message until it was live and is stopped", stopped)


async def _watching(here: Ground, project_id: str) -> None:
    services, user = here.server.services, here.user
    project = await services.projects.table.find(ProjectId(project_id))
    assert project is not None
    generation = generation_of(project, kind=GenerationKind.CHAT, status=GenerationStatus.GENERATING)
    await services.generations.table.put_new(generation)
    log = here.worker.services.generations.event_log
    await log.append(generation.id, [TOKEN] * 3, attempt=1, producer_seq=1)

    credential = await services.sign_in.credential({"authorization": f"Bearer {user.token}"})
    assert credential is not None
    await here.forget()
    await here.count(
        "a socket's rights, looked at again", lambda: services.sign_in.again(credential), calls=here.api_calls
    )
    async with AsyncExitStack() as stack:
        await here.asked("handshake of a socket", lambda: stack.enter_async_context(user.socket()))
        results = await stack.enter_async_context(aclosing(user.follow(EVENTS, id=generation.id)))
        await here.asked("handshake, subscription and its first event", lambda: anext(results))
        other = await stack.enter_async_context(aclosing(user.follow(EVENTS, id=generation.id)))
        await here.asked("another subscription to what the process follows", lambda: anext(other))

        async def told() -> list[Any]:
            await log.append(generation.id, [TOKEN], attempt=1, producer_seq=4)
            return [await anext(results), await anext(other)]

        first, _ = await here.asked("one event, appended and told to two subscribers", told)
    cursor = first["data"]["generationEvents"]["cursor"]
    await log.append(generation.id, [TOKEN], attempt=1, producer_seq=5)
    await here.asked("resume in the middle", lambda: events(user, generation.id, after=cursor, most=1))

    ended = await user.generate(project_id, "SCHEMA", prompt=PROMPT)
    await here.worked("(to be looked at)")
    del here.rows["(to be looked at)"]
    await here.asked("the whole stream of a generation that has ended", lambda: events(user, ended))
    async with Redis.from_url(here.config.events_url) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped keywords
        await redis.delete(*keys(ended))
    await here.asked("the same an hour later, from storage", lambda: events(user, ended))
