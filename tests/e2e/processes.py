"""Snapinfra as it runs for real: api and workers as processes of their own, over Redis."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from pydantic import SecretStr

from services.config import Config
from services.core.tls import trusted
from tests.snapinfra import Server

COMMAND = Path(sys.executable).parent / "snapinfra"


def variables_of(config: Config) -> dict[str, str]:
    """Return the environment variables that say what settings say."""
    return {
        field.alias or "": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, field in Config.model_fields.items()
        if isinstance(value := getattr(config, name), str | int | float | Path | SecretStr) and value != ""
    }


@dataclass
class Process:
    """A running `snapinfra serve` or `snapinfra worker`."""

    process: asyncio.subprocess.Process

    def kill(self) -> None:
        """End it as a crash would: no signal handler runs."""
        self.process.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        async with asyncio.timeout(180):
            return await self.process.wait()


@dataclass
class Processes:
    """Starts processes with the same settings, and ends them after the test."""

    config: Config
    started: list[Process] = field(default_factory=list[Process])

    async def start(self, command: str, *, code: Path | None = None, **variables: str) -> Process:
        """Start a process and wait until it says that it runs; with `code`, that of another checkout."""
        program = [COMMAND] if code is None else [sys.executable, "-c", "from cli.main import main; main()"]
        process = await asyncio.create_subprocess_exec(
            *program, command, env=self.environment(**variables), cwd=code, stdout=asyncio.subprocess.PIPE
        )
        self.started.append(Process(process))
        assert process.stdout is not None
        async with asyncio.timeout(180):
            await process.stdout.readline()  # it says that it is ready; from then on it minds its signals
        return self.started[-1]

    def environment(self, **variables: str) -> dict[str, str]:
        return {**os.environ, **variables_of(self.config), **variables}  # noqa: TID251 - of a child of the test run

    async def serve(
        self, port: int | None = None, *, code: Path | None = None, **variables: str
    ) -> tuple[Server, Process]:
        """Start an api and wait until it answers."""
        server = Server(self.config if port is None else self.config.model_copy(update={"port": port}))
        process = await self.start("serve", code=code, PORT=str(server.config.port), **variables)
        async with asyncio.timeout(90), httpx.AsyncClient(verify=trusted()) as http:
            while True:
                try:
                    if (await http.get(f"{server.origin}/api/health")).status_code == 200:
                        return server, process
                except httpx.TransportError:
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def processes(config: Config) -> AsyncGenerator[Processes]:
    """Start processes within the block; what still runs after it is ended."""
    all_of_them = Processes(config)
    try:
        yield all_of_them
    finally:
        for process in all_of_them.started:
            if process.process.returncode is None:
                process.terminate()
        for process in all_of_them.started:
            await process.ended()
