"""What is looked through for one page of a log: never all that a program has written for months."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from services.config import Config
from services.core.clock import utc_now
from services.core.ids import DeploymentId, EnvironmentId, new_id
from services.deployments.deploying import NewDeployment
from services.deployments.environment_logs import MOST_LOOKED_AT as MOST_DEPLOYMENTS
from services.deployments.events import LogLine, encode
from services.deployments.model import ArchivedEntry, DeploymentStatus, LogChunk
from services.deployments.service import MOST_LOOKED_AT
from services.environments.model import EnvironmentKind
from services.environments.service import NewEnvironment
from services.foundation.jobs.record import end_of_job
from services.platforms.port import DeploymentPlatform, LogLevel, LogStream
from services.projects.service import NewProject
from tests.records import generation_of
from tests.resolvers.in_process import Counted, counted

LOGS = "logs(first: 2, after: $after, filter: $filter) { nodes { %s } pageInfo { hasNextPage endCursor } }"
OF_DEPLOYMENT = LOGS % "message"
OF_ENVIRONMENT = LOGS % "line { message }"
CHUNK = 500
LINES = 2 * MOST_LOOKED_AT + CHUNK


@pytest.fixture
async def asked(config: Config) -> AsyncIterator[Counted]:
    async with counted(config, f"user_{new_id('x').replace('_', '-')}") as asked:
        yield asked


async def written(asked: Counted, *, lines: int = LINES) -> tuple[EnvironmentId, str]:
    """Make a deployment that has ended and has written very much, in an environment."""
    services, by = asked.services, asked.actor
    project = await services.projects.create(NewProject("Shop"), by=by)
    generation = generation_of(project)
    await services.generations.table.put_new(generation)
    where = NewEnvironment(project.id, "Preview", EnvironmentKind.PREVIEW, DeploymentPlatform.LOCAL)
    environment = await services.environments.create(where, by=by)
    new = NewDeployment(project.id, generation.id, None, environment_id=environment.id)
    deployment = await services.deployer.create(new, by=by)
    now = utc_now()
    ended = {"status": DeploymentStatus.CANCELED, **end_of_job(utc_now)}
    await services.deployments.table.update(deployment.id, lambda old: replace(old, **ended))
    for first in range(1, lines + 1, CHUNK):
        said = [LogLine(now, LogLevel.INFO, LogStream.RUNTIME, f"line {seq}.") for seq in range(first, first + CHUNK)]
        entries = tuple(ArchivedEntry(seq, now, encode(line).decode()) for seq, line in enumerate(said, first))
        last = entries[-1].seq
        chunk = LogChunk(id=deployment.id, created_at=now, updated_at=now, last_seq=last, entries=entries)
        await services.deployments.archive.table.put_new(chunk)
    return environment.id, deployment.id


async def test_a_filter_that_shows_little_is_answered_in_pages_that_go_on(asked: Counted) -> None:
    environment_id, deployment_id = await written(asked)
    for root, object_id, logs in (
        ("deployment", deployment_id, OF_DEPLOYMENT),
        ("environment", environment_id, OF_ENVIRONMENT),
    ):
        query = f"query($id: ID!, $after: String, $filter: LogFilter) {{ {root}(id: $id) {{ {logs} }} }}"
        said: list[Any] = []
        after, pages = None, 0
        while True:
            variables = {"id": object_id, "after": after, "filter": {"contains": f" {LINES}."}}
            page = (await asked.ask(query, **variables))[root]["logs"]
            assert asked.calls.count("Query") < MOST_LOOKED_AT / CHUNK * 3
            said += page["nodes"]
            pages += 1
            if not page["pageInfo"]["hasNextPage"]:
                break
            assert page["nodes"] == []
            after = page["pageInfo"]["endCursor"]
            assert after
        assert [each.get("line", each)["message"] for each in said] == [f"line {LINES}."]
        assert pages == 3


@pytest.mark.parametrize("text", ["x" * 501, " " * 501])
async def test_a_text_to_look_for_has_an_end(asked: Counted, text: str) -> None:
    _, deployment_id = await written(asked, lines=CHUNK)
    query = f"query($id: ID!, $after: String, $filter: LogFilter) {{ deployment(id: $id) {{ {OF_DEPLOYMENT} }} }}"

    with pytest.raises(AssertionError, match="At most 500 characters"):
        await asked.ask(query, id=deployment_id, filter={"contains": text})
    fine = await asked.ask(query, id=deployment_id, filter={"contains": "\t" * 500})

    assert fine["deployment"]["logs"]["nodes"] == []


async def test_very_many_deployments_are_looked_through_in_pages_that_go_on(asked: Counted) -> None:
    environment_id, deployment_id = await written(asked, lines=CHUNK)
    services, by = asked.services, asked.actor
    first = await services.deployments.get(DeploymentId(deployment_id), by=by)
    for _ in range(MOST_DEPLOYMENTS + 1):
        new = NewDeployment(first.project_id, first.generation_id, None, environment_id=environment_id)
        await services.deployer.create(new, by=by)
    query = f"query($id: ID!, $after: String, $filter: LogFilter) {{ environment(id: $id) {{ {OF_ENVIRONMENT} }} }}"

    pages: list[Any] = []
    after = None
    while after or not pages:
        variables = {"id": environment_id, "after": after, "filter": {"contains": " 7."}}
        pages.append((await asked.ask(query, **variables))["environment"]["logs"])
        after = pages[-1]["pageInfo"]["endCursor"] if pages[-1]["pageInfo"]["hasNextPage"] else None

    assert [page["nodes"] for page in pages] == [[{"line": {"message": "line 7."}}], []]
