"""Deliveries to the fake of GitHub, for their tests: of what was generated, into branches that people work on."""

from collections.abc import Mapping
from typing import Any

from services.platforms.github.delivering import Delivered
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.github_repository import FakeRepository
from tests.services.platforms.pushes import NAME, github, order

APP = b"".join(b"line %d\n" % number for number in range(1, 13))
CODE: Mapping[str, bytes] = {"README.md": b"# Books\n", "src/app.ts": APP, "src/old.ts": b"export {};\n"}


def changed(line: int, to: bytes, content: bytes = APP) -> bytes:
    """Return a content of which a line is another."""
    return content.replace(b"line %d\n" % line, to + b"\n")


async def delivered(fake: FakeGitHub, files: Mapping[str, bytes] = CODE, *, number: int = 1, **more: Any) -> Delivered:
    """Deliver as the push of a number."""
    push = order(files, mark=f"push_{number}", **{"message": f"Generation {number}", **more})
    return (await github(fake).deliver(push, fake.credentials))[1]


def outcomes(result: Delivered) -> dict[str, str]:
    return {path: outcome.value for path, outcome in result.files.items()}


def repository(fake: FakeGitHub) -> FakeRepository:
    return fake.repositories[NAME]
