"""What the schema promises of domains, against the fake of Heroku."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.server import Awkward, Fault
from tests.resolvers.deployed import Deployed
from tests.snapinfra import Server, User, serving, settings

FIELDS = (
    "id name platform site state certificate records { type name value } message checkedAt"
    " project { id } deployment { id } addedBy { id }"
)
ADD = (
    "mutation($input: AddDomainInput!) { addDomain(input: $input)"
    f" {{ domain {{ {FIELDS} }} userErrors {{ code message field }} }} }}"
)
CHECK = (
    f"mutation($id: ID!) {{ checkDomain(input: {{domainId: $id}}) {{ domain {{ {FIELDS} }}"
    " userErrors { code message field } } }"
)
REMOVE = (
    "mutation($id: ID!) { removeDomain(input: {domainId: $id}) { removedDomainId userErrors { code message field } } }"
)
NAMES = "query($id: ID!) { project(id: $id) { domains { nodes { id name } } } }"


@pytest.fixture(scope="module")
def heroku() -> Iterator[FakeHeroku]:
    with FakeHeroku() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(emulator: str, heroku: FakeHeroku, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, HEROKU_API_URL=heroku.url)) as running:
        yield running


class Live(Deployed):
    """A project with a live deployment at Heroku."""

    deployment_id: str = ""
    integration_id: str = ""

    @classmethod
    async def at_heroku(cls, user: User, token: str) -> "Live":
        live = await cls.with_code(user)
        made = await user.ask(
            "mutation($token: String!) { createIntegration(input: {type: HEROKU, credentials: {token: $token}})"
            " { integration { id } } }",
            token=token,
        )
        live.integration_id = made["createIntegration"]["integration"]["id"]
        live.deployment_id, _ = await live.live(platform="HEROKU")
        return live

    async def add(self, name: str, **more: Any) -> dict[str, Any]:
        asked = await self.user.result(ADD, input={"deploymentId": self.deployment_id, "name": name, **more})
        return asked["data"]["addDomain"]

    async def added(self, name: str, **more: Any) -> dict[str, Any]:
        answer = await self.add(name, **more)
        assert answer["userErrors"] == []
        return answer["domain"]

    async def refusal(self, name: str) -> dict[str, Any]:
        (error,) = (await self.add(name))["userErrors"]
        return error

    async def names(self) -> list[str]:
        asked = await self.user.ask(NAMES, id=self.project_id)
        return [domain["name"] for domain in asked["project"]["domains"]["nodes"]]


@pytest.fixture
async def project(alice: User, heroku: FakeHeroku) -> Live:
    heroku.names.owned.clear()
    heroku.names.taken.clear()
    return await Live.at_heroku(alice, heroku.token)


async def test_a_domain_is_added_looked_at_and_removed(project: Live, heroku: FakeHeroku) -> None:
    user = project.user
    added = await project.added("API.Bücher.example")
    name = "api.xn--bcher-kva.example"
    (app,) = [app for app in heroku.apps if heroku.names.at(app, name)]
    viewer = await user.ask("{ viewer { id } }")
    expected = {
        "id": added["id"],
        "name": name,
        "platform": "HEROKU",
        "site": app,
        "state": "PENDING",
        "certificate": "PENDING",
        "records": [{"type": "CNAME", "name": name, "value": f"{heroku.names.owned[name].id[:8]}.herokudns.com"}],
        "message": "CDN not returning HTTP challenge",
        "checkedAt": added["checkedAt"],
        "project": {"id": project.project_id},
        "deployment": {"id": project.deployment_id},
        "addedBy": {"id": viewer["viewer"]["id"]},
    }
    assert added == expected

    looks = [(await user.ask(CHECK, id=added["id"]))["checkDomain"]["domain"] for _ in range(2)]
    node = await user.ask(f"query($id: ID!) {{ node(id: $id) {{ ... on Domain {{ {FIELDS} }} }} }}", id=added["id"])
    assert [(each["state"], each["certificate"]) for each in looks] == [
        ("ACTIVE", "PENDING"),
        ("ACTIVE", "ISSUED"),
    ]
    assert node["node"] == looks[-1]
    assert await project.names() == [name]

    removed = await user.ask(REMOVE, id=added["id"])
    assert removed["removeDomain"] == {"removedDomainId": added["id"], "userErrors": []}
    assert (heroku.names.owned, await project.names()) == ({}, [])
    again = await user.result(REMOVE, id=added["id"])
    assert again["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_the_activity_tells_of_each_time_that_a_name_was_added(project: Live) -> None:
    for _ in range(2):
        added = await project.added("api.example.com")
        await project.added("api.example.com")
        await project.user.ask(REMOVE, id=added["id"])
    seen = await project.user.ask(
        "query($id: ID!) { project(id: $id) { activity(first: 100) { nodes { entityType verb title } } } }",
        id=project.project_id,
    )
    verbs = [each["verb"] for each in seen["project"]["activity"]["nodes"] if each["entityType"] == "DOMAIN"]
    assert sorted(verbs) == ["CREATED", "CREATED", "DELETED", "DELETED"]


async def test_a_name_is_had_once_in_a_project(project: Live, heroku: FakeHeroku) -> None:
    first = await project.added("api.example.com", clientMutationId="one")
    again = await project.added("api.example.com", clientMutationId="two")
    project.deployment_id = await deployed_elsewhere(project)
    other = await project.add("api.example.com")

    assert again["id"] == first["id"]
    assert await project.names() == ["api.example.com"]
    (error,) = other["userErrors"]
    assert (error["code"], other["domain"]["id"]) == ("CONFLICT", first["id"])
    assert first["site"] in error["message"]
    assert heroku.names.owned["api.example.com"].site == first["site"]


async def deployed_elsewhere(project: Live) -> str:
    """Deploy to an environment, which has a site of its own."""
    made = await project.user.ask(
        "mutation($id: ID!) { createEnvironment(input: {projectId: $id, name: "
        '"staging", kind: PREVIEW, platform: HEROKU}) { environment { id } } }',
        id=project.project_id,
    )
    deployed = await project.user.ask(
        "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
        " { deployment { id } userErrors { message } } }",
        input={
            "projectId": project.project_id,
            "generationId": project.generation_id,
            "environmentId": made["createEnvironment"]["environment"]["id"],
        },
    )
    deployment_id = deployed["createDeployment"]["deployment"]["id"]
    await project.events(deployment_id, until="SUCCESS")
    return deployment_id


async def test_a_domain_stays_where_a_later_deployment_takes_the_place(project: Live, heroku: FakeHeroku) -> None:
    added = await project.added("api.example.com")
    later, _ = await project.live(platform="HEROKU")
    looked = (await project.user.ask(CHECK, id=added["id"]))["checkDomain"]["domain"]
    old = await project.refusal("www.example.com")
    project.deployment_id = later
    second = await project.added("www.example.com")
    assert (looked["state"], looked["site"]) == ("ACTIVE", second["site"])
    assert (old["code"], heroku.names.owned.keys()) == ("CONFLICT", {"api.example.com", "www.example.com"})
    assert "live" in old["message"]


@pytest.mark.parametrize("name", ["", "localhost", "127.0.0.1", "*.example.com", "a_b.example.com", "x" * 300])
async def test_what_is_no_hostname_is_refused_by_its_field(project: Live, heroku: FakeHeroku, name: str) -> None:
    heroku.calls.clear()
    error = await project.refusal(name)
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["name"])
    assert not any("domains" in call for call in heroku.calls)


async def test_a_name_of_somebody_else_is_refused_by_its_field_and_not_kept(project: Live, heroku: FakeHeroku) -> None:
    heroku.names.taken.add("api.example.com")
    error = await project.refusal("api.example.com")
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["name"])
    assert "another project or account" in error["message"]
    assert await project.names() == []


async def test_without_usable_credentials_nothing_is_kept_and_what_to_replace_is_said(
    project: Live, heroku: FakeHeroku
) -> None:
    added = await project.added("api.example.com")
    await project.user.ask(
        "mutation($id: ID!) { updateIntegration(input: {integrationId: $id, enabled: false}) { userErrors { code } } }",
        id=project.integration_id,
    )
    without = await project.refusal("www.example.com")
    await project.user.ask(
        'mutation { createIntegration(input: {type: HEROKU, credentials: {token: "HRKU-of-nobody"}})'
        " { integration { id } } }"
    )
    wrong = await project.refusal("www.example.com")
    removed = (await project.user.result(REMOVE, id=added["id"]))["data"]["removeDomain"]
    assert (without["code"], without["field"]) == ("BAD_USER_INPUT", ["deploymentId"])
    assert "HEROKU integration" in without["message"]
    assert "replace them" in wrong["message"]
    assert (removed["removedDomainId"], removed["userErrors"][0]["field"]) == (None, ["domainId"])
    assert await project.names() == ["api.example.com"]


async def test_what_runs_on_this_machine_takes_no_domains(alice: User) -> None:
    project = await Live.with_code(alice)
    project.deployment_id = await project.deploy()
    error = await project.refusal("api.example.com")
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["deploymentId"])
    assert "only the machine of the worker reaches it" in error["message"]


async def test_who_is_to_wait_for_the_platform_is_told_for_how_long(alice: User, heroku: FakeHeroku) -> None:
    project = await Live.at_heroku(alice, heroku.token)
    usual, heroku.token = heroku.token, "HRKU-of-somebody-who-is-to-wait"
    await alice.ask(
        "mutation($token: String!) { createIntegration(input: {type: HEROKU, credentials: {token: $token}})"
        " { integration { id } } }",
        token=heroku.token,
    )
    heroku.retry_after = 60
    heroku.awkward.append(Awkward(Fault.LIMITED, ".*"))
    answer = await alice.result(ADD, input={"deploymentId": project.deployment_id, "name": "api.example.com"})
    heroku.token, heroku.retry_after = usual, 1
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 50_000 < error["extensions"]["retryAfterMs"] <= 60_000
    assert await project.names() == []
