"""What the schema promises of environments: places of their own, and variables that go in and never come out."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.core.clock import utc_now
from services.core.tls import trusted
from tests.models import writing
from tests.resolvers.deployed import Deployed
from tests.snapinfra import Server, User

PACKAGE = {"name": "tiny", "version": "1.0.0", "private": True, "scripts": {"start": "node server.js"}}
SERVER = """
require("node:http").createServer((request, response) => {
  response.end(JSON.stringify({ a: process.env.A, b: process.env.B, prefix: process.env.TABLE_PREFIX }));
}).listen(Number(process.env.PORT), process.env.HOST);
"""

CREATE = """mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)
  { deployment { id deployedIn { id } } userErrors { code message } } }"""
ENVIRONMENT = "id name kind platform healthPath version variables { name hint version changedBy { id } }"


@pytest.fixture(scope="module")
def server(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose model writes a backend that shows its variables."""
    files = {"package.json": f"{json.dumps(PACKAGE)}\n", "server.js": SERVER}
    with writing(files, emulator, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def project(alice: User) -> Deployed:
    return await Deployed.with_code(alice)


DELETE = """mutation($id: ID!) { deleteEnvironment(input: {environmentId: $id}) {
  deletedEnvironmentId userErrors { code } } }"""


async def call(user: User, mutation: str, shown: str = ENVIRONMENT, **given: Any) -> dict[str, Any]:
    """Make a mutation and return its payload."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input"
    thing = f"environment {{ {shown} }} " if shown else ""
    result = await user.result(
        f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {thing} userErrors {{ code message field }} }} }}",
        input=given,
    )
    return result["data"][mutation]


async def environment(user: User, project_id: str, name: str = "staging", **given: Any) -> dict[str, Any]:
    made = {"projectId": project_id, "name": name, "kind": "PREVIEW", "platform": "LOCAL", **given}
    payload = await call(user, "createEnvironment", **made)
    assert payload["userErrors"] == []
    return payload["environment"]


async def live(project: Deployed, environment_id: str, **config: Any) -> tuple[str, dict[str, Any]]:
    """Deploy into an environment; return the deployment's id and what answers."""
    asked = await project.user.ask(
        CREATE,
        input={
            "projectId": project.project_id,
            "generationId": project.generation_id,
            "environmentId": environment_id,
            "config": config,
        },
    )
    deployment_id = asked["createDeployment"]["deployment"]["id"]
    return deployment_id, await answered(project, deployment_id)


async def answered(project: Deployed, deployment_id: str) -> dict[str, Any]:
    happened = await project.events(deployment_id, until="SUCCESS")
    assert happened[-1]["status"] == "SUCCESS", happened
    async with httpx.AsyncClient(verify=trusted()) as http:
        return (await http.get(happened[-1]["url"])).json()


async def stale(user: User, deployment_id: str) -> bool | None:
    asked = await user.ask("query($id: ID!) { deployment(id: $id) { isStale } }", id=deployment_id)
    return asked["deployment"]["isStale"]


async def test_values_go_in_and_only_their_ends_come_out(alice: User) -> None:
    place = await environment(alice, (await alice.project())["id"])
    given = [{"name": "B", "value": "short"}, {"name": "A", "value": "a-long-secret-value"}]

    first = await call(alice, "setVariables", environmentId=place["id"], variables=given)
    given[1]["value"] = "another-long-secret"
    second = await call(alice, "setVariables", environmentId=place["id"], variables=given[1:])

    assert [(each["name"], each["hint"], each["version"]) for each in first["environment"]["variables"]] == [
        ("A", "alue", 1),
        ("B", "", 1),
    ]
    assert [(each["name"], each["hint"], each["version"]) for each in second["environment"]["variables"]] == [
        ("A", "cret", 2),
        ("B", "", 1),
    ]


async def test_the_same_values_change_nothing(alice: User) -> None:
    place = await environment(alice, (await alice.project())["id"])
    given = [{"name": "A", "value": "a-long-secret-value"}]
    first = await call(alice, "setVariables", environmentId=place["id"], variables=given)
    again = await call(alice, "setVariables", environmentId=place["id"], variables=given)
    assert first["environment"]["version"] == again["environment"]["version"] == 2


async def test_many_changes_at_once_are_all_made(alice: User) -> None:
    place = await environment(alice, (await alice.project())["id"])
    names = [f"V{number}" for number in range(4)]
    await asyncio.gather(
        *(
            call(alice, "setVariables", environmentId=place["id"], variables=[{"name": name, "value": "1"}])
            for name in names
        )
    )
    asked = await alice.ask("query($id: ID!) { environment(id: $id) { variables { name } version } }", id=place["id"])
    assert [each["name"] for each in asked["environment"]["variables"]] == names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "1"),
        ("AWS_REGION", "1"),
        ("A" * 101, "1"),
        ("JWT_SECRET", ""),
        ("JWT_SECRET", "a" * 31),
        ("1A", "1"),
        ("A B", "1"),
        ("", "1"),
        ("A", "\0"),
        ("A", "a" * 4097),
        ("A", "\n" * 2_001),
    ],
)
async def test_a_variable_that_no_platform_takes_is_refused_and_changes_nothing(
    alice: User, name: str, value: str
) -> None:
    place = await environment(alice, (await alice.project())["id"])
    given = [{"name": "FINE", "value": "1"}, {"name": name, "value": value}]
    payload = await call(alice, "setVariables", environmentId=place["id"], variables=given)
    asked = await alice.ask("query($id: ID!) { environment(id: $id) { variables { name } } }", id=place["id"])
    assert [error["code"] for error in payload["userErrors"]] == ["BAD_USER_INPUT"]
    assert asked["environment"]["variables"] == []


