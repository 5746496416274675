"""The promise that a page costs as many calls to DynamoDB whether it has one item or twenty."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from services.config import Config
from services.core.ids import DeploymentId, new_id
from services.deployments.deploying import NewDeployment
from services.deployments.model import Deployment
from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.environments.model import EnvironmentKind
from services.environments.service import NewEnvironment
from services.generations.model import Generation
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import NewProject
from tests.records import generation_of
from tests.resolvers.in_process import Counted, counted

PROJECTS = """
query($first: Int!) {
  projects(first: $first) {
    nodes { id owner { id } team { id } schema { id version } latestDeployment { id platform project { name } } }
  }
}"""

DEPLOYMENTS = """
query($first: Int!) {
  deployments(first: $first) { nodes { id project { id owner { id } } generation { id schema { id } } } }
}"""

PLACES = """
query($id: ID!, $first: Int!) {
  deployments(first: $first, filter: {projectId: $id}) {
    nodes { deployedIn { id } isStale deployedBy { id } promotedFrom { id } rollbackOf { id } steps { name } } }
}"""

GENERATIONS = """
query($id: ID!, $first: Int!) {
  project(id: $id) { generations(first: $first) { nodes { id project { id } schema { id } base { id } } } }
}"""

ASKED_FOR = """
query($first: Int!) {
  generations(first: $first) { nodes { id project { id owner { id } } schema { id } } }
}"""

MODEL = SchemaModel((Table("t", (Field("id", FieldType.STRING, primary_key=True),)),))


@dataclass
class Made:
    project: Project
    generation: Generation
    deployment: Deployment


@pytest.fixture
async def asked(config: Config) -> AsyncIterator[Counted]:
    async with counted(config, f"user_{new_id('x').replace('_', '-')}") as asked:
        yield asked


async def make(asked: Counted) -> Made:
    """Make a project with a schema, code and a deployment of it."""
    services, by = asked.services, asked.actor
    project = await services.projects.create(NewProject("Shop", team_id=by.personal_team_id), by=by)
    schema = await services.schemas.save(project.id, MODEL, expected_version=None, by=by)
    generation = await store(asked, project, schema_id=schema.id)
    new = NewDeployment(project.id, generation.id, DeploymentPlatform.LOCAL)
    return Made(project, generation, await services.deployer.create(new, by=by))


async def store(asked: Counted, project: Project, **fields: object) -> Generation:
    """Store a generation as a worker leaves it."""
    generation = generation_of(project, **fields)
    await asked.services.generations.table.put_new(generation)
    return generation


async def test_twenty_projects_with_what_belongs_to_them_take_as_many_calls_as_one(asked: Counted) -> None:
    made = [await make(asked) for _ in range(20)]

    await asked.ask(PROJECTS, first=1)
    one = sorted(asked.calls)
    nodes = (await asked.ask(PROJECTS, first=20))["projects"]["nodes"]

    assert sorted(asked.calls) == one == ["BatchGetItem"] * 4 + ["Query"] * 2
    assert [(node["id"], node["latestDeployment"]["id"]) for node in nodes] == [
        (each.project.id, each.deployment.id) for each in reversed(made)
    ]
    assert {node["owner"]["id"] for node in nodes} == {asked.actor.user_id}
    assert {node["schema"]["version"] for node in nodes} == {1}
    assert {node["latestDeployment"]["project"]["name"] for node in nodes} == {"Shop"}


async def test_twenty_deployments_with_their_projects_and_code_take_as_many_calls_as_one(asked: Counted) -> None:
    made = [await make(asked) for _ in range(20)]

    await asked.ask(DEPLOYMENTS, first=1)
    one = sorted(asked.calls)
    nodes = (await asked.ask(DEPLOYMENTS, first=20))["deployments"]["nodes"]

    assert sorted(asked.calls) == one == ["BatchGetItem"] * 5 + ["Query"]
    assert [(node["id"], node["project"]["id"], node["generation"]["id"]) for node in nodes] == [
        (each.deployment.id, each.project.id, each.generation.id) for each in reversed(made)
    ]


async def test_twenty_deployments_with_their_environments_take_as_many_calls_as_one(asked: Counted) -> None:
    made = await make(asked)
    services, by = asked.services, asked.actor
    where = NewEnvironment(made.project.id, "Preview", EnvironmentKind.PREVIEW, DeploymentPlatform.LOCAL)
    environment = await services.environments.create(where, by=by)
    for _ in range(20):
        new = NewDeployment(made.project.id, made.generation.id, None, environment_id=environment.id)
        await services.deployer.create(new, by=by)

    await asked.ask(PLACES, id=made.project.id, first=1)
    one = sorted(asked.calls)
    nodes = (await asked.ask(PLACES, id=made.project.id, first=20))["deployments"]["nodes"]

    assert sorted(asked.calls) == one
    assert [node["deployedIn"] for node in nodes] == [{"id": environment.id}] * 20
    assert [node["isStale"] for node in nodes] == [False] * 20


async def test_a_deployment_is_asked_for_with_one_read_of_its_project(asked: Counted) -> None:
    services, by = asked.services, asked.actor
    project = await services.projects.create(NewProject("Shop", team_id=by.personal_team_id), by=by)
    generation = await store(asked, project)
    asked.calls.clear()

    await services.deployer.create(NewDeployment(project.id, generation.id, DeploymentPlatform.LOCAL), by=by)

    reads = ["Query"] * len(("project", "generation", "deployment", "activity"))
    assert sorted(asked.calls) == ["PutItem", *reads, "TransactWriteItems"]


async def test_twenty_generations_with_schema_and_base_take_as_many_calls_as_one(asked: Counted) -> None:
    made = await make(asked)
    for _ in range(20):
        base = made.generation
        await store(asked, made.project, base_id=base.id, schema_id=new_id("schema"))

    await asked.ask(GENERATIONS, id=made.project.id, first=1)
    one = sorted(asked.calls)
    nodes = (await asked.ask(GENERATIONS, id=made.project.id, first=20))["project"]["generations"]["nodes"]

    assert sorted(asked.calls) == one == ["BatchGetItem"] * 3 + ["Query"] * 2
    assert {(node["project"]["id"], node["base"]["id"]) for node in nodes} == {(made.project.id, made.generation.id)}
    assert {node["schema"] for node in nodes} == {None}


async def test_twenty_generations_of_many_projects_take_as_many_calls_as_one(asked: Counted) -> None:
    made = [await make(asked) for _ in range(20)]

    await asked.ask(ASKED_FOR, first=1)
    one = sorted(asked.calls)
    nodes = (await asked.ask(ASKED_FOR, first=20))["generations"]["nodes"]

    assert sorted(asked.calls) == one == ["BatchGetItem"] * 4 + ["Query"]
    assert [(node["id"], node["project"]["id"]) for node in nodes] == [
        (each.generation.id, each.project.id) for each in reversed(made)
    ]


async def test_a_project_without_deployments_needs_no_call_to_know_that(asked: Counted) -> None:
    await asked.services.projects.create(NewProject("Shop"), by=asked.actor)

    nodes = (await asked.ask("{ projects { nodes { latestDeployment { id } } } }"))["projects"]["nodes"]

    assert nodes == [{"latestDeployment": None}]
    assert asked.calls == ["Query"]


@pytest.mark.parametrize("deployed", [True, False])
async def test_a_project_from_before_the_newest_deployment_was_kept_learns_it_once(
    asked: Counted, *, deployed: bool
) -> None:
    projects = asked.services.projects
    made = await make(asked) if deployed else None
    project = made.project if made else await projects.create(NewProject("Shop"), by=asked.actor)
    await projects.table.update(project.id, lambda old: replace(old, latest_deployment_id=None))
    query = "{ projects { nodes { latestDeployment { id } } } }"

    first, first_calls = await asked.ask(query), len(asked.calls)
    second, second_calls = await asked.ask(query), len(asked.calls)

    expected = {"id": made.deployment.id} if made else None
    assert first["projects"]["nodes"] == second["projects"]["nodes"] == [{"latestDeployment": expected}]
    assert second_calls < first_calls


async def test_the_newest_deployment_is_the_projects_latest_and_a_repeat_makes_no_other(asked: Counted) -> None:
    made, by = await make(asked), asked.actor
    new = NewDeployment(made.project.id, made.generation.id, DeploymentPlatform.LOCAL, client_mutation_id="c1")

    again = [await asked.services.deployer.create(new, by=by) for _ in range(2)]

    project = await asked.services.projects.get(made.project.id, by=by)
    assert project.latest_deployment_id == again[0].id == again[1].id > made.deployment.id


async def test_what_belongs_to_another_team_is_not_loaded(asked: Counted, config: Config) -> None:
    made = await make(asked)
    record = made.deployment
    async with counted(config, f"user_{new_id('x').replace('_', '-')}") as other:
        mine = await make(other)
        foreign = replace(
            mine.deployment,
            id=DeploymentId(new_id("deployment")),
            project_id=record.project_id,
            project_owner_id=record.project_owner_id,
            generation_id=record.generation_id,
        )
        await other.services.deployments.table.put_new(foreign)
        await store(other, replace(mine.project, id=record.project_id), project_owner_id=record.project_owner_id)

        query = """{
          deployments { nodes { id project { id } generation { id } } }
          generations { nodes { id } }
        }"""
        seen = await other.ask(query)

    assert [node["id"] for node in seen["deployments"]["nodes"]] == [mine.deployment.id]
    assert [node["id"] for node in seen["generations"]["nodes"]] == [mine.generation.id]
