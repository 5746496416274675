"""The secrets of backends that are deployed without them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Self

import pytest
from msgspec.structs import replace as with_fields

from services.config import Config
from services.core.clock import utc_now
from services.core.errors import Invalid
from services.core.ids import EnvironmentId, new_id
from services.core.pages import PageRequest
from services.deployments.deploying import Deployer, NewDeployment
from services.deployments.model import Deployment, DeploymentConfig
from services.environments.model import Environment, EnvironmentKind
from services.generations.artifact import Artifact, FileContent, store
from services.generations.model import Generation
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import NewProject
from tests.records import deployment_of, generation_of
from tests.resolvers.in_process import Counted, counted

OWN_ACCOUNTS = "PORT=3000\nJWT_SECRET=\nSEALING_KEYS=\n"
TOKENS_OF_OTHERS = f"{OWN_ACCOUNTS}# Or:\nJWKS_URL=\n"
OWN_KEYS = "own:RWluIFNjaGzDvHNzZWwsIGRlbiBuaWVtYW5kIGtlbm4="
SECRET = "of the user's own, with 32 characters"


@pytest.fixture
async def asked(config: Config) -> AsyncIterator[Counted]:
    async with counted(config, f"user_{new_id('x').replace('_', '-')}") as asked:
        yield asked


@dataclass
class Backend:
    """The code of a project, which may be deployed to HEROKU."""

    asked: Counted
    project: Project
    generation: Generation
    deployer: Deployer

    @classmethod
    async def of(cls, asked: Counted, example: str, *paths: str) -> Self:
        services = asked.services
        project = await services.projects.create(NewProject("Shop"), by=asked.actor)
        files = tuple(FileContent(path, "", example) for path in (".env.example", *paths))
        where = f"generations/{new_id('generation')}"
        await store(services.generations.bucket, where, Artifact("", files))
        generation = generation_of(project, artifact=where, files=tuple(file.listing for file in files))
        await services.generations.table.put_new(generation)
        await asked.ask(
            'mutation { createIntegration(input: {type: HEROKU, credentials: {token: "secret-of-heroku"}})'
            " { userErrors { message } } }"
        )
        deployer = replace(services.deployer, platforms=frozenset(DeploymentPlatform))
        return cls(asked, project, generation, deployer)

    async def deployed(self, environment_id: EnvironmentId | None = None, **variables: str) -> dict[str, str]:
        """Deploy, and return what the backend finds in its environment."""
        new = NewDeployment(
            self.project.id,
            self.generation.id,
            DeploymentPlatform.HEROKU,
            DeploymentConfig(variables),
            environment_id,
        )
        return await self.variables_of(await self.deployer.create(new, by=self.asked.actor))

    async def variables_of(self, deployment: Deployment) -> dict[str, str]:
        return dict(await self.asked.services.deployments.variables.opened(deployment))

    async def deployments(self) -> list[Deployment]:
        table = self.asked.services.deployments.table
        return list((await table.query("ProjectIdIndex", self.project.id, PageRequest())).items)


async def test_a_place_keeps_the_secrets_that_were_made_for_it(asked: Counted) -> None:
    backend = await Backend.of(asked, OWN_ACCOUNTS)

    first = await backend.deployed()

    assert first.keys() == {"JWT_SECRET", "SEALING_KEYS"}
    assert len(first["JWT_SECRET"]) >= 32
    assert await backend.deployed(GREETING="hello") == {"GREETING": "hello", **first}
    (newest, *_) = await backend.deployments()
    again = await backend.deployer.redeploy(newest.id, by=asked.actor)
    assert await backend.variables_of(again) == {"GREETING": "hello", **first}
    for deployment in await backend.deployments():  # what is kept is not kept with them
        await asked.services.deployments.table.delete(deployment)
    assert await backend.deployed() == first


async def test_what_was_given_to_what_is_live_stays_until_something_else_is_given(asked: Counted) -> None:
    backend = await Backend.of(asked, TOKENS_OF_OTHERS)
    given = await backend.deployed(JWT_SECRET=SECRET, SEALING_KEYS=OWN_KEYS, GREETING="hello")
    (live,) = await backend.deployments()
    await asked.services.deployments.table.update(live.id, lambda old: with_fields(old, live_at=utc_now()))

    assert await backend.deployed() == {"JWT_SECRET": SECRET, "SEALING_KEYS": OWN_KEYS}
    assert await backend.deployed(JWT_SECRET=f"another {SECRET}") == {
        "JWT_SECRET": f"another {SECRET}",
        "SEALING_KEYS": given["SEALING_KEYS"],
    }


async def test_each_platform_is_a_place_of_its_own(asked: Counted) -> None:
    backend = await Backend.of(asked, OWN_ACCOUNTS)
    token = 'mutation { createIntegration(input: {type: RAILWAY, credentials: {token: "secret-of-railway"}})'
    await asked.ask(token + " { userErrors { message } } }")

    for platform in (DeploymentPlatform.HEROKU, DeploymentPlatform.RAILWAY, DeploymentPlatform.HEROKU):
        new = NewDeployment(backend.project.id, backend.generation.id, platform)
        await backend.deployer.create(new, by=asked.actor)

    sites = {deployment.platform: deployment.site for deployment in await backend.deployments()}
    assert len(set(sites.values())) == 2
    assert len({(one.platform, one.site) for one in await backend.deployments()}) == 2


async def test_each_place_and_each_project_has_secrets_of_its_own(asked: Counted) -> None:
    backend, other = await Backend.of(asked, OWN_ACCOUNTS), await Backend.of(asked, OWN_ACCOUNTS)
    staging = Environment(
        id=EnvironmentId(new_id("environment")),
        project_id=backend.project.id,
        user_id=asked.actor.user_id,
        name="staging",
        kind=EnvironmentKind.PREVIEW,
        platform=DeploymentPlatform.HEROKU,
        created_at=utc_now(),
        updated_at=utc_now(),
    )
    await asked.services.environments.table.put_new(staging)

    secrets = [await backend.deployed(), await backend.deployed(staging.id), await other.deployed()]

    assert len({value for each in secrets for value in each.values()}) == 6


async def test_what_users_set_is_left_as_it_is(asked: Counted) -> None:
    backend = await Backend.of(asked, TOKENS_OF_OTHERS)

    own = {"JWT_SECRET": SECRET, "SEALING_KEYS": OWN_KEYS}
    assert await backend.deployed(None, **own) == own
    assert (await backend.deployed(JWKS_URL="https://issuer.example")).keys() == {"JWKS_URL", "SEALING_KEYS"}


async def test_a_secret_of_tokens_that_others_issue_is_asked_for_before_anything_is_made(asked: Counted) -> None:
    backend = await Backend.of(asked, TOKENS_OF_OTHERS)

    with pytest.raises(Invalid, match=r"JWT_SECRET.*JWKS_URL") as refused:
        await backend.deployed()

    assert [fault.field for fault in refused.value.faults] == [("config", "environmentVariables")]
    assert await backend.deployments() == []
    project = await asked.services.projects.find(backend.project.id)
    assert project is not None
    assert project.secret is None


async def test_what_was_live_without_a_secret_has_it_from_elsewhere(asked: Counted) -> None:
    backend = await Backend.of(asked, TOKENS_OF_OTHERS)
    live = deployment_of(
        backend.project,
        backend.generation.id,
        platform=DeploymentPlatform.HEROKU,
        site="shop-of-before",
        live_at=utc_now(),
    )
    await asked.services.deployments.table.put_new(live)

    assert await backend.deployed() == {}
    assert (await backend.deployments())[0].site == live.site


@pytest.mark.parametrize("example", ["PORT=3000\n", "# JWT_SECRET is not read here.\nPORT=3000\n"])
async def test_a_backend_gets_no_secrets_that_it_does_not_want(asked: Counted, example: str) -> None:
    backend = await Backend.of(asked, example)

    assert await backend.deployed() == {}


async def test_where_a_backend_has_tables_and_nobody_an_account_for_them_nothing_is_begun(asked: Counted) -> None:
    backend = await Backend.of(asked, OWN_ACCOUNTS, "infrastructure/template.json")
    assert await backend.deployed()  # in development there is a place for them
    backend.deployer = replace(backend.deployer, has_tables_here=False)

    with pytest.raises(Invalid, match=r"tables.* AWS integration"):
        await backend.deployed()

    assert len(await backend.deployments()) == 1
