"""The fixtures of the tests of analytics."""

from collections.abc import AsyncIterator

import pytest

from cli.serving import provision_stage
from services.config import Config
from tests.services.analytics.stage import Stage, new_team
from tests.snapinfra import settings


@pytest.fixture(scope="session")
def provisioned(emulator: str) -> Config:
    """Provision a stage that all these tests share: each has a team of its own on it."""
    config = settings(emulator)
    provision_stage(config)
    return config


@pytest.fixture
async def stage(provisioned: Config) -> AsyncIterator[Stage]:
    async with new_team(provisioned) as made:
        yield made
