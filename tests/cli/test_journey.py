"""The main job in the terminal: what is printed, over connections that break, and what is refused."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio

from cli.client import Client, Refused, connect
from cli.commands import Target
from cli.integrating import keep
from cli.journey import Arrival, restart, stop, travel
from cli.logs import show_logs
from services.core.frozen import frozen
from services.core.tls import trusted
from services.foundation.aws.emulator import free_port
from tests.cli.screen import Screen
from tests.e2e.proxy import before
from tests.fakes.llm import Answer, Behaviour, FakeLLM, Status
from tests.fakes.receiver import Receiver, Reply
from tests.resolvers.deployed import Deployed as DeployedProject
from tests.snapinfra import Server, User, serving, settings

DESCRIPTION = "Build a user management API with teams and roles"

GENERATIONS = """
query($id: ID!) {
  project(id: $id) { name generations { nodes { kind text files { path } } } }
}"""

LINES = "query($id: ID!) { deployment(id: $id) { status logs(first: 100) { nodes { stream message } } } }"


async def test_a_journey_over_a_connection_that_breaks_shows_everything_once(
    alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    schema_cuts = (0, 1, 2, 3, 4, None)  # after 4 messages two events have come
    architecture_cuts = (0, 3, None)
    code_cuts = (0, 2, 3, 4, 5, 10, 40, None)
    cuts = (*schema_cuts, *architecture_cuts, *code_cuts)
    async with asyncio.timeout(180), before(alice.url, cuts=cuts) as proxy:
        arrival = await travel(proxy.user(alice), DESCRIPTION, to=None)

    printed = capsys.readouterr().out
    project = (await alice.ask(GENERATIONS, id=arrival.project_id))["project"]
    code, architecture, schema = project["generations"]["nodes"]
    ticks = Counter(line.split()[1] for line in printed.splitlines() if line.startswith("  ✓"))
    assert proxy.sockets == len(cuts)
    assert (schema["kind"], architecture["kind"], code["kind"]) == ("SCHEMA", "ARCHITECTURE", "CODE")
    assert [printed.count(each["text"]) for each in (schema, architecture)] == [1, 1]
    assert printed.count('"tables"') == 1
    assert ticks == {file["path"]: 1 for file in code["files"]}
    assert f"COMPLETED  {len(code['files'])} files" in printed
    assert (arrival.deployment_id, arrival.url) == (None, None)


async def test_what_is_live_is_restarted_and_stopped_from_the_terminal(alice: User) -> None:
    project = await DeployedProject.with_code(alice)
    deployment_id, _ = await project.live()
    await restart(alice, deployment_id)
    happened = await project.events(deployment_id, until_step=("health", "SUCCEEDED"), times=2)
    ended = await stop(alice, deployment_id)

    steps = [event["step"] for event in happened if event["__typename"] == "StepChanged"]
    assert (steps.count("install"), steps.count("restart"), ended) == (2, 2, "STOPPED")
    with pytest.raises(Refused, match="STOPPED"):
        await restart(alice, deployment_id)
    assert await stop(alice, deployment_id) == "STOPPED"


async def test_a_project_is_named_after_the_first_eight_words_of_its_description(alice: User) -> None:
    arrival = await travel(alice, DESCRIPTION, to=None)
    named = await travel(alice, DESCRIPTION, name="Members", to=None)

    names = [
        (await alice.ask(GENERATIONS, id=id_))["project"]["name"] for id_ in (arrival.project_id, named.project_id)
    ]
    assert names == ["Build a user management API with teams and", "Members"]


@pytest.mark.parametrize("platform", ["HEROKU", "AWS_ECS", "RENDER"])
async def test_nothing_is_made_for_a_platform_without_credentials(server: Server, platform: str) -> None:
    alice = server.user()

    with pytest.raises(Refused, match=rf"^{platform} needs credentials: keep some with `snapinfra connect "):
        await travel(alice, DESCRIPTION, to=platform)

    assert (await alice.ask("{ projects { nodes { id } } }"))["projects"]["nodes"] == []


async def test_nothing_is_made_for_a_platform_that_the_server_has_not() -> None:
    targets = (
        b'{"data": {"deploymentTargets": [{"platform": "HEROKU", "missingIntegrations": []}]}}'  # as in production
    )
    with Receiver(usual=Reply(200, body=targets)) as server:
        with pytest.raises(Refused, match=r"^LOCAL is not available on this server, but HEROKU: see `--to`\.$"):
            await travel(Client(server.url, "any"), DESCRIPTION)
        assert len(server.received) == 1


async def test_where_code_is_taken_from_a_repository_its_credentials_are_asked_for_too(server: Server) -> None:
    alice = server.user()
    await keep(alice, "RENDER", {"token": "rnd_of_alice"})

    with pytest.raises(Refused, match=r"^RENDER needs credentials: keep some with `snapinfra connect github`\.$"):
        await travel(alice, DESCRIPTION, to="RENDER")


async def test_a_server_that_is_away_is_named_with_the_way_to_start_one() -> None:
    url = f"http://127.0.0.1:{free_port()}/graphql"

    with pytest.raises(Refused, match=rf"^No Snapinfra answers at {url} \(.+\)\. Start one with `make dev`\.$"):
        await travel(Client(url, "any"), DESCRIPTION, to=None)


@pytest.mark.parametrize("url", ["localhost:8000", "/graphql", "http://[::1"])
async def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match=r"^No Snapinfra answers at "):
        await travel(Client(url, "any"), DESCRIPTION, to=None)


@pytest.mark.parametrize("body", [b'{"detail": "Not Found"}', b"[]", b"null", b"<html></html>"])
async def test_a_server_that_is_no_snapinfra_is_told_apart(body: bytes) -> None:
    async with answering(body) as url:
        with pytest.raises(Refused, match=rf"^{url} answered 404, and not as GraphQL does\.$"):
            await travel(Client(url, "any"), DESCRIPTION, to=None)


async def test_a_token_of_somewhere_else_is_refused(server: Server, alice: User) -> None:
    stranger = Client(server.url, "not-a-token")

    with pytest.raises(Refused, match=r"^The token is not valid here\.$"):
        await travel(stranger, DESCRIPTION, to=None)
    with pytest.raises(Refused, match=r"^The server closed the subscription: Forbidden\.$"):
        await show_logs(stranger, "deployment_01jd0000000000000000000000", follow=True)


@pytest.mark.parametrize("token", ["é€", "x\ny", "two words", "\x00"])
def test_what_can_be_no_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(Refused) as refused:
        connect("http://127.0.0.1:1/graphql", token)
    assert str(refused.value) == "The token has characters that no token has: take it as it was shown."


@pytest.mark.parametrize("follow", [True, False])
async def test_the_log_of_a_deployment_that_does_not_exist_is_refused(alice: User, *, follow: bool) -> None:
    with pytest.raises(Refused, match=r"^No deployment with the id 'deployment_01jd0{22}'\.$"):
        await show_logs(alice, "deployment_01jd0000000000000000000000", follow=follow)


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        (Status(401), r"^The generation ended FAILED\. .+\.$"),
        (Answer(finish="content_filter"), r"^The generation ended INCOMPLETE\. The provider's content filter ended "),
    ],
)
async def test_a_generation_that_does_not_complete_ends_the_journey_with_its_reason(
    emulator: str, behaviour: Behaviour, sentence: str
) -> None:
    with FakeLLM(default=behaviour) as fake:
        config = settings(emulator, GROQ_API_KEY="key", GROQ_BASE_URL=fake.groq_url)
        with serving(config) as server:
            alice = server.user()
            async with asyncio.timeout(90):
                with pytest.raises(Refused, match=sentence):
                    await travel(alice, DESCRIPTION)
            projects = await alice.ask(
                "{ projects { nodes { generations { nodes { kind } } deployments { nodes { id } } } } }"
            )

    assert projects["projects"]["nodes"] == [
        {"generations": {"nodes": [{"kind": "SCHEMA"}]}, "deployments": {"nodes": []}}
    ]


@frozen
class Deployed:
    """A journey that arrived."""

    user: User
    arrival: Arrival
    printed: str

    @property
    def deployment_id(self) -> str:
        assert self.arrival.deployment_id is not None
        return self.arrival.deployment_id

    @property
    def url(self) -> str:
        assert self.arrival.url is not None
        return self.arrival.url

    async def lines(self) -> list[str]:
        """Return the first lines of the log, as the API says them."""
        result = await self.user.ask(LINES, id=self.deployment_id)
        return [line["message"] for line in result["deployment"]["logs"]["nodes"]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(server: Server) -> AsyncGenerator[Deployed]:
    """Go the whole way once, for all tests here."""
    user, screen = server.user(), Screen()
    with contextlib.redirect_stdout(screen):
        async with asyncio.timeout(150):
            arrival = await travel(user, DESCRIPTION, target=Target(user.url, token=user.token))
    yield Deployed(user, arrival, screen.getvalue())
    await user.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { message } } }",
        id=arrival.deployment_id,
    )


@pytest.mark.npm
async def test_a_journey_arrives_at_a_backend_that_answers(deployed: Deployed) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        health = await http.get(f"{deployed.url}/health")

    assert health.json() == {"status": "ok"}
    assert f"Running at {deployed.url}" in deployed.printed
    assert re.search(rf"^Its log: .+ logs {deployed.deployment_id} --follow --url .+$", deployed.printed, re.MULTILINE)


@pytest.mark.npm
async def test_the_log_shows_every_line_once_and_ends(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    before_ = await deployed.lines()

    async with asyncio.timeout(90):
        await show_logs(deployed.user, deployed.deployment_id, follow=False)

    assert shown(capsys.readouterr().out)[: len(before_)] == before_


@pytest.mark.npm
async def test_a_log_that_is_followed_goes_on_over_connections_that_break(deployed: Deployed) -> None:
    screen = Screen()
    async with before(deployed.user.url, cuts=(0, 7, 8)) as proxy, httpx.AsyncClient(verify=trusted()) as http:
        with contextlib.redirect_stdout(screen):
            following = asyncio.create_task(show_logs(proxy.user(deployed.user), deployed.deployment_id, follow=True))
            await screen.shows("SUCCESS")
            await http.get(f"{deployed.url}/of-this-very-test")
            await screen.shows("GET /of-this-very-test 404")
            following.cancel()
            await asyncio.wait({following})

    lines = await deployed.lines()
    assert following.cancelled()
    assert proxy.sockets == 4
    assert shown(screen.getvalue()) == lines


def shown(printed: str) -> list[str]:
    """Return the messages of the log lines that were printed."""
    return [message for _, bar, message in (line.partition(" │ ") for line in printed.splitlines()) if bar]


@asynccontextmanager
async def answering(body: bytes) -> AsyncGenerator[str]:
    """Run a server that answers everything with 404 and a body."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
