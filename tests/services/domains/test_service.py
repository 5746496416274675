"""That a domain whose addition was cut short anywhere is gone on with, and is had once."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from services.bootstrap import Services
from services.config import Config
from services.core.actor import Actor
from services.core.clock import utc_now
from services.core.credentials import Token
from services.core.errors import Conflict, Invalid
from services.core.ids import DeploymentId, GenerationId, new_id
from services.core.pages import PageRequest
from services.deployments.model import DeploymentStatus
from services.domains.service import MOST, NewDomain
from services.foundation.auth.tokens import Subject
from services.foundation.jobs.record import OPEN
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.platforms.domains import DomainState
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import NewProject
from tests.fakes.targets.heroku import FakeHeroku
from tests.records import deployment_of
from tests.snapinfra import provisioned


@pytest.fixture(scope="module")
def heroku() -> Iterator[FakeHeroku]:
    with FakeHeroku() as fake:
        yield fake


@pytest.fixture(scope="module")
def config(emulator: str, heroku: FakeHeroku, tmp_path_factory: pytest.TempPathFactory) -> Config:
    data = str(tmp_path_factory.mktemp("data"))
    return provisioned(emulator, SNAPINFRA_DATA=data, HEROKU_API_URL=heroku.url)


@dataclass
class Ground:
    """A project with a live deployment at Heroku."""

    services: Services
    actor: Actor
    project: Project
    deployment_id: DeploymentId
    app: str

    async def names(self) -> list[str]:
        page = await self.services.domains.of_project(self.project, PageRequest(first=100))
        return [domain.name for domain in page.items]


@pytest.fixture
async def ground(services: Services, heroku: FakeHeroku) -> Ground:
    actor = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
    project = await services.projects.create(NewProject("Users"), by=actor)
    app = f"users-{uuid.uuid4().hex[:8]}"
    heroku.add(app)
    lives = {"status": DeploymentStatus.SUCCESS, "live_at": utc_now(), "open": OPEN}
    at = {"platform": DeploymentPlatform.HEROKU, "site": app}
    deployment = deployment_of(project, GenerationId(new_id("generation")), **lives, **at)
    await services.deployments.table.put_new(deployment)
    await services.integrations.create(NewIntegration(IntegrationType.HEROKU, Token(heroku.token)), by=actor)
    return Ground(services, actor, project, deployment.id, app)


async def test_an_addition_that_is_cut_short_anywhere_is_gone_on_with(ground: Ground, heroku: FakeHeroku) -> None:
    number, is_whole, domains = 0, False, ground.services.domains
    while not is_whole:
        number += 1
        new = NewDomain(ground.deployment_id, f"n{number}.example.com", client_mutation_id=f"domain-{number}")
        heroku.calls.clear()
        first = asyncio.create_task(domains.add(new, by=ground.actor))
        while not first.done() and heroku.calls.total() < number:  # noqa: ASYNC110 - counted by another thread
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        is_whole = not first.cancelled()

        domain = await domains.add(new, by=ground.actor)

        assert domain.records
        assert (await ground.names()).count(new.name) == 1
        assert heroku.names.at(ground.app, new.name)
    assert number > 3


async def test_two_who_add_a_name_at_once_have_one_domain(ground: Ground) -> None:
    new = [NewDomain(ground.deployment_id, "api.example.com", client_mutation_id=each) for each in (None, "a", "b")]

    added = await asyncio.gather(*(ground.services.domains.add(each, by=ground.actor) for each in new))

    assert len({domain.id for domain in added}) == 1
    assert await ground.names() == ["api.example.com"]
    await ground.services.domains.remove(added[0].id, by=ground.actor)


async def test_what_is_gone_at_the_platform_is_said_and_can_be_added_again_or_removed(
    ground: Ground, heroku: FakeHeroku
) -> None:
    domains, new = ground.services.domains, NewDomain(ground.deployment_id, "gone.example.com")
    first = await domains.add(new, by=ground.actor)
    heroku.names.owned.clear()

    gone = await domains.check(first.id, by=ground.actor)
    again = await domains.add(new, by=ground.actor)
    heroku.names.owned.clear()
    await domains.remove(first.id, by=ground.actor)

    assert (gone.state, gone.records) == (DomainState.FAILED, ())
    assert (again.id, again.state) == (first.id, DomainState.PENDING)
    assert await ground.names() == []


async def test_a_refusal_leaves_a_domain_that_was_there(ground: Ground, heroku: FakeHeroku) -> None:
    domains, new = ground.services.domains, NewDomain(ground.deployment_id, "there.example.com")
    first = await domains.add(new, by=ground.actor)
    heroku.is_revoked = True
    with pytest.raises(Invalid):
        await domains.add(new, by=ground.actor)
    heroku.is_revoked = False

    assert await domains.get(first.id, by=ground.actor) == first


async def test_a_project_has_so_many_domains_and_no_more(ground: Ground, heroku: FakeHeroku) -> None:
    domains = ground.services.domains
    for number in range(MOST):
        await domains.add(NewDomain(ground.deployment_id, f"m{number}.example.com"), by=ground.actor)

    await domains.add(NewDomain(ground.deployment_id, "m0.example.com"), by=ground.actor)
    with pytest.raises(Conflict):
        await domains.add(NewDomain(ground.deployment_id, "more.example.com"), by=ground.actor)

    assert len(await ground.names()) == MOST
    assert "more.example.com" not in heroku.names.owned
