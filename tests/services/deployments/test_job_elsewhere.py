"""The job of a deployment that runs without us: what goes wrong with a look, or between two of one site."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import msgspec
import pytest

from services.config import Config
from services.core.credentials import Credentials
from services.core.errors import Conflict, Invalid, Unavailable
from services.deployments.events import LogLine, decode
from services.deployments.job import STOPS, DeploymentJob
from services.deployments.model import Deployment, DeploymentConfig, DeploymentStatus
from services.environments.model import EnvironmentKind
from services.environments.service import NewEnvironment
from services.foundation.events.producer import Producer
from services.foundation.jobs.record import OPEN, StopCause
from services.foundation.jobs.run import Run, claim
from services.foundation.jobs.worker import JobFailed, Parked, Worker
from services.generations.model import Generation, GenerationKind
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
from tests.services.site import Site, standing
from tests.snapinfra import provisioned


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


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage that no worker serves by itself."""
    data = tmp_path_factory.mktemp("data")
    return provisioned(emulator, SNAPINFRA_DATA=str(data), AI_TEAM_MONTHLY_TOKENS="1000000")


@pytest.fixture
async def site(config: Config) -> AsyncGenerator[Site]:
    async with standing(config) as site:
        yield site


@pytest.fixture
async def code(site: Site) -> Generation:
    return await site.made(GenerationKind.CODE)


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
    held = await job.table.aws.run(claim, job.table, deployment.id, owner="test", lease=30, now=site.clock)
    assert held is not None
    async with Producer(job.event_log, held.id, attempt=held.attempt, base=0) as out:
        yield job, Run(job.table, held, out)


@pytest.mark.parametrize(
    "trouble",
    [DeployFailed("CREDENTIALS_REFUSED", "No."), Unavailable("Away."), ValueError("of ours"), TimeoutError()],
)
async def test_whatever_goes_wrong_with_a_look_leaves_what_runs_as_it_is(
    site: Site, code: Generation, trouble: Exception
) -> None:
    deployment = await deployed(site, code, **live(site))
    async with run_of(site, deployment, Elsewhere(trouble)) as (job, run):
        with pytest.raises(Parked):
            await job.work(run)
    stored = await job.table.find(deployment.id)
    assert stored is not None
    assert (stored.status, stored.finished_at) == (DeploymentStatus.SUCCESS, None)


@pytest.mark.parametrize(("other_is", "stays"), [(timedelta(hours=-1), "ours"), (timedelta(hours=1), "other")])
async def test_of_two_that_came_to_answer_at_once_one_stays(
    site: Site, code: Generation, other_is: timedelta, stays: str
) -> None:
    other = await deployed(site, code, **live(site, at=other_is))
    ours = await deployed(site, code, status=DeploymentStatus.DEPLOYING)
    async with run_of(site, ours, Elsewhere()) as (job, run):
        with pytest.raises(Parked):
            await job.work(run)
    records = {"ours": await job.table.find(ours.id), "other": await job.table.find(other.id)}
    assert [name for name, record in records.items() if record and record.stop is None] == [stays]
    assert {record.stop for record in records.values() if record} == {None, StopCause.SUPERSEDED}
    project = await site.services.projects.find(site.project.id)
    assert project is not None
    kept = records[stays]
    assert kept is not None
    assert project.live_deployment_id == kept.id


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


async def test_what_waits_in_its_queue_is_restarted_at_once(site: Site, code: Generation) -> None:
    platform, hour = Elsewhere(), timedelta(hours=1)
    deployment = await deployed(site, code, not_before=site.clock() + hour, url="https://x.example.com", **live(site))
    async with serving(site, platform):
        for _ in range(2):  # the second asks for what is asked for already
            asked = await site.services.operator.restart(deployment.id, by=site.actor)
            assert asked.status is DeploymentStatus.SUCCESS
        stored = await answered(site, deployment)
    (running,) = platform.restarted
    assert (running.url, running.progress.id("build")) == ("https://x.example.com", "build-1")
    assert stored.answered == running.request
    assert stored.progress.calls.keys() == {"build"}, "how far it had come is forgotten with it"
    assert await said(site, deployment) == ["Restarting, as was asked for."]


async def test_what_is_asked_for_while_a_look_is_on_is_done_right_after_it(site: Site, code: Generation) -> None:
    platform = Elsewhere(may_look=asyncio.Event())
    deployment = await deployed(site, code, pause=60, **live(site))
    async with serving(site, platform), asyncio.timeout(40):
        await site.services.deployments.queue.send(deployment.id, group=deployment.team_id)
        await platform.looked.wait()
        await site.services.operator.restart(deployment.id, by=site.actor)
        assert platform.may_look is not None
        platform.may_look.set()
        await answered(site, deployment)
    assert len(platform.restarted) == 1


