"""A platform on which what runs goes on without us, and deployments there as a worker has left them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

from services.core.credentials import Credentials
from services.deployments.events import LogLine, decode
from services.deployments.job import DeploymentJob
from services.deployments.model import Deployment, DeploymentStatus
from services.foundation.events.producer import Producer
from services.foundation.jobs.record import OPEN
from services.foundation.jobs.run import Run, claim
from services.foundation.jobs.worker import Worker
from services.generations.model import Generation
from services.platforms.offers import Hosting, Offers
from services.platforms.port import (
    Call,
    Called,
    Calling,
    DeployFailed,
    DeploymentPlatform,
    Event,
    Identity,
    Live,
    Order,
    Placement,
    Progress,
    Running,
    StepChanged,
    StepState,
)
from tests.services.site import Site


@dataclass
class Elsewhere:
    """A platform on which everything answers at once, and whose log breaks whoever reads it."""

    outlives = True
    trouble: Exception | None = None
    away: int = 0
    """So many calls to stop something are not answered."""
    asked: int = 0
    restarted: list[Running] = field(default_factory=list[Running])
    scaled: list[Hosting] = field(default_factory=list[Hosting])
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody looks."""
    may_look: asyncio.Event | None = None
    """What a look waits for."""

    offers = Offers()

    async def deploy(self, order: Order) -> AsyncGenerator[Event]:
        yield Live(f"https://{order.site}.example.com")

    async def look(self, placement: Placement) -> AsyncGenerator[Event]:  # noqa: ARG002 - the port's
        if self.trouble is not None:
            raise self.trouble
        self.looked.set()
        if self.may_look is not None:
            await self.may_look.wait()
        for event in ():
            yield event

    async def restart(self, running: Running) -> AsyncGenerator[Event]:
        self.restarted.append(running)
        if len(self.restarted) <= self.away:
            raise DeployFailed("PLATFORM_UNAVAILABLE", "It is away.", again_after=0.5)
        if self.trouble is not None:
            raise self.trouble
        yield Calling("restart")
        yield Called("restart", "done")
        yield StepChanged("health", StepState.SUCCEEDED)

    async def scale(self, running: Running, to: Hosting) -> AsyncGenerator[Event]:
        self.scaled.append(to)
        async for event in self.restart(running):
            yield event

    async def cancel(self, placement: Placement, *, live: bool) -> None:  # noqa: ARG002 - the port's
        self.asked += 1
        if self.asked <= self.away:
            raise DeployFailed("PLATFORM_UNAVAILABLE", "It is away.", again_after=0.5)

    async def check(self, credentials: Credentials) -> Identity:  # noqa: ARG002 - the port's
        return Identity("alice@example.com")


async def deployed(site: Site, code: Generation, **fields: object) -> Deployment:
    progress = Progress({"build": Call(site.clock(), "build-1")})
    there: dict[str, object] = {"platform": DeploymentPlatform.HEROKU, "site": "bikes-0123", "progress": progress}
    return await site.deployment(code, **there | {"open": OPEN} | fields)


def live(site: Site, *, at: timedelta = timedelta()) -> dict[str, object]:
    return {"status": DeploymentStatus.SUCCESS, "live_at": site.clock() + at}


@asynccontextmanager
async def run_of(
    site: Site, deployment: Deployment, platform: Elsewhere
) -> AsyncGenerator[tuple[DeploymentJob, Run[Deployment]]]:
    job = cast("DeploymentJob", site.services.deletion.deployment_job)
    job = replace(job, platforms={DeploymentPlatform.HEROKU: platform})
    held = await claim(job.table, deployment.id, owner="test", lease=30, now=site.clock)
    assert held is not None
    async with Producer(job.event_log, held.id, attempt=held.attempt, base=0) as out:
        yield job, Run(job.table, held, out)


@asynccontextmanager
async def serving(site: Site, platform: Elsewhere) -> AsyncGenerator[None]:
    """Run a worker with a platform for the length of the block."""
    deployments, stop = site.services.deployments, asyncio.Event()
    job = cast("DeploymentJob", site.services.deletion.deployment_job)
    worker = Worker(
        queue=deployments.queue,
        handler=replace(job, platforms={DeploymentPlatform.HEROKU: platform}),
        events=deployments.event_log,
        slots=1,
        lease=30,
        grace=1,
        now=site.clock,
        new_owner=lambda: "test",
    )
    running = asyncio.create_task(worker.run(stop))
    yield
    stop.set()
    await running


async def answered(site: Site, deployment: Deployment) -> Deployment:
    """Wait until what was asked of a deployment is done with."""
    async with asyncio.timeout(40):
        while True:
            stored = await site.services.deployments.table.find(deployment.id)
            if stored is not None and stored.request is None and stored.answered is not None:
                return stored
            await asyncio.sleep(0.1)


async def said(site: Site, deployment: Deployment) -> list[str]:
    entries = (await site.services.deployments.event_log.read(deployment.id, after=0, limit=100)).entries
    happened = [decode(entry.data) for entry in entries]
    return [event.message for event in happened if isinstance(event, LogLine)]
