"""What the schema promises of deployments to other people's platforms, against their fakes."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.targets.aws import FakeAws
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.kinds import KINDS
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.vercel import FakeVercel
from tests.resolvers.deployed import Deployed, lines
from tests.snapinfra import Server, User, serving, settings

FIELDS = "id status url providerUrl reason message rollbackOf { id }"


@pytest.fixture(scope="module")
def heroku() -> Iterator[FakeHeroku]:
    with FakeHeroku() as fake:
        yield fake


@pytest.fixture(scope="module")
def railway() -> Iterator[FakeRailway]:
    with FakeRailway() as fake:
        yield fake


@pytest.fixture(scope="module")
def vercel() -> Iterator[FakeVercel]:
    with FakeVercel() as fake:
        yield fake


@pytest.fixture(scope="module")
def render() -> Iterator[FakeRender]:
    with FakeRender() as fake:
        yield fake


@pytest.fixture(scope="module")
def aws(emulator: str) -> Iterator[FakeAws]:
    with FakeAws(emulator=emulator) as fake:
        yield fake


@pytest.fixture(scope="module")
def elsewhere(
    heroku: FakeHeroku, railway: FakeRailway, vercel: FakeVercel, render: FakeRender, aws: FakeAws
) -> Mapping[str, str]:
    """The settings that lead to the fakes."""
    fakes = {"HEROKU": heroku, "RAILWAY": railway, "VERCEL": vercel, "RENDER": render, "AWS_ECS": aws}
    return {key: url for name, fake in fakes.items() for key, url in KINDS[name].settings(fake).items()}


@pytest.fixture(scope="module")
def server(emulator: str, elsewhere: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = settings(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")), **elsewhere)
    with serving(config) as running:
        yield running


@pytest.fixture
async def project(alice: User) -> Deployed:
    return await Deployed.with_code(alice)


async def connect(user: User, kind: str, credentials: dict[str, Any], **given: Any) -> str:
    made = await user.ask(
        "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input)"
        " { integration { id } userErrors { message } } }",
        input={"type": kind, "credentials": credentials, **given},
    )
    assert not made["createIntegration"]["userErrors"]
    return made["createIntegration"]["integration"]["id"]


async def probed(user: User, integration_id: str) -> dict[str, Any]:
    answer = await user.ask(
        "mutation($id: ID!) { testIntegration(input: {integrationId: $id}) {"
        " integration { state: testState message: testMessage } } }",
        id=integration_id,
    )
    return answer["testIntegration"]["integration"]


async def team_of(user: User) -> str:
    return (await user.ask("{ viewer { teams { nodes { id } } } }"))["viewer"]["teams"]["nodes"][0]["id"]


async def shown(user: User, deployment_id: str) -> dict[str, Any]:
    asked = await user.ask(f"query($id: ID!) {{ deployment(id: $id) {{ {FIELDS} }} }}", id=deployment_id)
    return asked["deployment"]


async def ended(project: Deployed, deployment_id: str) -> dict[str, Any]:
    return (await project.events(deployment_id))[-1]


async def runtime_lines(project: Deployed, deployment_id: str, contains: str) -> list[str]:
    asked = await project.user.ask(
        "query($id: ID!, $text: String) { deployment(id: $id)"
        " { logs(filter: {streams: [RUNTIME], contains: $text}) { nodes { message } } } }",
        id=deployment_id,
        text=contains,
    )
    return [node["message"] for node in asked["deployment"]["logs"]["nodes"]]


async def roll_back(project: Deployed, deployment_id: str, *, to: str) -> str:
    """Roll back, wait until it is live, and return the rollback's id."""
    rolled = await project.user.ask(
        "mutation($input: RollbackDeploymentInput!) { rollbackDeployment(input: $input)"
        f" {{ deployment {{ {FIELDS} }} userErrors {{ message }} }} }}",
        input={"deploymentId": deployment_id, "toDeploymentId": to},
    )
    rollback = rolled["rollbackDeployment"]["deployment"]
    assert rollback["rollbackOf"] == {"id": to}
    happened = await project.events(rollback["id"], until="SUCCESS")
    assert happened[-1]["status"] == "SUCCESS", happened
    return rollback["id"]