async def test_a_restart_goes_on_where_its_worker_was_lost(site: Site, code: Generation) -> None:
    platform, deployment = Elsewhere(), await deployed(site, code, **live(site))
    await site.services.operator.restart(deployment.id, by=site.actor)
    async with run_of(site, deployment, platform) as (_, run):
        request = run.record.request
        assert request is not None
        begun = msgspec.structs.replace(request, calls={"restart": Call(site.clock(), "done")})
        await run.save(request=begun, lease=None)
    async with serving(site, platform):
        await answered(site, deployment)
    (running,) = platform.restarted
    assert running.progress.id("restart") == "done"
    assert await said(site, deployment) == [], "it was said before"


async def test_a_restart_is_tried_again_while_its_platform_is_away(site: Site, code: Generation) -> None:
    platform, deployment = Elsewhere(away=2), await deployed(site, code, **live(site))
    await site.services.operator.restart(deployment.id, by=site.actor)
    async with serving(site, platform):
        stored = await answered(site, deployment)
    assert len(platform.restarted) == 3
    assert len({running.request for running in platform.restarted}) == 1
    assert (stored.status, stored.failures) == (DeploymentStatus.SUCCESS, 0)


@pytest.mark.parametrize("trouble", [DeployFailed("CREDENTIALS_REFUSED", "No."), ValueError("of ours")])
async def test_whatever_goes_wrong_with_a_restart_leaves_what_runs(
    site: Site, code: Generation, trouble: Exception
) -> None:
    platform, deployment = Elsewhere(trouble), await deployed(site, code, **live(site))
    await site.services.operator.restart(deployment.id, by=site.actor)
    async with serving(site, platform):
        stored = await answered(site, deployment)
    assert (stored.status, stored.finished_at) == (DeploymentStatus.SUCCESS, None)
    lines = await said(site, deployment)
    assert lines[0] == "Restarting, as was asked for."
    assert len(lines) > 1


@pytest.mark.parametrize(
    "fields",
    [
        {"status": DeploymentStatus.BUILDING},
        {"status": DeploymentStatus.CANCELING, "stop": StopCause.CANCELED},
        {"status": DeploymentStatus.SUPERSEDED},
    ],
)
async def test_only_what_is_live_can_be_restarted(site: Site, code: Generation, fields: dict[str, object]) -> None:
    deployment = await deployed(site, code, **live(site) | fields)
    with pytest.raises(Conflict) as conflict:
        await site.services.operator.restart(deployment.id, by=site.actor)
    stored = await site.services.deployments.table.find(deployment.id)
    assert conflict.value.current == stored
    assert stored is not None
    assert stored.request is None


async def test_what_is_scaled_is_kept_for_the_next_deployment(site: Site, code: Generation) -> None:
    new = NewEnvironment(site.project.id, "live", EnvironmentKind.PRODUCTION, DeploymentPlatform.LOCAL)
    environment = await site.services.environments.create(new, by=site.actor)
    platform, was = Elsewhere(), Hosting("eu", "basic", 1)
    deployment = await deployed(site, code, environment_id=environment.id, hosting=was, **live(site))
    async with serving(site, platform):
        await site.services.operator.scale(deployment.id, Hosting(instances=3), by=site.actor)
        stored = await answered(site, deployment)
    assert platform.scaled == [Hosting(instances=3)]
    assert stored.hosting == Hosting("eu", "basic", 3)
    kept = await site.services.environments.find(environment.id)
    assert kept is not None
    assert kept.hosting == Hosting(instances=3)
    assert await said(site, deployment) == ["Scaling to 3 instances, as was asked for."]


async def test_a_scaling_that_is_refused_there_leaves_what_is_kept(site: Site, code: Generation) -> None:
    platform = Elsewhere(DeployFailed("PLAN_LIMIT", "Upgrade."))
    deployment = await deployed(site, code, hosting=Hosting(instances=1), **live(site))
    async with serving(site, platform):
        await site.services.operator.scale(deployment.id, Hosting(size="standard-2x", instances=9), by=site.actor)
        stored = await answered(site, deployment)
    assert (stored.status, stored.hosting) == (DeploymentStatus.SUCCESS, Hosting(instances=1))
    scaling = "Scaling to 9 instances of size standard-2x, as was asked for."
    assert await said(site, deployment) == [scaling, "Upgrade."]


async def test_one_thing_is_asked_at_a_time(site: Site, code: Generation) -> None:
    deployment, operator = await deployed(site, code, **live(site)), site.services.operator
    first = await operator.scale(deployment.id, Hosting(instances=2), by=site.actor)
    same = await operator.scale(deployment.id, Hosting(instances=2), by=site.actor)
    assert first.request == same.request
    with pytest.raises(Conflict):
        await operator.scale(deployment.id, Hosting(instances=3), by=site.actor)
    with pytest.raises(Conflict):
        await operator.restart(deployment.id, by=site.actor)


