"""The job of a deployment that runs without us: what goes wrong with a look, or between two of one site."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.config import Config
from services.core.errors import Unavailable
from services.deployments.job import STOPS
from services.deployments.model import DeploymentConfig, DeploymentStatus
from services.foundation.jobs.record import StopCause
from services.foundation.jobs.worker import JobFailed, Parked
from services.generations.model import Generation, GenerationKind
from services.platforms.port import (
    DeployFailed,
)
from tests.services.deployments.elsewhere import Elsewhere, deployed, live, run_of, serving
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


async def test_a_look_at_a_platform_that_is_away_keeps_no_slot_from_others(site: Site, code: Generation) -> None:
    deployment = await deployed(site, code, **live(site))
    platform = Elsewhere(may_look=asyncio.Event())
    async with run_of(site, deployment, platform) as (job, run), asyncio.timeout(20):
        with pytest.raises(Parked):
            await replace(job, look_limit=0.2).work(run)
    assert platform.looked.is_set()
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
