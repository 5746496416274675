"""One site, and several who want something of it: deployments, and stops of what runs there."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from msgspec.structs import replace

from services.config import Config
from services.core.credentials import Token
from services.core.errors import Conflict
from services.core.ids import DeploymentId
from services.core.pages import PageRequest
from services.deployments.deploying import NewDeployment
from services.deployments.model import Deployment, DeploymentConfig, DeploymentStatus
from services.foundation.jobs.record import Lease, StopCause
from services.foundation.jobs.worker import JobFailed, Parked
from services.generations.model import Generation, GenerationKind
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.platforms.offers import Hosting
from services.platforms.port import Called, Calling, DeploymentPlatform, Event, Live, Order, Placement, Progress
from services.projects.service import MOST_UNDER_WAY
from tests.records import generation_of
from tests.services.deployments.elsewhere import Elsewhere, deployed, live, run_of, said, serving
from tests.services.site import Site, standing
from tests.snapinfra import SECRET, provisioned


@dataclass
class Slow(Elsewhere):
    """A platform that builds for as long as a test lets it."""

    may_build: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[str] = field(default_factory=list[str])

    async def deploy(self, order: Order) -> AsyncGenerator[Event]:
        if order.progress.id("build") is None:
            self.begun.append(order.deployment_id)
            yield Calling("build")
            yield Called("build", f"build-of-{order.deployment_id}")
        await self.may_build.wait()
        yield Live(f"https://{order.site}.example.com")


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage that no worker serves by itself."""
    data = tmp_path_factory.mktemp("data")
    return provisioned(emulator, SNAPINFRA_DATA=str(data), AI_TEAM_MONTHLY_TOKENS="1000000")


@pytest.fixture
async def site(config: Config) -> AsyncGenerator[Site]:
    async with standing(config) as site:
        await site.services.integrations.create(
            NewIntegration(IntegrationType.HEROKU, Token("a-token-of-heroku")), by=site.actor
        )
        yield site


@pytest.fixture
async def code(site: Site) -> Generation:
    """Store the record of code, which is enough for what is not built."""
    generation = generation_of(site.project)
    await site.services.generations.table.put_new(generation)
    return generation


@pytest.fixture
async def files(site: Site) -> Generation:
    return await site.made(GenerationKind.CODE)


async def ask(site: Site, code: Generation, which: str = "") -> Deployment:
    config = DeploymentConfig({"WHICH": which or "any-of-them", "JWT_SECRET": SECRET})
    new = NewDeployment(site.project.id, code.id, DeploymentPlatform.HEROKU, config)
    return await site.services.deployer.create(new, by=site.actor)


async def now(site: Site, deployment: Deployment) -> Deployment:
    stored = await site.services.deployments.find(deployment.id)
    assert stored is not None
    return stored


async def until(site: Site, deployment: Deployment, *statuses: DeploymentStatus) -> Deployment:
    async with asyncio.timeout(60):
        while (stored := await now(site, deployment)).status not in statuses:  # noqa: ASYNC110 - the record tells nobody
            await asyncio.sleep(0.05)
    return stored


async def under_way(site: Site) -> Sequence[DeploymentId]:
    project = await site.services.projects.find(site.project.id)
    assert project is not None
    return project.under_way


async def being_made(site: Site, deployment: Deployment) -> Deployment:
    """Let a deployment have its turn, as if a worker had begun it."""
    project = await site.services.projects.table.update(
        site.project.id, lambda old: replace(old, under_way=(*old.under_way, deployment.id))
    )
    assert project is not None
    return deployment


async def moved(site: Site, deployment: Deployment, *, to: str | None) -> None:
    await site.services.deployments.table.update(deployment.id, lambda old: replace(old, site=to))


async def test_one_after_the_other_is_made_in_the_order_of_their_requests(site: Site, files: Generation) -> None:
    platform = Slow()
    async with serving(site, platform):
        first = await ask(site, files, "first")
        await until(site, first, DeploymentStatus.BUILDING)
        second, third = await ask(site, files, "second"), await ask(site, files, "third")
        async with asyncio.timeout(30):
            while (await now(site, third)).waits_for is None:  # noqa: ASYNC110 - the record tells nobody
                await asyncio.sleep(0.05)
        assert platform.begun == [first.id]
        assert (await now(site, second)).status is DeploymentStatus.PENDING
        assert await said(site, second) == [f"It waits for {first.id}, which was asked for earlier."]
        assert await said(site, third) == [f"It waits for {second.id}, which was asked for earlier."]

        platform.may_build.set()
        await until(site, third, DeploymentStatus.SUCCESS)
        assert platform.begun == [first.id, second.id, third.id]
        await until(site, first, DeploymentStatus.SUPERSEDED)
        await until(site, second, DeploymentStatus.SUPERSEDED)
        assert (await now(site, third)).waits_for is None
    assert await under_way(site) == ()