@pytest.mark.parametrize(
    ("platform", "to", "fields"),
    [
        (DeploymentPlatform.HEROKU, Hosting(), {"instances"}),
        (DeploymentPlatform.HEROKU, Hosting(instances=0), {"instances"}),
        (DeploymentPlatform.HEROKU, Hosting(instances=101), {"instances"}),
        (DeploymentPlatform.HEROKU, Hosting(size="a b"), {"size"}),
        (DeploymentPlatform.RAILWAY, Hosting(size="2/4"), {"size"}),
        (DeploymentPlatform.VERCEL, Hosting(size="2/4", instances=2), {"size", "instances"}),
        (DeploymentPlatform.AWS_ECS, Hosting(size="256/4096"), {"size"}),
        (DeploymentPlatform.LOCAL, Hosting(instances=2), {"instances"}),
    ],
)
async def test_what_can_not_be_chosen_is_refused_before_anything_is_asked(
    site: Site, code: Generation, platform: DeploymentPlatform, to: Hosting, fields: set[str]
) -> None:
    deployment = await deployed(site, code, platform=platform, **live(site))
    with pytest.raises(Invalid) as invalid:
        await site.services.operator.scale(deployment.id, to, by=site.actor)
    assert {fault.field[0] for fault in invalid.value.faults} == fields
    stored = await site.services.deployments.table.find(deployment.id)
    assert stored is not None
    assert stored.request is None


async def test_where_nothing_can_be_restarted_the_reason_is_said_at_once(site: Site, code: Generation) -> None:
    deployment = await deployed(site, code, platform=DeploymentPlatform.VERCEL, **live(site))
    with pytest.raises(Invalid, match="functions"):
        await site.services.operator.restart(deployment.id, by=site.actor)


@pytest.mark.parametrize(("first", "then"), [("stop", "stop"), ("stop", "cancel"), ("cancel", "cancel")])
async def test_what_is_asked_first_is_how_it_ends(site: Site, code: Generation, first: str, then: str) -> None:
    platform, deployments = Elsewhere(), site.services.deployments
    deployment = await deployed(site, code, **live(site))
    for how in (first, then):
        asked = await getattr(deployments, how)(deployment.id, by=site.actor)
        assert asked.status is DeploymentStatus.CANCELING
    async with serving(site, platform), asyncio.timeout(40):
        while (ended := await deployments.table.find(deployment.id)) and ended.finished_at is None:  # noqa: ASYNC110 - the record tells nobody
            await asyncio.sleep(0.1)
    assert ended is not None
    assert ended.status is {"stop": DeploymentStatus.STOPPED, "cancel": DeploymentStatus.CANCELED}[first]
    assert platform.asked == 1


@pytest.mark.parametrize(("away", "failures", "reason"), [(2, 0, None), (99, STOPS, "NOT_STOPPED")])
async def test_what_can_not_be_stopped_now_is_stopped_later(
    site: Site, code: Generation, away: int, failures: int, reason: str | None
) -> None:
    platform, deployments = Elsewhere(away=away), site.services.deployments
    deployment = await deployed(site, code, failures=failures, **live(site))
    asked = await deployments.cancel(deployment.id, by=site.actor)
    assert asked.status is DeploymentStatus.CANCELING
    async with serving(site, platform), asyncio.timeout(40):
        while (ended := await deployments.table.find(deployment.id)) and ended.finished_at is None:  # noqa: ASYNC110 - the record tells nobody
            await asyncio.sleep(0.1)
    assert ended is not None
    assert (ended.status, ended.reason) == (DeploymentStatus.CANCELED, reason)
    assert platform.asked == (1 if reason else away + 1)


@pytest.mark.parametrize(
    ("failure", "asked"),
    [
        (JobFailed("BUILD_TIMED_OUT", "Late.", retryable=False), 1),
        (JobFailed("WORKER_LOST", "Lost.", retryable=False), 1),
        (JobFailed("PLATFORM_UNAVAILABLE", "Away.", retryable=True), 1),
        (JobFailed("BUILD_FAILED", "tsc.", retryable=False), 0),
    ],
)
async def test_a_build_that_may_go_on_there_is_given_up_when_it_has_failed_here(
    site: Site, code: Generation, failure: JobFailed, asked: int
) -> None:
    platform, deployment = Elsewhere(), await deployed(site, code, status=DeploymentStatus.BUILDING)
    async with run_of(site, deployment, platform) as (job, run):
        await job.failed(run, failure, final=True)
    stored = await job.table.find(deployment.id)
    assert stored is not None
    assert (stored.status, stored.reason, platform.asked) == (DeploymentStatus.FAILED, failure.code, asked)


async def test_what_has_variables_that_nobody_can_read_is_stopped_all_the_same(site: Site, code: Generation) -> None:
    sealed = await site.services.deployments.variables.stored(
        DeploymentConfig({"KEY": "value"}), deployment_id="deployment_other", project_id=site.project.id
    )
    platform = Elsewhere()
    deployment = await deployed(site, code, config=sealed, stop=StopCause.CANCELED, **live(site))
    async with run_of(site, deployment, platform) as (job, run):
        await job.stopped(run)
    stored = await job.table.find(deployment.id)
    assert stored is not None
    assert (stored.status, stored.reason, platform.asked) == (DeploymentStatus.CANCELED, None, 1)
