"""`snapinfra domain`, against a server and the fake of Heroku."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Ended, snapinfra
from tests.fakes.targets.heroku import FakeHeroku
from tests.resolvers.deployed import Deployed
from tests.snapinfra import Server, User, serving, settings


@pytest.fixture(scope="module")
def heroku() -> Iterator[FakeHeroku]:
    with FakeHeroku() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(emulator: str, heroku: FakeHeroku, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, HEROKU_API_URL=heroku.url)) as server:
        yield server


async def domain(user: User, *arguments: str, folder: Path) -> Ended:
    return await snapinfra("domain", *arguments, "--url", user.url, "--token", user.token, folder=folder)


async def test_a_domain_is_added_and_looked_at(alice: User, heroku: FakeHeroku, tmp_path: Path) -> None:
    await alice.ask(
        "mutation($token: String!) { createIntegration(input: {type: HEROKU, credentials: {token: $token}})"
        " { userErrors { message } } }",
        token=heroku.token,
    )
    deployment_id, _ = await (await Deployed.with_code(alice)).live(platform="HEROKU")

    refused = await domain(alice, "add", deployment_id, "localhost", folder=tmp_path)
    added = await domain(alice, "add", deployment_id, "api.example.com", folder=tmp_path)
    domain_id = added.out.split()[0]
    looked = await domain(alice, "check", domain_id, folder=tmp_path)

    record = f"CNAME  api.example.com  {heroku.names.owned['api.example.com'].id[:8]}.herokudns.com\n"
    assert (refused.status, refused.err) == (1, "The domain must have a dot, such as api.example.com.\n")
    assert added.out == (
        f"{domain_id}  api.example.com  PENDING, certificate PENDING\n{record}CDN not returning HTTP challenge\n"
    )
    assert looked.out == f"{domain_id}  api.example.com  ACTIVE, certificate PENDING\n{record}"
