"""Pushes to the fake of GitHub, for its tests."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.platforms.github.pushing import GitHub, Push, Pushed
from services.platforms.github.tree import MANIFEST
from services.platforms.port import DeployFailed
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.github_repository import FakeRepository
from tests.services.platforms.conformance import PATIENCE, InProcess

NAME = "octocat/backend"
FILES: Mapping[str, bytes] = {
    "README.md": b"# Backend\n",
    "src/app.ts": "export const größe = 1;\n".encode(),
    "src/routes/books.ts": b"export {};\n",
    "assets/logo.png": b"\x89PNG\r\n\x1a\n\x00",
    "empty": b"",
}


def github(fake: FakeGitHub) -> GitHub:
    return GitHub(base_url=fake.url, pauses=InProcess(), patience=PATIENCE)


def order(files: Mapping[str, bytes] = FILES, *, mark: str = "push_1", **more: Any) -> Push:
    fields: dict[str, Any] = {"repository": NAME, "branch": "main", "message": "Add the backend", **more}
    return Push(files=files, mark=mark, **fields)


async def pushed(fake: FakeGitHub, files: Mapping[str, bytes] = FILES, *, mark: str = "push_1", **more: Any) -> Pushed:
    return await github(fake).push(order(files, mark=mark, **more), fake.credentials)


def own(repository: FakeRepository, branch: str = "main") -> dict[str, bytes]:
    """Return the files of a branch but the manifest."""
    return {path: content for path, content in repository.files(branch).items() if path != MANIFEST}


async def refused(fake: FakeGitHub, **more: Any) -> DeployFailed:
    with pytest.raises(DeployFailed) as failure:
        await pushed(fake, **more)
    assert fake.token not in failure.value.message
    return failure.value
