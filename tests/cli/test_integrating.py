"""What is asked for before credentials are kept, and what is said of those that are."""

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from cli.client import Refused
from cli.integrating import asked, keep, remove, show_all
from tests.fakes.targets.heroku import FakeHeroku
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


async def test_what_a_service_does_not_accept_is_not_kept(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refused, match="Not kept: "):
        await keep(alice, "HEROKU", {"token": "HRKU-wrong"})

    await show_all(alice)
    assert capsys.readouterr().out == ""


async def test_what_was_kept_before_is_told_of_and_can_be_removed(
    alice: User, heroku: FakeHeroku, capsys: pytest.CaptureFixture[str]
) -> None:
    await keep(alice, "HEROKU", {"token": heroku.token})
    first = capsys.readouterr().out
    await keep(alice, "HEROKU", {"token": heroku.token})
    second = capsys.readouterr().out
    await show_all(alice)
    listed = capsys.readouterr().out.splitlines()

    newer, older = (line.split()[0] for line in listed)
    assert first.startswith(f"Kept as {older}, ending in {heroku.token[-4:]}. ")
    assert first.count("\n") == 1
    assert f"They count, and no more {older}, ending in {heroku.token[-4:]}: snapinfra disconnect {older}\n" in second
    assert listed[0] == f"{newer}  HEROKU, ending in {heroku.token[-4:]}: passed"

    await remove(alice, older)
    capsys.readouterr()
    await show_all(alice)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [newer]


@pytest.mark.parametrize(
    ("kind", "given", "credentials"),
    [
        ("HEROKU", ["HRKU-1"], {"token": "HRKU-1"}),
        ("GITHUB", ["ghp_1"], {"token": "ghp_1"}),
        ("RENDER", ["rnd_1", ""], {"token": "rnd_1"}),
        ("RENDER", ["rnd_1", "tea-1"], {"workspaceToken": {"token": "rnd_1", "workspace": "tea-1"}}),
        ("AWS_ECS", ["AKIA1", "secret"], {"aws": {"accessKeyId": "AKIA1", "secretAccessKey": "secret"}}),
        ("AWS_ECS", ["arn:aws:iam::1:role/x"], {"awsRole": {"roleArn": "arn:aws:iam::1:role/x"}}),
    ],
)
def test_credentials_are_asked_for_in_the_form_of_their_service(
    kind: str, given: list[str], credentials: dict[str, Any]
) -> None:
    with CliRunner().isolation(input="".join(f"{line}\n" for line in given)) as (output, *_):
        assert asked(kind) == credentials
        shown = output.getvalue().decode()

    secret = given[-1] if kind == "AWS_ECS" and len(given) > 1 else given[0]
    assert (secret in shown) == secret.startswith("arn:")
