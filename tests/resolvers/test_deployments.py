"""What the schema promises of deployments: from code to a URL, its log, and its end."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from services.bootstrap import opened
from services.foundation.aws.clients import connect
from services.foundation.aws.queue import Queue
from tests.models import writing
from tests.resolvers.deployed import Deployed, answer, lines
from tests.snapinfra import Server, User

PACKAGE = {
    "name": "tiny",
    "version": "1.0.0",
    "private": True,
    "scripts": {"build": "node -e \"console.log('compiled')\"", "start": "node server.js"},
}
SERVER = """
const http = require("node:http");
http.createServer((request, response) => {
  if (request.url === "/crash") process.exit(3);
  if (request.url !== "/health") console.log("asked for " + request.url);
  response.end(process.env.GREETING || "hello");
}).listen(Number(process.env.PORT), process.env.HOST, () => console.log("listening"));
"""

LOGS = """
query($id: ID!, $first: Int!, $after: String, $filter: LogFilter) {
  deployment(id: $id) {
    logs(first: $first, after: $after, filter: $filter) {
      edges { cursor node { id stream message } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""


@pytest.fixture(scope="module")
def server(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose model writes a backend that needs no packages."""
    files = {"package.json": f"{json.dumps(PACKAGE)}\n", "server.js": SERVER}
    with writing(files, emulator, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def project(alice: User) -> Deployed:
    return await Deployed.with_code(alice)


async def test_a_deployment_ends_in_a_url_that_answers(project: Deployed) -> None:
    deployment_id = await project.deploy(environmentVariables=[{"name": "GREETING", "value": "good day"}])

    happened = await project.events(deployment_id, until="SUCCESS")

    statuses = [event["status"] for event in happened if event["__typename"] == "DeploymentStatusChanged"]
    steps = [event["step"] for event in happened if event.get("state") == "SUCCEEDED"]
    assert statuses == ["BUILDING", "DEPLOYING", "SUCCESS"]
    assert steps == ["unpack", "install", "build", "start", "health"]
    assert "compiled" in [line["message"] for line in lines(happened) if line["stream"] == "BUILD"]
    assert await answer(happened[-1]["url"]) == "good day"
    assert await project.status() == "DEPLOYED"


async def test_runtime_output_streams_and_comes_back_with_the_same_cursors(project: Deployed) -> None:
    deployment_id, url = await project.live()
    await answer(url, "/one")
    await answer(url, "/two")
    await project.logged(deployment_id, "/two")
    await project.cancel(deployment_id)

    happened = await project.events(deployment_id)

    streamed = lines(happened)
    stored, after = list[dict[str, Any]](), None
    while True:
        page = (await project.user.ask(LOGS, id=deployment_id, first=3, after=after))["deployment"]["logs"]
        stored += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    runtime = [line["message"] for line in streamed if line["stream"] == "RUNTIME"]
    assert [message for message in runtime if message.startswith("asked")] == ["asked for /one", "asked for /two"]
    assert [edge["node"]["id"] for edge in stored] == [line["id"] for line in streamed]
    middle = stored[len(stored) // 2]
    rest = await project.events(deployment_id, after=middle["cursor"])
    assert [line["id"] for line in lines(rest)] == [edge["node"]["id"] for edge in stored[len(stored) // 2 + 1 :]]


async def test_log_lines_can_be_filtered(project: Deployed) -> None:
    deployment_id, url = await project.live()
    await answer(url, "/needle")
    await project.logged(deployment_id, "/needle")
    await project.cancel(deployment_id)

    chosen = {"streams": ["RUNTIME"], "contains": "NEEDLE"}
    happened = await project.events(deployment_id, filter=chosen)
    page = (await project.user.ask(LOGS, id=deployment_id, first=10, filter=chosen))["deployment"]["logs"]

    assert [line["message"] for line in lines(happened)] == ["asked for /needle"]
    assert [edge["node"]["message"] for edge in page["edges"]] == ["asked for /needle"]
    assert happened[-1]["__typename"] == "DeploymentFinished"


async def test_a_log_can_be_asked_by_a_query_and_between_two_moments(project: Deployed) -> None:
    deployment_id, url = await project.live()
    for path in ("/first", "/second"):
        await answer(url, path)
        await project.logged(deployment_id, path)
        await asyncio.sleep(0.01)  # so that their moments differ
    await project.cancel(deployment_id)
    happened = await project.events(deployment_id, filter={"query": '@stream:runtime AND ("for /FIRST" OR second)'})
    first, second = lines(happened)
    between = {"contains": "asked", "since": first["timestamp"], "until": second["timestamp"]}
    page = (await project.user.ask(LOGS, id=deployment_id, first=10, filter=between))["deployment"]["logs"]
    wrong = await project.user.result(LOGS, id=deployment_id, first=10, filter={"query": "a AND @size:3"})

    assert [line["message"] for line in (first, second)] == ["asked for /first", "asked for /second"]
    assert [edge["node"]["message"] for edge in page["edges"]] == ["asked for /first"]
    assert wrong["errors"][0]["message"] == "There is no @size; there are @level and @stream (character 7)."
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


STEPS = """query($id: ID!) { deployment(id: $id) {
    deployedBy { id } startedAt liveAt steps { name state startedAt finishedAt duration } } }"""


async def test_how_long_each_step_took_is_kept_and_who_asked(project: Deployed) -> None:
    deployment_id, _ = await project.live()
    await project.cancel(deployment_id)
    await project.events(deployment_id)
    shown = (await project.user.ask(STEPS, id=deployment_id))["deployment"]
    viewer = await project.user.ask("{ viewer { id } }")

    steps = [(step["name"], step["state"]) for step in shown["steps"]]
    assert steps == [(name, "SUCCEEDED") for name in ("unpack", "install", "build", "start", "health")]
    assert shown["deployedBy"] == viewer["viewer"]
    moments = [shown["startedAt"], *(step[when] for step in shown["steps"] for when in ("startedAt", "finishedAt"))]
    assert [*moments, shown["liveAt"]] == sorted([*moments, shown["liveAt"]])
    for step in shown["steps"]:
        began, finished = (datetime.fromisoformat(step[when]) for when in ("startedAt", "finishedAt"))
        assert step["duration"] == pytest.approx((finished - began).total_seconds(), abs=0.002)


async def test_a_step_that_failed_is_the_last_one(project: Deployed) -> None:
    deployment_id = await project.deploy(buildCommand="exit 7")
    await project.events(deployment_id)
    steps = (await project.user.ask(STEPS, id=deployment_id))["deployment"]["steps"]

    assert [step["state"] for step in steps] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert (steps[-1]["name"], steps[-1]["finishedAt"] is not None) == ("build", True)


async def test_a_live_deployment_that_is_stopped_ends_so(project: Deployed) -> None:
    deployment_id, url = await project.live()

    asked = [await project.stop(deployment_id) for _ in range(2)]
    happened = await project.events(deployment_id)

    assert asked[0] == {"deployment": {"status": "CANCELING"}, "userErrors": []}
    assert asked[1]["deployment"]["status"] in {"CANCELING", "STOPPED"}, "a repeat asks for nothing else"
    assert happened[-1]["status"] == happened[-1]["deployment"]["status"] == "STOPPED"
    with pytest.raises(httpx.ConnectError):
        await answer(url)
    assert await project.status() == "READY"
    assert await project.stop(deployment_id) == {"deployment": {"status": "STOPPED"}, "userErrors": []}
    assert await project.cancel(deployment_id) == {
        "deployment": {"status": "STOPPED"},
        "userErrors": [{"code": "CONFLICT"}],
    }


async def test_what_is_not_live_can_be_canceled_but_not_stopped(project: Deployed) -> None:
    deployment_id = await project.deploy(buildCommand="echo here && sleep 60")
    await project.events(deployment_id, until="BUILDING")

    refused = await project.stop(deployment_id)
    await project.cancel(deployment_id)

    assert refused == {"deployment": {"status": "BUILDING"}, "userErrors": [{"code": "CONFLICT"}]}
    assert (await project.events(deployment_id))[-1]["status"] == "CANCELED"


async def test_a_canceled_deployment_really_stops(project: Deployed) -> None:
    deployment_id, url = await project.live()

    asked = await project.cancel(deployment_id)
    happened = await project.events(deployment_id)

    assert asked == {"deployment": {"status": "CANCELING"}, "userErrors": []}
    assert happened[-1]["status"] == happened[-1]["deployment"]["status"] == "CANCELED"
    with pytest.raises(httpx.ConnectError):
        await answer(url)
    assert await project.status() == "READY"
    assert await project.cancel(deployment_id) == {"deployment": {"status": "CANCELED"}, "userErrors": []}
    assert await project.stop(deployment_id) == {
        "deployment": {"status": "CANCELED"},
        "userErrors": [{"code": "CONFLICT"}],
    }


async def test_a_redeploy_replaces_what_runs(project: Deployed) -> None:
    first_id, first_url = await project.live()
    asked = await project.user.ask(
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id } userErrors { message } } }",
        id=first_id,
    )
    second_id = asked["redeploy"]["deployment"]["id"]

    second = await project.events(second_id, until="SUCCESS")
    first = await project.events(first_id)

    assert first[-1]["status"] == "SUPERSEDED"
    assert await answer(second[-1]["url"]) == "hello"
    with pytest.raises(httpx.ConnectError):
        await answer(first_url)
    assert await project.status() == "DEPLOYED"
    await project.cancel(second_id)


async def test_a_build_that_fails_says_why_and_leaves_what_runs_alone(project: Deployed) -> None:
    running_id, url = await project.live()

    happened = await project.events(await project.deploy(buildCommand="echo no luck; exit 7"))

    assert (happened[-1]["status"], happened[-1]["reason"]) == ("FAILED", "BUILD_FAILED")
    assert "no luck" in [line["message"] for line in lines(happened)]
    assert await answer(url) == "hello"
    assert await project.status() == "DEPLOYED"
    await project.cancel(running_id)


async def test_a_backend_that_crashes_later_is_a_failed_deployment(project: Deployed) -> None:
    deployment_id, url = await project.live()
    with pytest.raises(httpx.TransportError):
        await answer(url, "/crash")

    happened = await project.events(deployment_id)

    assert (happened[-1]["status"], happened[-1]["reason"]) == ("FAILED", "CRASHED")
    assert await project.status() == "ERROR"


async def test_deleting_a_project_stops_what_runs(project: Deployed) -> None:
    deployment_id, url = await project.live()

    await project.user.ask(
        "mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId } }", id=project.project_id
    )

    async with asyncio.timeout(30):
        while True:
            try:
                await answer(url)
            except httpx.TransportError:
                break
            await asyncio.sleep(0.1)
    await project.user.ask(
        "mutation($id: ID!) { restoreProject(input: {projectId: $id}) { project { id } } }", id=project.project_id
    )
    assert (await project.events(deployment_id))[-1]["status"] == "CANCELED"
    assert await project.status() == "READY"


async def test_only_complete_code_can_be_deployed(project: Deployed) -> None:
    schema_id = await project.user.generate(project.project_id, "SCHEMA")

    refused = await project.user.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { id } userErrors { code field } } }",
        input={"projectId": project.project_id, "generationId": schema_id, "platform": "LOCAL"},
    )

    assert refused["data"]["createDeployment"] == {
        "deployment": None,
        "userErrors": [{"code": "BAD_USER_INPUT", "field": ["generationId"]}],
    }
    listed = await project.user.ask(
        "query($id: ID!) { deployments(filter: {projectId: $id}) { nodes { id } } }", id=project.project_id
    )
    assert listed["deployments"]["nodes"] == []


async def test_a_deployment_whose_message_comes_many_times_happens_once(project: Deployed, server: Server) -> None:
    aws = connect(region="us-east-1", endpoint=server.config.aws_endpoint_url)
    queue = Queue(aws=aws, name=server.config.name_of(server.config.deployment_queue))
    deployment_id = await project.deploy()
    await asyncio.gather(*(queue.send(deployment_id, group=f"team {number}") for number in range(5)))
    await project.events(deployment_id, until="SUCCESS")
    await asyncio.gather(*(queue.send(deployment_id, group=f"team {number}") for number in range(5)))
    await project.cancel(deployment_id)
    await queue.send(deployment_id, group="late")

    happened = await project.events(deployment_id)

    aws.close()
    statuses = [event["status"] for event in happened if event["__typename"] == "DeploymentStatusChanged"]
    assert statuses == ["BUILDING", "DEPLOYING", "SUCCESS"]
    assert [event["step"] for event in happened if event.get("state") == "RUNNING"].count("install") == 1
    assert [event["__typename"] for event in happened].count("DeploymentFinished") == 1


async def test_deployments_can_be_listed_by_environment_and_status(project: Deployed) -> None:
    deployment_id, _ = await project.live()
    listed = """
    query($filter: DeploymentFilter) { deployments(filter: $filter) { nodes { id environment status } } }"""

    async def found(**fields: str) -> list[dict[str, str]]:
        asked = {"projectId": project.project_id, **fields}
        return (await project.user.ask(listed, filter=asked))["deployments"]["nodes"]

    assert await found(environment="development", status="SUCCESS") == [
        {"id": deployment_id, "environment": "development", "status": "SUCCESS"}
    ]
    assert await found(environment="production") == []
    assert await found(environment="development", status="FAILED") == []
    await project.cancel(deployment_id)


async def test_a_deployment_that_runs_is_not_deleted_and_an_ended_one_goes_with_its_log(
    project: Deployed, server: Server
) -> None:
    seen = """
    query($id: ID!, $project: ID!) {
      node(id: $id) { id }
      project(id: $project) { latestDeployment { id } deployments { nodes { id } } }
    }"""
    ask = project.user.ask
    first, _ = await project.live()
    second, _ = await project.live()
    await project.events(first)
    refused = await project.delete(second)
    before = await ask(seen, id=second, project=project.project_id)
    await project.cancel(second)
    await project.events(second)

    deleted = await project.delete(second)

    after = await ask(seen, id=second, project=project.project_id)
    assert refused["userErrors"][0]["code"] == "CONFLICT"
    assert before["node"] == before["project"]["latestDeployment"] == {"id": second}
    assert deleted == {"deletedDeploymentId": second, "userErrors": []}
    assert after["node"] is None
    assert after["project"] == {"latestDeployment": {"id": first}, "deployments": {"nodes": [{"id": first}]}}
    async with opened(server.config, {}) as process:
        archive = process.services.deployments.archive
        assert await archive.newest(second) is None
        assert await archive.newest(first) is not None
    assert await project.delete(first) == {"deletedDeploymentId": first, "userErrors": []}
    assert (await ask(seen, id=first, project=project.project_id))["project"]["latestDeployment"] is None