async def test_what_an_environment_is_called_and_asked_for_its_health_by_can_be_changed(alice: User) -> None:
    project_id = (await alice.project())["id"]
    first = await environment(alice, project_id)
    renamed = await call(alice, "updateEnvironment", environmentId=first["id"], name="Acceptance", healthPath="/up")
    bad = await call(alice, "updateEnvironment", environmentId=first["id"], healthPath="up there")
    assert renamed["environment"] == {**first, "name": "Acceptance", "healthPath": "/up", "version": 2}
    assert [error["field"] for error in bad["userErrors"]] == [["healthPath"]]


async def test_where_and_how_much_runs_is_chosen_by_what_the_platform_takes(alice: User) -> None:
    project_id, shown = (await alice.project())["id"], "region size instances version"
    chosen: dict[str, Any] = {"region": "eu", "size": "standard-2x", "instances": 2}
    place = await environment(alice, project_id, platform="HEROKU", **chosen)
    created = await call(alice, "updateEnvironment", shown, environmentId=place["id"], size="performance-m")
    moved = await call(alice, "updateEnvironment", shown, environmentId=place["id"], region="us")
    wrong = await call(
        alice, "createEnvironment", projectId=project_id, name="x", kind="PREVIEW", platform="LOCAL", instances=2
    )

    assert created["environment"] == {"region": "eu", "size": "performance-m", "instances": 2, "version": 2}
    assert (moved["environment"], moved["userErrors"][0]["field"]) == (None, ["region"])
    assert (wrong["environment"], wrong["userErrors"][0]["field"]) == (None, ["instances"])


