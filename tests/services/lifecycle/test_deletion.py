"""What deleting promises around a worker: what goes on is not deleted, and what is deleted stays so."""

import pytest
from msgspec.structs import replace

from services.config import Config
from services.core.credentials import Token
from services.core.errors import Conflict, NotFound
from services.deployments.model import DeploymentStatus
from services.foundation.auth.tokens import Subject
from services.foundation.jobs.record import ENDED, OPEN, StopCause
from services.generations.model import GenerationKind
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.platforms.port import Call, DeploymentPlatform, Progress
from tests.services.site import Site, emptied
from tests.snapinfra import provisioned


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage that no worker serves by itself."""
    data = tmp_path_factory.mktemp("data")
    return provisioned(emulator, SNAPINFRA_DATA=str(data), AI_TEAM_MONTHLY_TOKENS="1000000")


async def test_a_generation_that_has_not_ended_is_not_deleted(site: Site) -> None:
    asked = await site.ask()

    with pytest.raises(Conflict, match="this one is QUEUED: cancel it"):
        await site.delete(asked)

    assert await site.services.generations.get(asked.id, by=site.actor) == asked


async def test_one_canceled_before_it_began_can_be_deleted_and_its_end_is_told_and_settled(site: Site) -> None:
    asked = await site.ask()
    reserved = await site.committed()
    canceled = await site.services.generations.cancel(asked.id, by=site.actor)

    await site.delete(canceled)

    assert (canceled.open, reserved > 0, await site.committed()) == (ENDED, True, 0)
    with pytest.raises(NotFound):
        await site.services.generations.get(asked.id, by=site.actor)
    assert (await site.services.projects.get(site.project.id, by=site.actor)).working_id is None


async def test_a_generation_from_which_another_is_being_made_is_not_deleted(site: Site) -> None:
    base = await site.made(GenerationKind.CHAT)
    answer = await site.ask(GenerationKind.CHAT, base)

    with pytest.raises(Conflict, match="Another generation is being made from it"):
        await site.delete(base)

    assert await site.services.generations.artifact(base) is not None
    await site.services.generations.cancel(answer.id, by=site.actor)
    await site.delete(base)


async def test_code_that_a_deployment_runs_is_not_deleted(site: Site) -> None:
    code = await site.made(GenerationKind.CODE)
    running = await site.deployment(code, status=DeploymentStatus.SUCCESS, open=OPEN)

    with pytest.raises(Conflict, match="A deployment of its code is under way or runs"):
        await site.delete(code)

    assert await site.services.generations.artifact(code) is not None
    await site.services.deployments.cancel(running.id, by=site.actor)
    await site.delete(code)


async def test_a_deployment_whose_code_was_deleted_can_not_be_done_again(site: Site) -> None:
    code = await site.made(GenerationKind.CODE)
    ended = await site.deployment(code, status=DeploymentStatus.FAILED, finished_at=site.clock())
    await site.delete(code)

    with pytest.raises(Conflict, match="The code of this deployment was deleted"):
        await site.services.deployer.redeploy(ended.id, by=site.actor)


async def test_what_is_deleted_stays_deleted_when_its_message_comes_again(site: Site) -> None:
    generation = await site.made(GenerationKind.CODE)
    ended = await site.deployment(generation, status=DeploymentStatus.FAILED, finished_at=site.clock())
    services = site.services
    await services.deletion.delete_deployment(ended.id, by=site.actor)
    await site.delete(generation)

    for service, record in ((services.generations, generation), (services.deployments, ended)):
        await service.queue.send(record.id, group=record.team_id)
        async with site.working():
            await emptied(service.queue)
        assert await service.table.find(record.id) is None
        assert (await service.event_log.read(record.id, after=0)).head.last == 0
    assert await services.generations.artifact(generation) is None


async def test_a_generation_put_back_meanwhile_is_not_deleted(site: Site) -> None:
    asked = await site.ask()
    table = site.services.generations.table
    failed = await table.update(asked.id, lambda old: replace(old, finished_at=site.clock(), open=None))
    assert failed is not None
    await table.update(asked.id, lambda old: replace(old, finished_at=None, open=OPEN))

    with pytest.raises(Conflict, match="has ended"):
        await site.services.generations.remove(failed)

    assert await table.find(asked.id) is not None


async def test_credentials_stay_until_what_runs_with_them_is_stopped(site: Site) -> None:
    services, by = site.services, site.actor
    token = Token("some-token-0123")
    kept = await services.integrations.create(NewIntegration(IntegrationType.HEROKU, token), by=by)
    code = await site.made(GenerationKind.CODE)
    there = Progress({"build": Call(site.clock(), "build-1")})
    live = await site.deployment(
        code, platform=DeploymentPlatform.HEROKU, status=DeploymentStatus.SUCCESS, open=OPEN, progress=there
    )

    with pytest.raises(Conflict, match=f"{live.id} runs at HEROKU"):
        await services.accounts.close(by.user_id)
    stopping = await services.deployments.table.find(live.id)
    before = await services.integrations.table.find(kept.id)
    await services.deployments.table.update(live.id, lambda old: replace(old, finished_at=site.clock(), open=ENDED))
    await services.accounts.close(by.user_id)

    assert stopping is not None
    assert (stopping.stop, before is not None) == (StopCause.CANCELED, True)
    assert await services.integrations.table.find(kept.id) is None


async def test_a_team_with_whose_credentials_something_runs_is_not_deleted(site: Site) -> None:
    services, team = site.services, await site.services.teams.create("Crew", by=site.actor)
    owner = await services.users.actor(Subject(site.actor.user_id), anew=True)
    there = Progress({"build": Call(site.clock(), "build-1")})
    code = await site.made(GenerationKind.CODE)
    live = await site.deployment(
        code, team_id=team.id, platform=DeploymentPlatform.HEROKU, open=OPEN, progress=there
    )  # of a project that was moved to another team since

    with pytest.raises(Conflict, match=f"{live.id} runs at HEROKU"):
        await services.teams.delete(team.id, by=owner)

    assert await services.teams.get(team.id, by=owner) == team
    await services.deployments.table.update(live.id, lambda old: replace(old, finished_at=site.clock(), open=ENDED))
    await services.teams.delete(team.id, by=owner)
