"""The fleet under fire: the emulator, Redis with its AOF, apis and workers, each a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from cli.serving import TOOLS, provision_stage, tool_environment
from services.config import Config, read
from services.core.frozen import frozen
from services.foundation.aws.emulator import free_port, running_emulator
from tests.services.foundation.events.redis_server import program
from tests.snapinfra import SECRET

COMMAND: Final = str(Path(sys.executable).parent / "snapinfra")
START_TIMEOUT: Final = 30.0
"""Seconds that a process may take until it answers."""

EXIT_TIMEOUT: Final = 30.0
"""Seconds that a process may take to end after SIGTERM."""

Check = Callable[["Member"], Awaitable[None]]
"""Returns once the process is ready, or has ended."""


@dataclass(eq=False)
class Member:
    """One process, started again whenever it was ended."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready: Check
    surprises: list[str]
    process: asyncio.subprocess.Process | None = None
    busy: bool = False
    """Whether a fault is at it: it is left alone by others until it is up again."""
    _watching: "asyncio.Task[None] | None" = None
    said: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has printed something."""
    _ending: bool = False

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                env=dict(self.environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the harness, which ends the others itself
            )
        self._ending, self.said = False, asyncio.Event()
        self._watching = asyncio.create_task(self._watch(self.process))
        async with asyncio.timeout(START_TIMEOUT):
            await self.ready(self)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.runs:
            self.process.send_signal(number)

    async def kill(self) -> None:
        """End it as a crash would."""
        self._ending = True
        self.signal(signal.SIGKILL)
        await self._ended()

    async def terminate(self) -> None:
        """Ask it to end and wait until it has; one that does not is a surprise."""
        self._ending = True
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(EXIT_TIMEOUT):
                await self._ended()
        except TimeoutError:
            self.surprises.append(f"{self.name} did not end within {EXIT_TIMEOUT:.0f} s of SIGTERM")
            await self.kill()
            return
        if self.process is not None and self.process.returncode:
            self.surprises.append(f"{self.name} ended with status {self.process.returncode} after SIGTERM")

    async def _ended(self) -> None:
        if self._watching is not None:
            await asyncio.shield(self._watching)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Take what it says, and note an end that nobody asked for."""
        if process.stdout is not None:
            while await process.stdout.read(65_536):
                self.said.set()
        self.said.set()
        status = await process.wait()
        if not self._ending:
            self.surprises.append(f"{self.name} ended by itself with status {status}")


@frozen
class Fleet:
    """What runs. `settings` are those of every process but for the port."""

    config: Config
    redis: Member
    workers: Sequence[Member]
    apis: Sequence[Member]
    urls: Sequence[str]
    """GraphQL of each api."""
    surprises: list[str]
    """What processes did that nobody made them do."""

    @property
    def members(self) -> Sequence[Member]:
        return [self.redis, *self.workers, *self.apis]


@frozen
class Size:
    """How large a fleet is, and how fast."""

    apis: int = 2
    workers: int = 3
    pace: float = 250
    """Tokens a second of the scaffold."""
    lease: int = 3
    """Seconds."""


@frozen
class _Yard:
    """Where members are built."""

    directory: Path
    variables: Mapping[str, str]
    surprises: list[str] = field(default_factory=list[str])

    def snapinfra(self, command: str, number: int, port: int) -> Member:
        environment = {**tool_environment(), **self.variables, "PORT": str(port)}
        name = f"{command} {number}"
        ready = _answering(port) if command == "serve" else _speaking
        return Member(
            name, [COMMAND, command], environment, self.directory / f"{command}-{number}.log", ready, self.surprises
        )

    def redis(self, port: int) -> Member:
        """Redis that has every write on disk before it answers."""
        data = self.directory / "redis"
        data.mkdir()
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "dir": str(data),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
        }
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        environment = dict(os.environ)  # noqa: TID251 - a child of the test run
        log = self.directory / "redis.log"
        return Member("redis", [program(), *arguments], environment, log, _pinging(port), self.surprises)


@asynccontextmanager
async def fleet(directory: Path, size: Size, more: Mapping[str, str]) -> AsyncGenerator[Fleet]:
    """Run a fleet for the length of the block; every process is ended after it. `more` are further settings."""
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(
            running_emulator(
                program=str(TOOLS / "ministack"), data=None, port=free_port(), environment=tool_environment()
            )
        )
        redis_port = free_port()
        variables = {
            "SNAPINFRA_ENV": "development",
            "SNAPINFRA_STAGE": "chaos",
            "SNAPINFRA_DATA": str(directory / "data"),
            "AWS_ENDPOINT_URL": emulator,
            "EVENTS_URL": f"redis://127.0.0.1:{redis_port}/0",
            "JWT_SECRET": SECRET,
            "SCAFFOLD_TOKENS_PER_SECOND": str(size.pace),
            "JOB_LEASE_SECONDS": str(size.lease),
            "JOB_POLL_SECONDS": "1",
            "DRAIN_GRACE_SECONDS": "1",
            "AI_REQUESTS_PER_MINUTE": "0",
            "API_RATE_PER_MINUTE": "0",
            **more,
        }
        config = read(variables)
        await asyncio.to_thread(provision_stage, config)
        yard = _Yard(directory, variables)
        ports = [free_port() for _ in range(size.apis)]
        running = Fleet(
            config,
            yard.redis(redis_port),
            [yard.snapinfra("worker", number, 8000) for number in range(1, size.workers + 1)],
            [yard.snapinfra("serve", number, port) for number, port in enumerate(ports, start=1)],
            [f"http://127.0.0.1:{port}/graphql" for port in ports],
            yard.surprises,
        )
        stack.push_async_callback(_end, running.members)
        for member in running.members:
            await member.start()
        yield running


async def _end(members: Sequence[Member]) -> None:
    await asyncio.gather(*(member.kill() for member in members))


async def _speaking(member: Member) -> None:
    """A worker opens no port: it says that it takes jobs."""
    await member.said.wait()


def _answering(port: int) -> Check:
    async def ready(member: Member) -> None:
        async with httpx.AsyncClient(verify=False, trust_env=False) as http:  # noqa: S501 - plain HTTP on loopback
            while member.runs:
                with suppress(httpx.HTTPError):
                    if (await http.get(f"http://127.0.0.1:{port}/api/health", timeout=5)).status_code == 200:
                        return
                await asyncio.sleep(0.1)

    return ready


def _pinging(port: int) -> Check:
    async def ready(member: Member) -> None:
        while member.runs:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"PING\r\n")
                answer = await reader.readline()
                writer.close()
                if answer.startswith(b"+PONG"):
                    return
            await asyncio.sleep(0.02)

    return ready
