"""Counting on a stage of its own."""

from collections.abc import Mapping
from pathlib import Path

from tests.costs.operations import Counted, measured
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import provisioned


async def counted(emulator: str, folder: Path) -> Mapping[str, Counted]:
    """Count on an emulator, with a Redis for the length of it."""
    redis = RedisServer(folder)
    redis.start()
    try:
        config = provisioned(
            emulator,
            EVENTS_URL=redis.url,
            SNAPINFRA_DATA=str(folder),
            JOB_LEASE_SECONDS="60",
            AI_REQUESTS_PER_MINUTE="100",
        )
        return await measured(config)
    finally:
        redis.kill()
