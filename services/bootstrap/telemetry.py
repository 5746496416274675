"""Who listens to a process's telemetry: nobody, or OpenTelemetry, as the settings say."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.config import Config


@asynccontextmanager
async def observed(config: Config, name: str) -> AsyncGenerator[None]:
    """Show, and send, what this process measures for the length of the block. `name` says what it is."""
    if config.metrics_port is None and config.otlp_endpoint is None:
        yield
        return
    from services.bootstrap.opentelemetry import observing  # noqa: PLC0415 - 0.2 s, which who does without it saves

    async with observing(config, name):
        yield
