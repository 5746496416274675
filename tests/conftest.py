"""The fixtures that many tests share: one real AWS emulator and one server for the run."""

import gc
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Final, Never

import hypothesis
import pytest

from cli.serving import with_tools
from services.bootstrap import Services, opened
from services.config import Config
from services.foundation.aws.clients import Aws, connect
from tests.emulating import emulated
from tests.fakes.llm import FakeLLM
from tests.snapinfra import Server, User, provisioned, serving, settings

hypothesis.settings.register_profile("no time is asserted", deadline=None)
hypothesis.settings.load_profile("no time is asserted")


LONGEST: Final = (
    "tests/services/platforms/test_targets.py",
    "tests/services/platforms/test_github_delivering_trouble.py",
    "tests/sentences/test_sentences.py",
    "tests/storm/test_storm.py",
    "tests/services/scaffold/test_running.py",
    "tests/services/checks/test_service.py",
    "tests/resolvers/test_deployments.py",
    "tests/resolvers/test_deployments_targets.py",
)
"""Files of a minute and more that would come late: one that begins last runs alone, while other processes wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def interrupted(*_: object) -> Never:
    """End at Ctrl-C, as Python's own handler does.

    Where it is Python's own, asyncio puts one of its own in its place for each test and fixture, and Python then shows
    what the fixture made in an error that nobody sees: for a fixture of services this took 10 ms.
    """
    raise KeyboardInterrupt


signal.signal(signal.SIGINT, interrupted)

gc.set_threshold(50_000, 20, 100)
"""Modules and tests are no garbage: looking for some among them takes a tenth of the time that they load in."""

os.environ["PATH"] = with_tools(os.environ["PATH"])  # noqa: TID251 - a Node that generated backends run on, as `make` has it


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """Run the emulator without state on a free port; the value is its endpoint URL."""
    with emulated() as url:
        yield url


@pytest.fixture(scope="session")
def server(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api and a worker with the memory log and the scaffold at full speed."""
    with serving(settings(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")))) as running:
        yield running


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage for a module, which no worker serves by itself."""
    return provisioned(emulator, SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")))


@pytest.fixture
async def services(config: Config) -> AsyncIterator[Services]:
    """Open a process of the module's stage; its workers do not run."""
    async with opened(config, {}) as process:
        yield process.services


@pytest.fixture
async def aws(emulator: str) -> AsyncIterator[Aws]:
    """The clients of AWS, of the emulator."""
    aws = connect(region="us-east-1", endpoint=emulator)
    yield aws
    aws.close()


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeLLM]:
    """Run a provider of models for a module."""
    with FakeLLM() as server:
        yield server


@pytest.fixture
def alice(server: Server) -> User:
    """Somebody new."""
    return server.user()


@pytest.fixture
def bob(server: Server) -> User:
    """Somebody else."""
    return server.user()
