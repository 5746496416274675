"""`snapinfra push`, against a server and the fake of GitHub."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Ended, snapinfra
from tests.fakes.targets.github import FakeGitHub
from tests.resolvers.deployed import Deployed
from tests.snapinfra import Server, User, serving, settings


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture(scope="module")
def server(emulator: str, github: FakeGitHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, GITHUB_API_URL=github.url)) as server:
        yield server


async def push(user: User, *arguments: str, folder: Path) -> Ended:
    return await snapinfra("push", *arguments, "--url", user.url, "--token", user.token, folder=folder)


async def test_code_is_pushed_by_its_project_or_its_generation(alice: User, github: FakeGitHub, tmp_path: Path) -> None:
    project = await Deployed.with_code(alice)
    await alice.ask(
        "mutation($token: String!) { createIntegration(input: {type: GITHUB, credentials: {token: $token}})"
        " { userErrors { message } } }",
        token=github.token,
    )
    options = ("--repository", "users", "--branch", "next", "-m", "Begin")

    unsaid = await push(alice, project.project_id, folder=tmp_path)
    first = await push(alice, project.project_id, *options, folder=tmp_path)
    again = await push(alice, project.generation_id, folder=tmp_path)

    repository = github.repositories["octocat/users"]
    commit = f"https://github.com/octocat/users/commit/{repository.git.branches['next']}"
    assert (unsaid.status, unsaid.out) == (1, "")
    assert "Say which repository" in unsaid.err
    assert (first.status, first.out) == (0, f"Pushed, on the branch next of octocat/users.\n{commit}\n")
    assert again.out == f"Nothing has changed: it is there already, on the branch next of octocat/users.\n{commit}\n"
    assert repository.messages("next") == ["Begin", "Begin the repository"]


async def test_a_project_without_code_has_nothing_to_push(alice: User, tmp_path: Path) -> None:
    project = await alice.project()

    refused = await push(alice, project["id"], folder=tmp_path)

    assert (refused.status, refused.out) == (1, "")
    assert refused.err == "This project has no COMPLETED code yet.\n"
