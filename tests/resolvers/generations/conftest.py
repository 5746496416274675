"""A server with two providers that are fakes, and the check of what a row of docs/providers.md tells."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from tests.fakes.llm import Answer, FakeLLM
from tests.resolvers.generations.provider_rows import PIECES, Seen, rows
from tests.snapinfra import Server, User, rebuilt, serving, settings


@pytest.fixture
def as_told(request: pytest.FixtureRequest) -> Callable[[Seen], None]:
    """Return the check that a generation went as the page says in this test's row."""
    story, attempts = rows()[request.function.__name__]

    def check(seen: Seen) -> None:
        assert (seen.story, seen.attempts) == (story, attempts)
        text, files = rebuilt(seen.events)
        if seen.record["text"] is not None:
            stored = {file["path"]: file["content"] for file in seen.record["files"]}
            assert (text, files) == (seen.record["text"], stored)

    return check


@pytest.fixture(scope="module")
def patience(request: pytest.FixtureRequest) -> str:
    """Return the seconds of silence after which a provider has failed: long where no test waits for it."""
    return getattr(cast("Any", request).module, "PATIENCE", "20")


@pytest.fixture(scope="module")
def both(emulator: str, fake: FakeLLM, patience: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(settings(emulator, **variables(fake, patience, tmp_path_factory))) as running:
        yield running


def variables(fake: FakeLLM, patience: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the settings of a server with both providers, which are the fake; a failing one is not passed over."""
    return {
        "SNAPINFRA_DATA": str(tmp_path_factory.mktemp("data")),
        **fake.settings,
        "GROQ_MODELS": ",".join(f"groq-{number}" for number in range(100)),
        "OPENAI_MODELS": ",".join(f"openai-{number}" for number in range(100)),
        "AI_CHUNK_TIMEOUT": patience,
        "AI_FIRST_TIMEOUT": patience,
        "AI_COOLDOWN": "0",
    }


@pytest.fixture
def alice(both: Server, fake: FakeLLM) -> User:
    return told(both, fake)


@pytest.fixture
def bob(emulator: str, fake: FakeLLM, patience: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """Return a user of a server of their own, which remembers for how long its providers are not to be asked."""
    with serving(settings(emulator, **variables(fake, patience, tmp_path_factory))) as server:
        yield told(server, fake)


def told(server: Server, fake: FakeLLM) -> User:
    """Return a user; nothing is left of what the fake was told before, which answers well after its script."""
    fake.script.clear()
    fake.requests.clear()
    fake.default = Answer(PIECES)
    return server.user()


@pytest.fixture(params=["groq", "openai"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The provider that is asked first, and misbehaves in its dialect."""
    return request.param