async def test_no_two_of_a_project_have_one_name(alice: User) -> None:
    project_id = (await alice.project())["id"]
    given = {"projectId": project_id, "kind": "PREVIEW", "platform": "LOCAL"}
    payloads = await asyncio.gather(
        *(call(alice, "createEnvironment", name=name, **given) for name in ("Staging", "staging", " STAGING "))
    )
    (first,) = (payload["environment"] for payload in payloads if not payload["userErrors"])
    refused = [error["field"] for payload in payloads for error in payload["userErrors"]]
    assert refused == [["name"], ["name"]]

    for unseen in ("Sta\u00adging", "stag\u200bing", "\uff33taging", "staging\ufe0f"):
        alike = await call(alice, "createEnvironment", name=unseen, **given)
        assert [error["field"] for error in alike["userErrors"]] == [["name"]]
    other = await environment(alice, project_id, "other")
    taken = await call(alice, "updateEnvironment", environmentId=other["id"], name="sTaging")
    assert [error["field"] for error in taken["userErrors"]] == [["name"]]
    same = await call(alice, "updateEnvironment", environmentId=first["id"], name="STAGING")
    assert (same["userErrors"], same["environment"]["name"]) == ([], "STAGING")
    moved = await call(alice, "updateEnvironment", environmentId=first["id"], name="live")
    assert (moved["userErrors"], moved["environment"]["name"]) == ([], "live")
    assert (await environment(alice, project_id, "staging"))["name"] == "staging", "nobody has that name any more"
    await alice.ask(DELETE, id=first["id"])
    assert (await environment(alice, project_id, "Live"))["name"] == "Live"


async def test_a_project_has_room_for_twenty(alice: User) -> None:
    project_id = (await alice.project())["id"]
    await asyncio.gather(*(environment(alice, project_id, f"place {number}") for number in range(20)))
    full = await call(alice, "createEnvironment", projectId=project_id, name="x", kind="PREVIEW", platform="LOCAL")
    assert [error["code"] for error in full["userErrors"]] == ["CONFLICT"]


