"""The fixtures of the tests of the lifecycle."""

from collections.abc import AsyncGenerator

import pytest

from services.config import Config
from tests.services.site import Site, standing


@pytest.fixture
async def site(config: Config) -> AsyncGenerator[Site]:
    async with standing(config) as site:
        yield site
