"""From a sentence to other people's platforms: their fakes really install, compile and start what they are given."""

import asyncio
from pathlib import Path

import httpx
import jwt
import pytest

from cli.demo import use
from cli.integrating import keep
from cli.journey import Arrival, restart, roll_back, stop, travel
from services.core.tls import trusted
from tests.fakes.targets.kinds import KINDS
from tests.fakes.targets.machine import Machine
from tests.resolvers.deployed import Deployed
from tests.snapinfra import User, serving, settings

SENTENCE = "A library with books"
SECRET = "a secret of the backend, long enough"
SIGNED_IN = {"authorization": f"Bearer {jwt.encode({'sub': 'somebody', 'exp': 4102444800}, SECRET, algorithm='HS256')}"}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the code of all targets is built."""
    return tmp_path_factory.mktemp("machines")


@pytest.mark.npm
@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_a_sentence_becomes_a_backend_there_and_comes_back(
    kind: str, emulator: str, machines: Path, tmp_path: Path
) -> None:
    fake = KINDS[kind].fake()
    fake.host = Machine(machines)
    with fake:
        config = settings(
            emulator,
            SNAPINFRA_DATA=str(tmp_path / "data"),
            **KINDS[kind].settings(fake),
        )
        with serving(config) as server:
            alice = server.user()
            for integration, credentials in KINDS[kind].integrations(fake).items():
                await keep(alice, integration, credentials)
            async with asyncio.timeout(200):
                arrival = await travel(alice, SENTENCE, to=kind, secret=SECRET)
                await use(alice, arrival, headers=SIGNED_IN)
                assert arrival.deployment_id is not None
                second = await alice.deploy(
                    arrival.project_id,
                    arrival.generation_id,
                    platform=kind,
                    environmentVariables=[{"name": "JWT_SECRET", "value": SECRET}],
                )
                while (await status(second, alice))["status"] != "SUCCESS":  # noqa: ASYNC110 - polled as a user does
                    await asyncio.sleep(0.2)
                url = await roll_back(alice, second, arrival.deployment_id)
            assert url == arrival.url
            await has_books(url)
            async with asyncio.timeout(100):
                await operated(alice, arrival, kind)


async def has_books(url: str) -> None:
    async with httpx.AsyncClient(verify=trusted(), headers=SIGNED_IN) as http:
        assert (await http.get(f"{url}/books")).json()["items"], "the tables are as they were"


async def operated(alice: User, arrival: Arrival, kind: str) -> None:
    """Restart what runs, where that can be, and stop it."""
    asked = await alice.ask(
        "query($id: ID!) { deployments(first: 1, filter: {projectId: $id}) { nodes { id url } } }",
        id=arrival.project_id,
    )
    (newest,) = asked["deployments"]["nodes"]
    if kind != "VERCEL":
        await restart(alice, newest["id"])
        project = Deployed(alice, arrival.project_id, arrival.generation_id)
        await project.events(newest["id"], until_step=("health", "SUCCEEDED"), times=2)
        await has_books(newest["url"])
    assert await stop(alice, newest["id"]) == "STOPPED"


async def status(deployment_id: str, user: User) -> dict[str, str]:
    return (await user.ask("query($id: ID!) { deployment(id: $id) { status } }", id=deployment_id))["deployment"]