async def test_who_only_waits_holds_no_slot_and_leaves_other_places_alone(site: Site, files: Generation) -> None:
    platform = Slow()
    platform.may_build.set()
    begun = await deployed(site, files, status=DeploymentStatus.BUILDING, started_at=site.clock())
    await being_made(site, begun)
    waiting = [await ask(site, files) for _ in range(3)]
    elsewhere = await ask(site, files)
    for each in waiting:
        await moved(site, each, to=begun.site)
    await moved(site, elsewhere, to="trams-4567")
    async with serving(site, platform):  # of one slot
        await until(site, elsewhere, DeploymentStatus.SUCCESS)
        assert {(await now(site, each)).status for each in waiting} == {DeploymentStatus.PENDING}
    assert platform.begun == [elsewhere.id]


async def test_who_waits_is_canceled_at_once_and_those_behind_wait_on(site: Site, files: Generation) -> None:
    platform = Slow()
    async with serving(site, platform):
        first = await ask(site, files)
        await until(site, first, DeploymentStatus.BUILDING)
        second, third = await ask(site, files), await ask(site, files)
        await site.services.deployments.cancel(second.id, by=site.actor)
        await until(site, second, DeploymentStatus.CANCELED)
        async with asyncio.timeout(30):
            while (await now(site, third)).waits_for != first.id:  # noqa: ASYNC110 - the record tells nobody
                await asyncio.sleep(0.05)
        await site.services.deployments.cancel(first.id, by=site.actor)  # which waits for nobody
        await until(site, first, DeploymentStatus.CANCELED)
        platform.may_build.set()
        await until(site, third, DeploymentStatus.SUCCESS)
    assert platform.begun == [first.id, third.id]


async def test_a_stop_that_is_late_leaves_alone_what_has_taken_the_place(site: Site, code: Generation) -> None:
    old = await deployed(site, code, stop=StopCause.STOPPED, **live(site) | {"status": DeploymentStatus.CANCELING})
    site.clock.set(site.clock() + timedelta(seconds=1))
    await deployed(site, code, **live(site))
    platform = Elsewhere()
    async with run_of(site, old, platform) as (job, run):
        await job.stopped(run)
    assert (await now(site, old)).status is DeploymentStatus.SUPERSEDED
    assert platform.asked == 0


async def test_a_stop_waits_for_what_is_to_take_the_place_and_is_done_where_that_fails(
    site: Site, code: Generation
) -> None:
    platform = Elsewhere()
    running = await deployed(site, code, **live(site))
    next_one = await being_made(
        site, await deployed(site, code, status=DeploymentStatus.BUILDING, started_at=site.clock())
    )
    await site.services.deployments.stop(running.id, by=site.actor)
    async with run_of(site, running, platform) as (job, run):
        with pytest.raises(Parked):
            await job.stopped(run)
        assert platform.asked == 0
        why = "which is to take its place; cancel that if nothing is to run."
        assert await said(site, running) == [f"It waits for {next_one.id}, {why}"]
    async with run_of(site, next_one, platform) as (job, run):
        await job.failed(run, JobFailed("BUILD_FAILED", "tsc.", retryable=False), final=True)
    await site.services.deployments.table.update(running.id, lambda old: replace(old, lease=None))
    async with run_of(site, running, platform) as (job, run):
        await job.stopped(run)
    assert (await now(site, running)).status is DeploymentStatus.STOPPED
    assert platform.asked == 1


async def test_a_deployment_does_not_begin_while_what_runs_is_just_being_stopped(site: Site, code: Generation) -> None:
    platform = Slow()
    running = await deployed(site, code, stop=StopCause.STOPPED, **live(site))
    new = await being_made(site, await deployed(site, code, progress=Progress()))
    async with run_of(site, running, platform), run_of(site, new, platform) as (job, run):
        with pytest.raises(Parked):
            await job.work(run)
    assert (await now(site, new)).waits_for == running.id
    assert platform.begun == []


