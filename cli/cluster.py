"""`snapinfra dev` with processes of their own: some apis, some workers, one Redis, one emulator."""

import asyncio
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import click

from cli.commands import Target, url_of
from cli.development import development_config, development_token
from cli.serving import aws_for, signals, tool_environment
from services.config import BadConfig, Config
from services.core import lifeline
from services.foundation.aws.emulator import free_port

STOP_TIMEOUT: Final = 60.0
"""Seconds that a process may take to end by itself."""

KILLED: Final = 128 + signal.SIGKILL
"""Exit status of one that did not."""


async def cluster(*, port: int, data: Path, host: str, apis: int, workers: int) -> None:
    """Run everything until a signal says stop. The apis listen on `port` and the ports after it."""
    async with AsyncExitStack() as stack:
        waits = "running jobs are handed over and go on at the next start."
        stop = await stack.enter_async_context(signals(waits))
        config = await stack.enter_async_context(aws_for(development_config(port=port, data=data, host=host)))
        events_url = await stack.enter_async_context(_events(config))
        environment = {**tool_environment(), **_settings(config), "EVENTS_URL": events_url}
        for number in range(workers):
            await stack.enter_async_context(_process(f"worker {number + 1}", ["worker"], environment))
        for number in range(apis):
            own = {**environment, "PORT": str(port + number)}
            await stack.enter_async_context(_process(f"api {number + 1}", ["serve"], own))
        origins = " ".join(url_of(port + number, host) for number in range(apis))
        new = Target(url_of(port, host), data).command("new", "Build a user management API with teams and roles")
        click.echo(
            f"\n  GraphQL    {origins}\n  Token      {development_token('alice', data=data)}\n  Events     {events_url}"
        )
        click.echo(f"  Processes  {apis} apis, {workers} workers\n  Try        {new}\n  Stop       Ctrl-C\n")
        await stop.wait()


def _settings(config: Config) -> dict[str, str]:
    secret = config.jwt_secret.get_secret_value() if config.jwt_secret else ""
    return {
        "SNAPINFRA_ENV": "development",
        "HOST": config.host,
        "SNAPINFRA_DATA": str(config.data),
        "AWS_ENDPOINT_URL": config.aws_endpoint_url or "",
        "JWT_SECRET": secret,
        "TLS_CERT_FILE": "",
        "TLS_KEY_FILE": "",
    }


@asynccontextmanager
async def _events(config: Config) -> AsyncGenerator[str]:
    """Use the Redis that the settings name, or run one that writes every append to disk before it answers."""
    if not config.events_url.startswith("memory:"):
        yield config.events_url
        return
    environment = tool_environment()
    program = shutil.which("redis-server", path=environment["PATH"])
    if program is None:
        raise BadConfig("No 'redis-server' on the PATH: run `make setup`, or set EVENTS_URL to a Redis.")
    folder, port = (config.data / "redis").absolute(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
    async with _running("redis", [program, *options, "--logfile", "redis.log"], environment):
        yield f"redis://127.0.0.1:{port}/0"


@asynccontextmanager
async def _process(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[None]:
    command = [sys.executable, "-m", "cli", *arguments]
    async with _running(name, command, environment):
        yield


@asynccontextmanager
async def _running(name: str, command: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[None]:
    """Run a process for the length of the block; SIGTERM ends it then, and SIGKILL where that does not."""
    process = await lifeline.start(command, environment=environment, grace=STOP_TIMEOUT)
    watching = asyncio.create_task(_tell_of_end(name, process))
    try:
        yield
    finally:
        if watching.done():
            await watching
        else:
            watching.cancel()
            lifeline.stop(process)
            if await process.wait() == KILLED:
                click.echo(f"{name} did not end; it was killed", err=True)


async def _tell_of_end(name: str, process: Process) -> None:
    status = await process.wait()
    click.echo(f"{name} has ended with status {status}; nothing takes its place until the next start.", err=True)
