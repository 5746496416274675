"""The fixtures of the tests of analytics."""

from collections.abc import AsyncIterator

import pytest

from services.config import Config
from tests.services.analytics.stage import Stage, new_team
from tests.snapinfra import provisioned


@pytest.fixture(scope="session")
def config(emulator: str) -> Config:
    """Provision a stage that all these tests share: each has a team of its own on it."""
    return provisioned(emulator)


@pytest.fixture
async def stage(config: Config) -> AsyncIterator[Stage]:
    async with new_team(config) as made:
        yield made