async def test_what_waits_for_a_deployment_keeps_nobody_waiting(site: Site, code: Generation) -> None:
    platform = Elsewhere()
    running = await deployed(site, code, url="https://x.example.com", **live(site))
    new = await being_made(site, await deployed(site, code, started_at=site.clock()))
    await site.services.operator.scale(running.id, Hosting(instances=2), by=site.actor)
    async with run_of(site, running, platform) as (job, run), run_of(site, new, platform) as (_, later):
        with pytest.raises(Parked):
            await job.work(run)
        assert await job.turns.acting_at(later.record) is None


async def test_what_runs_is_not_restarted_under_what_is_to_take_its_place(site: Site, code: Generation) -> None:
    platform = Elsewhere()
    running = await deployed(site, code, url="https://x.example.com", **live(site))
    new = await being_made(site, await deployed(site, code, status=DeploymentStatus.BUILDING, started_at=site.clock()))
    await site.services.operator.scale(running.id, Hosting(instances=2), by=site.actor)
    async with run_of(site, running, platform) as (job, run):
        with pytest.raises(Parked):
            await job.work(run)
    stored = await now(site, running)
    assert (platform.scaled, stored.waits_for, stored.is_urgent) == ([], new.id, False)


async def test_a_project_has_room_for_so_many_that_wait(site: Site, code: Generation) -> None:
    full = tuple(DeploymentId(f"deployment_{number}") for number in range(MOST_UNDER_WAY))
    await site.services.projects.table.update(site.project.id, lambda old: replace(old, under_way=full))
    with pytest.raises(Conflict, match="under way"):
        await ask(site, code)
    assert await under_way(site) == full


async def test_a_second_cancel_of_what_has_not_begun_finds_it_canceled(site: Site, code: Generation) -> None:
    deployment = await ask(site, code)
    both = [await site.services.deployments.cancel(deployment.id, by=site.actor) for _ in range(2)]
    assert [each.status for each in both] == [DeploymentStatus.CANCELED] * 2
    with pytest.raises(Conflict, match="CANCELED"):
        await site.services.deployments.stop(deployment.id, by=site.actor)


@dataclass
class Watched(Elsewhere):
    """A platform at which what runs is stopped just as a look ends, and that sees who holds it while it stops it."""

    ask: Callable[[], Awaitable[object]] | None = None
    held: Callable[[], Awaitable[Lease | None]] | None = None
    leases: list[Lease | None] = field(default_factory=list[Lease | None])

    async def look(self, placement: Placement) -> AsyncGenerator[Event]:
        async for event in Elsewhere.look(self, placement):
            yield event
        if self.ask is not None:
            await self.ask()

    async def cancel(self, placement: Placement, *, live: bool) -> None:
        await Elsewhere.cancel(self, placement, live=live)
        if self.held is not None:
            self.leases.append(await self.held())


async def test_who_stops_what_a_look_was_at_is_seen_to_hold_it(site: Site, code: Generation) -> None:
    running = await deployed(site, code, **live(site))

    async def held() -> Lease | None:
        return (await now(site, running)).lease

    platform = Watched(ask=lambda: site.services.deployments.stop(running.id, by=site.actor), held=held)
    async with serving(site, platform):
        await site.services.deployments.queue.send(running.id, group=running.team_id)
        await until(site, running, DeploymentStatus.STOPPED)
    assert len(platform.leases) == 1
    assert None not in platform.leases


async def test_credentials_stay_while_a_deployment_is_under_way_that_needs_them(site: Site, code: Generation) -> None:
    deployment = await ask(site, code)
    page = await site.services.integrations.list(PageRequest(), team_id=None, type=None, by=site.actor)
    (integration,) = page.items
    with pytest.raises(Conflict, match=f"{deployment.id} is under way"):
        await site.services.deletion.delete_integration(integration.id, by=site.actor)
    assert await site.services.integrations.get(integration.id, by=site.actor) == integration

    await site.services.deployments.cancel(deployment.id, by=site.actor)
    await deployed(site, code, **live(site))  # what runs is no reason to keep them
    deleted = await site.services.deletion.delete_integration(integration.id, by=site.actor)
    assert deleted.id == integration.id
