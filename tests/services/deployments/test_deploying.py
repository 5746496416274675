"""What changes under a deployment while it is being asked for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest
from msgspec.structs import replace as with_fields

from services.config import Config
from services.core.clock import utc_now
from services.core.errors import Conflict
from services.core.ids import TeamId, new_id
from services.core.pages import PageRequest
from services.deployments.deploying import NewDeployment
from services.foundation.aws.calls import at_once
from services.platforms.port import DeploymentPlatform
from services.projects.service import NewProject
from tests.records import generation_of
from tests.resolvers.in_process import Counted, counted


@pytest.fixture
async def asked(config: Config) -> AsyncIterator[Counted]:
    async with counted(config, f"user_{new_id('x').replace('_', '-')}") as asked:
        yield asked


async def test_nothing_is_deployed_by_the_team_that_a_project_leaves_meanwhile(asked: Counted) -> None:
    services, by = asked.services, asked.actor
    project = await services.projects.create(NewProject("Shop"), by=by)
    generation = generation_of(project)
    await services.generations.table.put_new(generation)

    def moment() -> datetime:  # between the look at the project and what is stored
        other = TeamId(new_id("team"))
        at_once(services.projects.table.blocking.update(project.id, lambda old: with_fields(old, team_id=other)))
        return utc_now()

    deployer = replace(services.deployer, now=moment)
    with pytest.raises(Conflict, match="moved"):
        await deployer.create(NewDeployment(project.id, generation.id, DeploymentPlatform.LOCAL), by=by)

    stored = await services.deployments.table.query("ProjectIdIndex", project.id, PageRequest())
    assert stored.items == []


async def test_the_space_around_a_command_is_not_kept(asked: Counted) -> None:
    services, by = asked.services, asked.actor
    project = await services.projects.create(NewProject("Shop"), by=by)
    generation = generation_of(project)
    await services.generations.table.put_new(generation)
    space = " " * 450_000  # more than a record has room for

    answer = await asked.ask(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { config { buildCommand startCommand } } userErrors { message } } }",
        input={
            "projectId": project.id,
            "generationId": generation.id,
            "platform": "LOCAL",
            "config": {"buildCommand": f"npm run build{space}", "startCommand": f"{space}npm start\n"},
        },
    )

    shown = {"buildCommand": "npm run build", "startCommand": "npm start"}
    assert answer["createDeployment"] == {"deployment": {"config": shown}, "userErrors": []}