async def test_without_an_integration_nothing_is_begun(project: Deployed) -> None:
    asked = await project.user.result(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { id } userErrors { code message field } } }",
        input={"projectId": project.project_id, "generationId": project.generation_id, "platform": "HEROKU"},
    )
    (error,) = asked["data"]["createDeployment"]["userErrors"]
    assert error["field"] == ["platform"]
    assert "HEROKU integration" in error["message"]


async def test_where_a_team_can_deploy_to_is_listed_with_what_it_lacks(alice: User, heroku: FakeHeroku) -> None:
    asked = "{ deploymentTargets { platform integrations missingIntegrations } }"
    before = {each["platform"]: each for each in (await alice.ask(asked))["deploymentTargets"]}
    integration_id = await connect(alice, "HEROKU", {"token": heroku.token})
    after = {each["platform"]: each for each in (await alice.ask(asked))["deploymentTargets"]}
    await alice.ask(
        "mutation($id: ID!) { updateIntegration(input: {integrationId: $id, enabled: false}) { userErrors { code } } }",
        id=integration_id,
    )
    assert before.keys() == after.keys() == {"LOCAL", *KINDS}
    assert before["LOCAL"] == {"platform": "LOCAL", "integrations": [], "missingIntegrations": []}
    assert before["HEROKU"]["integrations"] == before["HEROKU"]["missingIntegrations"] == ["HEROKU"]
    assert after["HEROKU"]["missingIntegrations"] == []
    assert before["RENDER"]["missingIntegrations"] == ["RENDER", "GITHUB"]
    assert {each["platform"]: each for each in (await alice.ask(asked))["deploymentTargets"]} == before


