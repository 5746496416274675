"""That a push which was cut short anywhere is gone on with, and is made once."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from services.bootstrap import Services
from services.config import Config
from services.core.credentials import Token
from services.core.pages import PageRequest
from services.foundation.auth.tokens import Subject
from services.generations import artifact
from services.generations.artifact import Artifact, FileContent
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.projects.service import NewProject
from services.pushes.service import NewPush
from tests.fakes.targets.github import FakeGitHub
from tests.records import generation_of
from tests.snapinfra import provisioned


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture(scope="module")
def config(emulator: str, github: FakeGitHub, tmp_path_factory: pytest.TempPathFactory) -> Config:
    data = str(tmp_path_factory.mktemp("data"))
    return provisioned(emulator, SNAPINFRA_DATA=data, GITHUB_API_URL=github.url)


async def test_a_push_that_is_cut_short_anywhere_is_made_once(services: Services, github: FakeGitHub) -> None:
    actor = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
    project = await services.projects.create(NewProject("Users"), by=actor)
    where = f"generations/{uuid.uuid4().hex}"
    generation = generation_of(project, artifact=where)
    await services.generations.table.put_new(generation)
    await artifact.store(services.generations.bucket, where, Artifact("", (FileContent("a.ts", "", "export {};"),)))
    await services.integrations.create(NewIntegration(IntegrationType.GITHUB, Token(github.token)), by=actor)

    number, is_whole = 0, False
    while not is_whole:
        number += 1
        repository = f"octocat/users-{number}"
        new = NewPush(generation.id, repository, client_mutation_id=f"push-{number}")
        github.calls.clear()
        first = asyncio.create_task(services.pushes.create(new, by=actor))
        while not first.done() and github.calls.total() < number:  # noqa: ASYNC110 - counted by another thread
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        is_whole = first.done() and not first.cancelled()

        push = await services.pushes.create(new, by=actor)

        there = github.repositories[repository]
        assert there.messages() == ["Generation 0 of Users", "Begin the repository"]
        assert there.git.branches["main"] == push.commit
        assert f"Snapinfra-Id: {push.id}" in there.git.commits[push.commit].message
        stored = await services.pushes.of_project(project, PageRequest(first=100))
        assert [each.repository for each in stored.items].count(repository) == 1
    assert number > 8