async def test_nothing_is_deployed_into_an_environment_that_is_deleted_meanwhile(project: Deployed) -> None:
    user, given = project.user, {"projectId": project.project_id, "generationId": project.generation_id}
    for number in range(8):
        place = await environment(user, project.project_id, f"staging {number}")
        deployed, asked = await asyncio.gather(
            user.result(CREATE, input={**given, "environmentId": place["id"]}),
            user.result(DELETE, id=place["id"]),
        )
        deleted = asked["data"]["deleteEnvironment"]
        if deployed["data"] is None:
            assert deployed["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            assert deleted["userErrors"] == []
            continue
        created = deployed["data"]["createDeployment"]["deployment"]
        assert created["deployedIn"] == {"id": place["id"]}
        assert [error["code"] for error in deleted["userErrors"]] == ["CONFLICT"]
        assert deleted["deletedEnvironmentId"] is None
        await project.cancel(created["id"])


LOGS = """query($id: ID!, $after: String, $filter: LogFilter) { environment(id: $id) {
  logs(first: 3, after: $after, filter: $filter) {
    nodes { deploymentId line { id message timestamp } } pageInfo { hasNextPage endCursor } } } }"""


async def lines_of(user: User, environment_id: str, **filter: Any) -> list[tuple[str, str]]:
    """Return all lines of an environment, read in small pages: their deployment, and what they say."""
    read: list[tuple[str, str]] = []
    after = None
    while True:
        asked = await user.ask(LOGS, id=environment_id, after=after, filter=filter)
        logs = asked["environment"]["logs"]
        read += [(node["deploymentId"], node["line"]["message"]) for node in logs["nodes"]]
        if not logs["pageInfo"]["hasNextPage"]:
            return read
        assert len(logs["nodes"]) == 3
        after = logs["pageInfo"]["endCursor"]


@pytest.mark.npm
async def test_the_log_of_an_environment_is_those_of_its_deployments(project: Deployed) -> None:
    user = project.user
    place, other = [await environment(user, project.project_id, name) for name in ("one", "other")]
    between, ids = list[str](), list[str]()
    for where in (place, other, place):
        deployment_id, _ = await live(project, where["id"])
        between.append(utc_now().isoformat())
        ids.append(deployment_id)
        await project.cancel(deployment_id)
        await project.events(deployment_id)

    read = await lines_of(user, place["id"])
    assert list(dict(read)) == [ids[0], ids[2]]
    for deployment_id in (ids[0], ids[2]):
        asked = await user.ask(
            "query($id: ID!) { deployment(id: $id) { logs { nodes { message } } } }", id=deployment_id
        )
        whole = [node["message"] for node in asked["deployment"]["logs"]["nodes"]]
        assert [message for each, message in read if each == deployment_id] == whole
    assert {each for each, _ in await lines_of(user, place["id"], since=between[1])} == {ids[2]}
    assert {each for each, _ in await lines_of(user, place["id"], until=between[0])} == {ids[0]}
    assert await lines_of(user, place["id"], query="nobody-said-this") == []
    (refused,) = (await user.result(LOGS, id=place["id"], after="bm9uZQ"))["errors"]
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.npm
async def test_an_environments_variables_are_found_by_what_is_deployed_there(project: Deployed) -> None:
    user = project.user
    first = await environment(user, project.project_id)
    other = await environment(user, project.project_id, "live", kind="PRODUCTION")
    given = [{"name": "A", "value": "of-the-environment"}, {"name": "B", "value": "of-the-environment"}]
    await call(user, "setVariables", environmentId=first["id"], variables=given)

    one, seen = await live(project, first["id"], environmentVariables=[{"name": "B", "value": "its-own"}])
    two, others = await live(project, other["id"])
    assert (seen["a"], seen["b"]) == ("of-the-environment", "its-own")
    assert "a" not in others
    assert seen["prefix"] != others["prefix"], "the tables of environments are not the same"
    assert await stale(user, one) is False

    await call(user, "setVariables", environmentId=first["id"], variables=[{"name": "A", "value": "newer"}])
    assert (await stale(user, one), await stale(user, two)) == (True, False)
    again = await user.ask(
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id environment } } }", id=one
    )
    three = again["redeploy"]["deployment"]
    seen = await answered(project, three["id"])
    assert (seen["a"], seen["b"], three["environment"]) == ("newer", "its-own", "staging")
    assert await stale(user, three["id"]) is False
    assert (await project.events(one))[-1]["status"] == "SUPERSEDED"

    asked = await user.ask(
        "query($id: ID!) { deployment(id: $id) { diff {"
        " comparedWith { id } variables { name change } files { path } schema { path } } } }",
        id=three["id"],
    )
    assert asked["deployment"]["diff"] == {
        "comparedWith": {"id": one},
        "variables": [{"name": "A", "change": "CHANGED"}],
        "files": [],
        "schema": [],
    }

    back = await user.ask(
        "mutation($from: ID!, $to: ID!) { rollbackDeployment(input: {deploymentId: $from, toDeploymentId: $to})"
        " { deployment { id } } }",
        **{"from": three["id"], "to": one},
    )
    four = back["rollbackDeployment"]["deployment"]["id"]
    assert (await answered(project, four))["a"] == "of-the-environment"
    assert await stale(user, four) is True

    kept = await call(user, "deleteEnvironment", "", environmentId=first["id"])
    assert [error["code"] for error in kept["userErrors"]] == ["CONFLICT"]
    for deployment_id in (two, four):
        await project.cancel(deployment_id)
        await project.events(deployment_id)
    gone = await call(user, "deleteEnvironment", "", environmentId=first["id"])
    assert gone["userErrors"] == []


@pytest.mark.npm
async def test_a_variable_that_is_deleted_is_not_found_by_what_is_deployed(project: Deployed) -> None:
    place = await environment(project.user, project.project_id)
    given = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    await call(project.user, "setVariables", environmentId=place["id"], variables=given)
    left = await call(project.user, "deleteVariables", environmentId=place["id"], names=["A", "NOT_THERE"])
    deployment_id, seen = await live(project, place["id"])
    assert [each["name"] for each in left["environment"]["variables"]] == ["B"]
    assert "a" not in seen
    assert seen["b"] == "2"
    await project.cancel(deployment_id)
    await project.events(deployment_id)