async def test_a_deployment_goes_to_heroku_and_comes_back(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    first, url = await project.live(platform="HEROKU", environmentVariables=[{"name": "KEY", "value": "first-value"}])
    (app,) = (app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    code, environment = heroku.toy.running[app.name]
    assert "package.json" in code.files
    assert environment["KEY"] == "first-value"
    assert environment["TABLE_PREFIX"] == f"{app.name}-"
    seen = await shown(project.user, first)
    assert seen["providerUrl"].startswith("https://dashboard.heroku.com/")
    said = [line["message"] for line in lines(await project.events(first, until="SUCCESS"))]
    assert sum(line.strip() == "step 7" for line in said) == 1
    assert not any("first-value" in line for line in said)

    second, again = await project.live(platform="HEROKU", environmentVariables=[{"name": "KEY", "value": "later-one"}])
    assert again == url
    assert (await ended(project, first))["status"] == "SUPERSEDED"
    assert heroku.toy.running[app.name][1]["KEY"] == "later-one"

    third = await roll_back(project, second, to=first)
    assert heroku.toy.running[app.name][1]["KEY"] == "first-value"
    assert (await ended(project, second))["status"] == "SUPERSEDED"
    assert len(app.builds) == 2

    await project.cancel(third)
    assert (await ended(project, third))["status"] == "CANCELED"
    assert app.name not in heroku.toy.running


async def test_what_a_project_deploys_in_another_team_leaves_alone_what_runs_with_the_old_teams_credentials(
    project: Deployed, heroku: FakeHeroku
) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    first, url = await project.live(platform="HEROKU")
    team_id = await project.user.team()
    await connect(project.user, "HEROKU", {"token": heroku.token}, teamId=team_id)
    moved = await project.user.ask(
        "mutation($input: MoveProjectInput!) { moveProject(input: $input) { userErrors { message } } }",
        input={"projectId": project.project_id, "teamId": team_id},
    )
    assert moved["moveProject"]["userErrors"] == []
    _, elsewhere = await project.live(platform="HEROKU")
    assert elsewhere != url
    assert (await shown(project.user, first))["status"] == "SUCCESS"

    await project.cancel(first)
    assert (await ended(project, first))["status"] == "CANCELED"
    running = {app.record["web_url"] for app in heroku.apps.values() if app.name in heroku.toy.running}
    assert f"{url}/" not in running
    assert f"{elsewhere}/" in running


async def test_a_deployment_goes_to_railway_and_comes_back(project: Deployed, railway: FakeRailway) -> None:
    await connect(project.user, "RAILWAY", {"token": railway.token})
    first, url = await project.live(platform="RAILWAY", environmentVariables=[{"name": "KEY", "value": "first-value"}])
    (service,) = (each.services[0] for each in railway.projects if f"/domains/{each.services[0].id}" in url)
    assert service.active is not None
    assert "package.json" in service.active.files
    assert service.active.variables["KEY"] == "first-value"
    assert service.active.variables["TABLE_PREFIX"] == f"{service.name}-"
    seen = await shown(project.user, first)
    assert seen["providerUrl"].startswith(f"https://railway.com/project/{service.project.id}/")
    said = [line["message"] for line in lines(await project.events(first, until="SUCCESS"))]
    assert sum(line.strip() == "step 7" for line in said) == 1
    assert not any("first-value" in line for line in said)

    second, again = await project.live(platform="RAILWAY", environmentVariables=[{"name": "KEY", "value": "later-one"}])
    assert again == url
    assert service.active.variables["KEY"] == "later-one"

    third = await roll_back(project, second, to=first)
    assert service.active.variables["KEY"] == "first-value"
    assert (await ended(project, second))["status"] == "SUPERSEDED"
    assert len(service.deployments) == 3

    await project.cancel(third)
    assert (await ended(project, third))["status"] == "CANCELED"
    assert service.active is None


async def test_render_needs_an_integration_with_github_too(project: Deployed, render: FakeRender) -> None:
    services, calls = dict(render.services), render.github.calls.total()
    for kind, missing in (("GITHUB", "RENDER"), ("RENDER", None)):
        await connect(project.user, kind, KINDS["RENDER"].integrations(render)[kind])
        asked = await project.user.result(
            "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
            " { deployment { id } userErrors { message field } } }",
            input={"projectId": project.project_id, "generationId": project.generation_id, "platform": "RENDER"},
        )
        if missing is not None:
            (error,) = asked["data"]["createDeployment"]["userErrors"]
            assert error["field"] == ["platform"]
            assert f"{missing} integration" in error["message"]
            assert (render.services, render.github.calls.total()) == (services, calls)
    deployment_id = asked["data"]["createDeployment"]["deployment"]["id"]
    assert (await project.events(deployment_id, until="SUCCESS"))[-1]["status"] == "SUCCESS"


async def test_a_deployment_goes_to_render_and_comes_back(project: Deployed, render: FakeRender) -> None:
    for kind, credentials in KINDS["RENDER"].integrations(render).items():
        await connect(project.user, kind, credentials)
    first, url = await project.live(platform="RENDER", environmentVariables=[{"name": "KEY", "value": "first-value"}])
    site = url.rpartition("/")[2]
    (service,) = (service for service in render.services.values() if service.name == site)
    files, environment = render.running(site)
    assert "package.json" in files
    assert environment["KEY"] == "first-value"
    assert environment["TABLE_PREFIX"] == f"{site}-"
    repository = render.github.repositories[f"octocat/{site}"]
    assert repository.messages()[0] == f"Deploy {first}"
    seen = await shown(project.user, first)
    assert seen["providerUrl"] == f"https://dashboard.render.com/web/{service.id}/deploys/{service.deploys[0].id}"
    said = [line["message"] for line in lines(await project.events(first, until="SUCCESS"))]
    assert sum(line.strip() == "step 7" for line in said) == 1
    assert not any("first-value" in line or render.token in line or render.github.token in line for line in said)

    second, again = await project.live(platform="RENDER", environmentVariables=[{"name": "KEY", "value": "later-one"}])
    assert again == url
    assert (await ended(project, first))["status"] == "SUPERSEDED"
    assert render.running(site)[1]["KEY"] == "later-one"

    third = await roll_back(project, second, to=first)
    assert render.running(site)[1]["KEY"] == "first-value"
    assert [deploy.trigger for deploy in service.deploys] == ["api", "api", "rollback"]
    assert len(repository.messages()) == 2 + repository.messages().count("Begin the repository")

    await project.cancel(third)
    assert (await ended(project, third))["status"] == "CANCELED"
    assert service.is_suspended


async def test_a_deployment_goes_to_ecs_and_comes_back(project: Deployed, aws: FakeAws) -> None:
    await connect(project.user, "AWS", KINDS["AWS_ECS"].integrations(aws)["AWS"])
    first, url = await project.live(platform="AWS_ECS", environmentVariables=[{"name": "KEY", "value": "first-value"}])
    site = url.rpartition("/")[2]
    code, environment = aws.toy.running[site]
    assert code.command == "node --enable-source-maps dist/server.js"
    assert environment["KEY"] == "first-value"
    assert environment["TABLE_PREFIX"] == f"{site}-"
    assert "AWS_ACCESS_KEY_ID" not in environment
    seen = await shown(project.user, first)
    assert f"/services/{site}" in seen["providerUrl"]
    said = [line["message"] for line in lines(await project.events(first, until="SUCCESS"))]
    assert sum(line.strip() == "step 7" for line in said) == 1
    assert not any(aws.token in line for line in said)

    second, again = await project.live(platform="AWS_ECS", environmentVariables=[{"name": "KEY", "value": "later-one"}])
    assert again == url
    assert (await ended(project, first))["status"] == "SUPERSEDED"
    assert aws.toy.running[site][1]["KEY"] == "later-one"

    third = await roll_back(project, second, to=first)
    assert aws.toy.running[site][1]["KEY"] == "first-value"
    assert len(aws.codebuild.builds) == 2

    await project.cancel(third)
    assert (await ended(project, third))["status"] == "CANCELED"
    assert site not in aws.toy.running


async def test_a_role_that_trusts_the_team_is_assumed_for_it(project: Deployed, aws: FakeAws) -> None:
    arn, team_id = f"arn:aws:iam::{aws.account}:role/deployer", await team_of(project.user)
    aws.trusts[arn] = "another team's"
    integration_id = await connect(project.user, "AWS", {"awsRole": {"roleArn": arn}})
    refused = await probed(project.user, integration_id)
    assert refused["state"] == "REFUSED"
    assert f"assume {arn}: its trust policy must allow that with the external id {team_id}" in refused["message"]
    asked = await project.deploy(platform="AWS_ECS")
    assert (await ended(project, asked))["reason"] == "CREDENTIALS_REFUSED"

    aws.trusts[arn] = ""  # as of somebody who has forgotten it, or of our own account's roles
    refused = await probed(project.user, integration_id)
    assert refused["state"] == "REFUSED"
    assert f"may assume {arn} for whoever names it: its trust policy must demand the external id" in refused["message"]

    aws.trusts[arn] = team_id
    assert (await probed(project.user, integration_id))["state"] == "PASSED"
    deployment_id, url = await project.live(platform="AWS_ECS")
    _, environment = aws.toy.running[url.rpartition("/")[2]]
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"} & environment.keys()
    said = str(lines(await project.events(deployment_id, until="SUCCESS")))
    assert not [token for token in aws.assumed.values() if token in said]
    await project.cancel(deployment_id)


async def test_a_backend_outside_aws_gets_no_keys_that_expire(
    project: Deployed, aws: FakeAws, heroku: FakeHeroku
) -> None:
    arn = f"arn:aws:iam::{aws.account}:role/deployer"
    aws.trusts[arn] = await team_of(project.user)
    await connect(project.user, "AWS", {"awsRole": {"roleArn": arn}})
    await connect(project.user, "HEROKU", {"token": heroku.token})
    before = len(heroku.apps)
    assert (await ended(project, await project.deploy(platform="HEROKU")))["reason"] == "TEMPORARY_KEYS"
    assert len(heroku.apps) == before


async def test_what_runs_there_goes_on_being_told(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    for number in range(3):
        await app.write(f"line {number}")
        await asyncio.sleep(1.5)
    async with asyncio.timeout(20):
        while True:
            asked = await project.user.ask(
                'query($id: ID!) { deployment(id: $id) { status logs(filter: {streams: [RUNTIME], contains: "line "})'
                " { edges { node { message } } } } }",
                id=deployment_id,
            )
            said = [edge["node"]["message"] for edge in asked["deployment"]["logs"]["edges"]]
            if len(said) >= 3:
                break
            await asyncio.sleep(0.3)
    assert said == ["line 0", "line 1", "line 2"]
    assert asked["deployment"]["status"] == "SUCCESS"
    await project.cancel(deployment_id)
    assert (await ended(project, deployment_id))["status"] == "CANCELED"


async def test_the_keys_that_a_backend_was_given_for_its_tables_are_in_no_line_of_it(
    project: Deployed, aws: FakeAws, heroku: FakeHeroku
) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    await connect(project.user, "AWS", {"aws": {"accessKeyId": aws.access_key_id, "secretAccessKey": secret}})
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    assert app.config["AWS_SECRET_ACCESS_KEY"] == secret
    await app.write(f"given {secret} and {heroku.token}")
    assert await told(project, deployment_id, "given ") == ["given *** and ***"]
    await project.cancel(deployment_id)


async def test_what_a_backend_was_given_is_in_no_line_of_it_when_its_integration_has_other_keys_or_is_gone(
    project: Deployed, aws: FakeAws, heroku: FakeHeroku
) -> None:
    secret, another = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "0000rXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    keys = {"accessKeyId": aws.access_key_id, "secretAccessKey": secret}
    integration_id = await connect(project.user, "AWS", {"aws": keys})
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    await project.user.ask(
        "mutation($input: ReplaceIntegrationCredentialsInput!) {"
        " replaceIntegrationCredentials(input: $input) { userErrors { message } } }",
        input={
            "integrationId": integration_id,
            "credentials": {"aws": {"accessKeyId": aws.access_key_id, "secretAccessKey": another}},
        },
    )
    await app.write(f"replaced {secret}")
    assert await told(project, deployment_id, "replaced ") == ["replaced ***"]
    await project.user.ask(
        "mutation($id: ID!) { deleteIntegration(input: {integrationId: $id}) { userErrors { message } } }",
        id=integration_id,
    )
    await app.write(f"deleted {secret}")
    assert await told(project, deployment_id, "deleted ") == ["deleted ***"]
    await project.cancel(deployment_id)


async def test_values_of_the_deployments_before_and_after_are_in_no_line_of_a_deployment(
    project: Deployed, heroku: FakeHeroku
) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    keep = {"name": "KEY"}
    first, url = await project.live(platform="HEROKU", environmentVariables=[{**keep, "value": "value of the first"}])
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    await asyncio.sleep(3)
    second = await project.deploy(platform="HEROKU", environmentVariables=[{**keep, "value": "value of the second"}])
    async with asyncio.timeout(30):
        while app.config["KEY"] != "value of the second":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.05)
    await app.write("restarted with value of the second, not value of the first", ago=1.5)  # before its release
    assert await told(project, first, "restarted ") == ["restarted with ***, not ***"]
    await project.events(second, until="SUCCESS")
    await app.write("goes down with value of the first")
    assert await told(project, second, "goes down ") == ["goes down with ***"]
    assert not await runtime_lines(project, first, "goes down ")
    await project.cancel(second)


async def told(project: Deployed, deployment_id: str, contains: str) -> list[str]:
    """Wait until the runtime lines that contain a text are told, and return them."""
    async with asyncio.timeout(30):
        while not (said := await runtime_lines(project, deployment_id, contains)):  # noqa: ASYNC110 - pages tell nobody
            await asyncio.sleep(0.3)
    return said


async def test_what_runs_there_is_restarted_and_its_stream_tells_of_it(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    dyno, builds = app.dyno_id, len(app.builds)
    asked = await project.user.ask(
        "mutation($id: ID!) { restartDeployment(input: {deploymentId: $id})"
        " { deployment { id status } userErrors { message } } }",
        id=deployment_id,
    )
    assert asked["restartDeployment"] == {"deployment": {"id": deployment_id, "status": "SUCCESS"}, "userErrors": []}
    happened = await project.events(deployment_id, until_step=("health", "SUCCEEDED"), times=2)
    assert "Restarting, as was asked for." in [line["message"] for line in lines(happened)]
    steps = [(event["step"], event["state"]) for event in happened if event["__typename"] == "StepChanged"]
    assert steps[-4:] == [(name, state) for name in ("restart", "health") for state in ("RUNNING", "SUCCEEDED")]
    assert (app.dyno_id == dyno, len(app.builds)) == (False, builds)
    assert (await shown(project.user, deployment_id))["status"] == "SUCCESS"
    await project.cancel(deployment_id)
    await ended(project, deployment_id)
    again = await project.user.result(
        "mutation($id: ID!) { restartDeployment(input: {deploymentId: $id})"
        " { deployment { status } userErrors { code } } }",
        id=deployment_id,
    )
    refused = again["data"]["restartDeployment"]
    assert refused == {"deployment": {"status": "CANCELED"}, "userErrors": [{"code": "CONFLICT"}]}


async def test_what_runs_there_is_scaled_and_a_redeploy_has_as_much(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    asked = await project.user.ask(
        "mutation($input: ScaleDeploymentInput!) { scaleDeployment(input: $input)"
        " { deployment { id } userErrors { message } } }",
        input={"deploymentId": deployment_id, "instances": 3, "size": "standard-2x"},
    )
    assert asked["scaleDeployment"] == {"deployment": {"id": deployment_id}, "userErrors": []}
    happened = await project.events(deployment_id, until_step=("health", "SUCCEEDED"), times=2)
    scaling = "Scaling to 3 instances of size standard-2x, as was asked for."
    assert scaling in [line["message"] for line in lines(happened)]
    assert (app.web, app.size) == (3, "standard-2x")

    again = await project.user.ask(
        "mutation($id: ID!) { redeploy(input: {deploymentId: $id}) { deployment { id instances size region } } }",
        id=deployment_id,
    )
    second = again["redeploy"]["deployment"]
    assert second == {"id": second["id"], "instances": 3, "size": "standard-2x", "region": None}
    await project.events(second["id"], until="SUCCESS")
    assert (app.web, app.size) == (3, "standard-2x")
    await project.stop(second["id"])
    assert (await ended(project, second["id"]))["status"] == "STOPPED"
    assert app.web == 0
    third, _ = await project.live(platform="HEROKU")
    assert (app.web, app.size) == (3, "standard-2x"), "what was stopped comes back as it was"
    await project.cancel(third)
    await ended(project, third)


async def place(user: User, project_id: str, name: str, platform: str, value: str) -> str:
    """Make an environment with a variable KEY."""
    made = await user.ask(
        "mutation($input: CreateEnvironmentInput!) { createEnvironment(input: $input) { environment { id } } }",
        input={"projectId": project_id, "name": name, "kind": "PREVIEW", "platform": platform},
    )
    environment_id = made["createEnvironment"]["environment"]["id"]
    await user.ask(
        "mutation($input: SetVariablesInput!) { setVariables(input: $input) { userErrors { message } } }",
        input={"environmentId": environment_id, "variables": [{"name": "KEY", "value": value}]},
    )
    return environment_id


async def deployed_in(project: Deployed, environment_id: str) -> str:
    """Deploy into an environment, and return the deployment's id."""
    code = {"projectId": project.project_id, "generationId": project.generation_id}
    asked = await project.user.ask(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input) { deployment { id } } }",
        input={**code, "environmentId": environment_id},
    )
    return asked["createDeployment"]["deployment"]["id"]


PROMOTE = """mutation($input: PromoteDeploymentInput!) { promoteDeployment(input: $input)
    { deployment { id promotedFrom { id } deployedIn { id } } userErrors { code field } } }"""


async def test_a_preview_is_promoted_without_a_build(project: Deployed, heroku: FakeHeroku) -> None:
    user, project_id = project.user, project.project_id
    await connect(user, "HEROKU", {"token": heroku.token})
    preview = await place(user, project_id, "preview", "HEROKU", "of-the-preview")
    production = await place(user, project_id, "production", "HEROKU", "of-production")
    elsewhere = await place(user, project_id, "elsewhere", "LOCAL", "of-elsewhere")
    first = await deployed_in(project, preview)
    url = (await project.events(first, until="SUCCESS"))[-1]["url"]
    before = sum(len(app.builds) for app in heroku.apps.values())
    asked = await user.result(PROMOTE, input={"deploymentId": first, "environmentId": production})
    promoted = asked["data"]["promoteDeployment"]["deployment"]
    assert promoted == {"id": promoted["id"], "promotedFrom": {"id": first}, "deployedIn": {"id": production}}
    there = (await project.events(promoted["id"], until="SUCCESS"))[-1]["url"]
    running = heroku.toy.running
    sites = {app.record["web_url"]: running[app.name] for app in heroku.apps.values() if app.name in running}
    (code, environment), (earlier, _) = sites[f"{there}/"], sites[f"{url}/"]
    assert (code.files, environment["KEY"]) == (earlier.files, "of-production")
    assert sum(len(app.builds) for app in heroku.apps.values()) == before
    for wrong in (elsewhere, preview):
        refused = await user.result(PROMOTE, input={"deploymentId": first, "environmentId": wrong})
        assert refused["data"]["promoteDeployment"] == {
            "deployment": None,
            "userErrors": [{"code": "BAD_USER_INPUT", "field": ["environmentId"]}],
        }
    for deployment_id in (first, promoted["id"]):
        await project.stop(deployment_id)
        assert (await ended(project, deployment_id))["status"] == "STOPPED"


async def test_what_can_not_be_taken_over_is_built_again_and_the_stream_says_so(project: Deployed) -> None:
    user, project_id = project.user, project.project_id
    preview = await place(user, project_id, "preview", "LOCAL", "of-the-preview")
    production = await place(user, project_id, "production", "LOCAL", "of-production")
    first = await deployed_in(project, preview)
    await project.events(first, until="SUCCESS")
    asked = await user.result(PROMOTE, input={"deploymentId": first, "environmentId": production})
    promoted = asked["data"]["promoteDeployment"]["deployment"]["id"]
    happened = await project.events(promoted, until="SUCCESS")
    told = "What LOCAL has built for one place can't run at another: it is built again."
    assert [line["message"] for line in lines(happened)].count(told) == 1
    assert happened[-1]["status"] == "SUCCESS"


def calls_of(heroku: FakeHeroku, app: str) -> int:
    """Return how often it was asked of one app: those of other tests may still be looked at."""
    return sum(number for call, number in heroku.calls.items() if f"/apps/{app}" in call)


async def test_what_runs_there_runs_on_when_we_may_not_look_any_more(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id, url = await project.live(platform="HEROKU")
    app = next(app for app in heroku.apps.values() if app.record["web_url"] == f"{url}/")
    listed = await project.user.ask("{ integrations { nodes { id } } }")
    for integration in listed["integrations"]["nodes"]:
        await project.user.ask(
            "mutation($id: ID!) { deleteIntegration(input: {integrationId: $id}) { userErrors { message } } }",
            id=integration["id"],
        )
    await asyncio.sleep(1)  # a look that has begun
    before = calls_of(heroku, app.name)
    await asyncio.sleep(6)  # two looks
    assert (await shown(project.user, deployment_id))["status"] == "SUCCESS"
    assert calls_of(heroku, app.name) == before
    await project.cancel(deployment_id)
    last = await ended(project, deployment_id)
    assert (last["status"], last["reason"]) == ("CANCELED", "NOT_STOPPED")
    assert "It may still run at HEROKU" in last["message"]
    assert app.name in heroku.toy.running


async def test_a_build_that_is_canceled_is_canceled_there(project: Deployed, heroku: FakeHeroku) -> None:
    await connect(project.user, "HEROKU", {"token": heroku.token})
    deployment_id = await project.deploy(platform="HEROKU")
    async with asyncio.timeout(30):
        while (await shown(project.user, deployment_id))["providerUrl"] is None:  # noqa: ASYNC110 - the record tells nobody
            await asyncio.sleep(0.05)
    await project.cancel(deployment_id)
    last = await ended(project, deployment_id)
    assert last["status"] == "CANCELED"


async def test_a_deployment_goes_to_vercel_and_comes_back(project: Deployed, vercel: FakeVercel) -> None:
    await connect(project.user, "VERCEL", {"token": vercel.token})
    first, url = await project.live(platform="VERCEL", environmentVariables=[{"name": "KEY", "value": "first-value"}])
    (site,) = (site for site in vercel.projects.values() if url.endswith(f"/{site.name}"))
    code, environment = vercel.toy.running[site.name]
    assert b"dist/server.js" in code.files["api/index.mjs"]
    assert environment["KEY"] == "first-value"
    assert environment["TABLE_PREFIX"] == f"{site.name}-"
    assert (await shown(project.user, first))["providerUrl"].startswith("https://vercel.com/")
    said = [line["message"] for line in lines(await project.events(first, until="SUCCESS"))]
    assert sum(line.strip() == "step 7" for line in said) == 1
    assert not any("first-value" in line for line in said)

    second, again = await project.live(platform="VERCEL", environmentVariables=[{"name": "KEY", "value": "later-one"}])
    assert again == url
    rolled = await project.user.ask(
        "mutation($input: RollbackDeploymentInput!) { rollbackDeployment(input: $input) { deployment { id } } }",
        input={"deploymentId": second, "toDeploymentId": first},
    )
    third = rolled["rollbackDeployment"]["deployment"]["id"]
    happened = await project.events(third, until="SUCCESS")
    assert happened[-1]["status"] == "SUCCESS", happened
    assert vercel.toy.running[site.name][1]["KEY"] == "first-value"
    assert vercel.created == 2

    await project.cancel(third)
    assert (await ended(project, third))["status"] == "CANCELED"
    assert site.name not in vercel.toy.running


async def test_a_test_of_an_integration_says_whose_it_is(alice: User, heroku: FakeHeroku) -> None:
    tested: list[dict[str, Any]] = []
    for token in (heroku.token, "another-token-0123"):
        made = await alice.ask(
            "mutation($token: String!) { createIntegration(input: {type: HEROKU, credentials: {token: $token}})"
            " { integration { id } } }",
            token=token,
        )
        asked = await alice.ask(
            "mutation($id: ID!) { testIntegration(input: {integrationId: $id})"
            " { integration { testState testMessage } } }",
            id=made["createIntegration"]["integration"]["id"],
        )
        tested.append(asked["testIntegration"]["integration"])
    assert tested == [
        {"testState": "PASSED", "testMessage": "HEROKU accepts these credentials, as alice@example.com."},
        {"testState": "REFUSED", "testMessage": "HEROKU does not accept these credentials."},
    ]
