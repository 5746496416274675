"""What is asked of a deployment that is live, and done by whichever run has it."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from services.config import Config
from services.core.errors import Conflict, Invalid
from services.deployments.model import DeploymentStatus
from services.environments.model import EnvironmentKind
from services.environments.service import NewEnvironment
from services.foundation.jobs.record import StopCause
from services.generations.model import Generation, GenerationKind
from services.platforms.offers import Hosting
from services.platforms.port import (
    Call,
    DeployFailed,
    DeploymentPlatform,
    Event,
    Live,
    Order,
)
from tests.services.deployments.elsewhere import Elsewhere, answered, deployed, live, run_of, said, serving
from tests.services.site import Site, standing
from tests.snapinfra import provisioned


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


async def test_what_costs_a_worker_each_time_is_given_up(site: Site, code: Generation) -> None:
    platform, deployment = Elsewhere(), await deployed(site, code, crashes=2, **live(site))
    await site.services.operator.restart(deployment.id, by=site.actor)
    async with serving(site, platform):
        stored = await answered(site, deployment)
    assert platform.restarted == []
    assert stored.status is DeploymentStatus.SUCCESS
    lost = "The worker was lost each time it tried this: ask again."
    assert await said(site, deployment) == ["Restarting, as was asked for.", lost]


async def test_where_a_platform_is_not_served_any_more_nothing_is_asked(site: Site, code: Generation) -> None:
    operator, deployment = replace(site.services.operator, platforms={}), await deployed(site, code, **live(site))
    for asking in (
        operator.restart(deployment.id, by=site.actor),
        operator.scale(deployment.id, Hosting(size="x" * 500_000), by=site.actor),
    ):
        with pytest.raises(Invalid, match="not available"):
            await asking


async def test_a_restart_is_tried_again_while_its_platform_is_away(site: Site, code: Generation) -> None:
    platform, deployment = Elsewhere(away=2), await deployed(site, code, **live(site))
    await site.services.operator.restart(deployment.id, by=site.actor)
    async with serving(site, platform):
        stored = await answered(site, deployment)
    assert len(platform.restarted) == 3
    assert len({running.request for running in platform.restarted}) == 1
    assert (stored.status, stored.failures) == (DeploymentStatus.SUCCESS, 0)


class Here(Elsewhere):
    """A platform on which everything runs in the worker, until it is over."""

    outlives = False

    async def deploy(self, order: Order) -> AsyncGenerator[Event]:
        yield Live(f"https://{order.site}.example.com")
        await asyncio.Event().wait()


async def test_what_a_run_holds_is_asked_again_by_it(site: Site, code: Generation) -> None:
    platform, deployment = Here(away=2), await deployed(site, code)
    async with serving(site, platform), asyncio.timeout(40):
        await site.services.deployments.queue.send(deployment.id, group=deployment.team_id)
        while True:
            stored = await site.services.deployments.table.find(deployment.id)
            if stored is not None and stored.answers:
                break
            await asyncio.sleep(0.1)
        await site.services.operator.restart(deployment.id, by=site.actor)
        await answered(site, deployment)
        await site.services.operator.restart(deployment.id, by=site.actor)
        await answered(site, deployment)
    assert len(platform.restarted) == 4


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
