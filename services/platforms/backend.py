"""One generated Node backend on this machine, from its archive to its end: the steps that LOCAL takes."""

import asyncio
import contextlib
import shutil
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final, NoReturn, Protocol

import httpx

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.tls import trusted
from services.platforms import migrating, npm, signing
from services.platforms.archive import unpack
from services.platforms.emitting import Emit, step
from services.platforms.mask import Mask
from services.platforms.modules import Modules
from services.platforms.output import level_of
from services.platforms.port import (
    DeployFailed,
    Line,
    Live,
    LogLevel,
    LogStream,
    Order,
    Phase,
    PhaseChanged,
    StepChanged,
    StepState,
)
from services.platforms.process import ended, run, to_the_end
from services.platforms.registry import Patience, RegistryUnreachable, install

HOST: Final = "127.0.0.1"
TEMPLATE: Final = "infrastructure/template.json"
CONSUMERS: Final = "src/consume.ts"
"""What a backend has that takes messages of queues to their handlers, which its server does, too."""
SETTINGS: Final = ".env"

_TAIL: Final = 24
"""Lines, none of them blank. Node writes an error's message before ten lines of its stack, and properties after it."""
_TRIAL_USER: Final = "developer"
_DEFAULT_START: Final = "node dist/server.js"


class CreateTables(Protocol):
    async def __call__(self, template: str, *, prefix: str, stack: str) -> None:
        """Create or update the stack of a CloudFormation template (JSON). Raises DeployFailed TABLES_FAILED."""
        ...


@frozen
class Limits:
    """All in seconds."""

    install: float = 300
    build: float = 300
    health: float = 30
    """From the start of the server to its first 200."""
    migration: float = 900
    """From then until a backend that migrates its database is ready."""
    grace: float = 5
    """From SIGTERM to SIGKILL."""


@frozen
class Machine:
    """What this machine gives to every backend."""

    search_path: str
    """Where node and npm are found, as in PATH."""
    npm: Path
    """Of npm: its cache, and what it has installed."""
    secrets: Path
    """A folder with the secret of each site whose backend was given none."""
    network: Mapping[str, str]
    """What npm needs to reach its registry (see npm.network_settings). A running backend does not get it."""
    aws: Mapping[str, str]
    """The AWS environment of a running backend: the emulator's address, a region and credentials that open nothing."""
    create_tables: CreateTables
    limits: Limits
    now: Clock
    patience: Patience = field(default_factory=Patience)


@dataclass(slots=True)
class Switch:
    """Lets a server be started again."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def restart(self) -> None:
        """Ask for it, and return when the server answers again; never, where it does not."""
        self.answers.clear()
        self.asked.set()
        await self.answers.wait()


@frozen
class Backend:
    """One order on this machine. `folder` is new and its own; `emit` takes each event."""

    order: Order
    folder: Path
    port: int
    machine: Machine
    emit: Emit
    switch: Switch = field(default_factory=Switch)

    async def run(self, *, on_live: Callable[[], None]) -> NoReturn:
        """Build, start and watch. Calls `on_live` just before `Live`. Ends only by DeployFailed or cancellation."""
        await self.emit(PhaseChanged(Phase.BUILDING))
        await self._build()
        await self.emit(PhaseChanged(Phase.DEPLOYING))
        await self._create_tables()
        await self._serve(on_live)

    async def say(self, message: str) -> None:
        """Emit a line of our own."""
        await self.emit(Line(self.machine.now(), LogLevel.INFO, LogStream.SYSTEM, message))

    async def _build(self) -> None:
        async with step(self.emit, "unpack"):
            await to_the_end(asyncio.to_thread(unpack, self.order.archive, into=self.folder))
            scripts = npm.scripts(self.folder)
        program = shutil.which("npm", path=self.machine.search_path)
        if program is None:
            raise DeployFailed("NO_NODE", "npm was not found on this machine: install Node.js 22 or newer.")
        limits = self.machine.limits
        async with step(self.emit, "install"):
            await self._make(partial(self._install, program), code="INSTALL", seconds=limits.install)
        command = self._build_command(program, scripts)
        if command is None:
            await self.say("package.json has no build script: nothing to build.")
            return
        async with step(self.emit, "build"):
            await self._make(partial(self._run, command), code="BUILD", seconds=limits.build)

    def _build_command(self, program: str, scripts: Mapping[str, str]) -> list[str] | None:
        if (custom := self.order.config.build_command) is not None:
            return npm.shell(custom)
        return [program, "run", "build"] if "build" in scripts else None

    async def _run(self, command: Sequence[str], tail: "Tail") -> int:
        return await run(
            command,
            cwd=self.folder,
            environment=self._build_environment(),
            on_line=tail.add,
            grace=self.machine.limits.grace,
        )

    async def _install(self, program: str, tail: "Tail") -> int:
        modules = Modules(self.machine.npm / "installed")
        if not self._settings_of_npm and await modules.link(self.folder):
            await self.say("The packages of package-lock.json are there from an earlier install.")
            return 0
        status = await self._call_npm(program, tail)
        if not status and not self._settings_of_npm:
            await modules.keep(self.folder)
        return status

    @property
    def _settings_of_npm(self) -> bool:
        """Whether the user's environment says how npm is to install."""
        return any(name.lower().startswith("npm_config_") for name in self.order.config.environment)

    async def _call_npm(self, program: str, tail: "Tail") -> int:
        return await install(
            npm.install_command(program, self.folder),
            npm=program,
            cwd=self.folder,
            environment=self._build_environment(),
            on_line=tail.add,
            on_wait=lambda seconds: self.say(f"npm is installing; {seconds:.0f} seconds so far."),
            grace=self.machine.limits.grace,
            patience=self.machine.patience,
        )

    async def _make(self, work: Callable[["Tail"], Awaitable[int]], *, code: str, seconds: float) -> None:
        tail = Tail(self, LogStream.BUILD)
        name = code.lower()
        try:
            async with asyncio.timeout(seconds):
                status = await work(tail)
        except RegistryUnreachable as unreachable:
            raise DeployFailed("REGISTRY_UNREACHABLE", str(unreachable)) from unreachable
        except TimeoutError as error:
            raise DeployFailed(f"{code}_TIMED_OUT", f"The {name} took longer than {seconds:g} seconds.") from error
        if status:
            raise DeployFailed(f"{code}_FAILED", f"The {name} ended with {describe(status)}.{tail.quote()}")

    async def _create_tables(self) -> None:
        template = self.folder / TEMPLATE
        if not template.is_file():
            return
        async with step(self.emit, "tables"):
            text = template.read_text(encoding="utf-8", errors="replace")
            stack = f"snapinfra-{self.order.site}".replace("_", "-")
            await self.machine.create_tables(text, prefix=self._table_prefix, stack=stack)

    async def _serve(self, on_live: Callable[[], None]) -> NoReturn:
        async def went_live() -> None:
            on_live()
            await self.emit(Live(f"http://{HOST}:{self.port}"))

        await to_the_end(asyncio.to_thread(self._keep_settings))
        await self._tell_of_tokens()
        await self._run_server("start", went_live)
        while True:
            await self.say("The server was stopped, to be started again.")
            await self._run_server("restart", _nothing)

    def _keep_settings(self) -> None:
        """Write our settings to `.env`, where the backend's commands (`npm run role`) look for what nobody sets.

        What the user has set is sealed elsewhere, and stays out of files.
        """
        set_by_user = self.order.config.environment
        own = {name: value for name, value in {**self.machine.aws, **self.signing()}.items() if name not in set_by_user}
        with contextlib.suppress(FileExistsError):
            file = self.folder / SETTINGS
            file.touch(mode=0o600, exist_ok=False)
            file.write_text("".join(f"{name}={value}\n" for name, value in {**own, **self._place}.items()))

    async def _tell_of_tokens(self) -> None:
        secret = self.signing().get(signing.JWT_SECRET)
        if secret is not None and signing.asks_for_secret(self.folder):
            token = signing.token_for(_TRIAL_USER, secret=secret, now=self.machine.now)
            await self.say(
                "JWT_SECRET is not set, so the backend gets one that this site keeps. A token to try it with, for the"
                f" user '{_TRIAL_USER}' and a day, where it has no accounts of its own: {token}"
            )

    async def _run_server(self, name: str, then: Callable[[], Awaitable[None]]) -> None:
        """Run the server, and return when it is to be started again. Raises DeployFailed CRASHED."""
        tail = Tail(self, LogStream.RUNTIME)
        command = self.order.config.start_command or npm.scripts(self.folder).get("start") or _DEFAULT_START
        self.switch.asked.clear()
        await self.emit(StepChanged(name, StepState.RUNNING))
        server = asyncio.create_task(
            run(
                npm.shell(command),
                cwd=self.folder,
                environment=self._server_environment(),
                on_line=tail.add,
                grace=self.machine.limits.grace,
            )
        )
        asked = asyncio.create_task(self.switch.asked.wait())
        try:
            await self.emit(StepChanged(name, StepState.SUCCEEDED))
            async with step(self.emit, "health"):
                await self._until_healthy(server, tail)
                if migrating.setting_of_folder(self.folder):
                    await self._until_200(migrating.READY, server, tail, seconds=self.machine.limits.migration)
            await then()
            self.switch.answers.set()
            await asyncio.wait({server, asked}, return_when=asyncio.FIRST_COMPLETED)
            if server.done():
                raise DeployFailed("CRASHED", f"The server ended with {describe(server.result())}.{tail.quote()}")
        finally:
            for task in (asked, server):
                task.cancel()
                await to_the_end(ended(task))

    async def _until_healthy(self, server: "asyncio.Task[int]", tail: "Tail") -> None:
        seconds = self.machine.limits.health
        await self._until_200(self.order.config.health_path, server, tail, seconds=seconds)

    async def _until_200(self, path: str, server: "asyncio.Task[int]", tail: "Tail", *, seconds: float) -> None:
        """Return when a path answers 200. Raises DeployFailed when time is up or the server ends."""
        heard = "no answer"
        try:
            # trust_env: a proxy of this machine is not the way to itself
            client = httpx.AsyncClient(verify=trusted(), trust_env=False, timeout=5)
            async with asyncio.timeout(seconds), client:
                while not server.done():
                    try:
                        async with client.stream("GET", f"http://{HOST}:{self.port}/{path.lstrip('/')}") as answer:
                            if answer.status_code == HTTPStatus.OK:
                                return
                            heard = f"status {answer.status_code}"
                    except httpx.HTTPError:
                        heard = "no answer"
                    await asyncio.wait({server}, timeout=0.1)
        except TimeoutError as error:
            message = f"No 200 from {path} within {seconds:g} seconds (last: {heard}).{tail.quote()}"
            raise DeployFailed("HEALTH_CHECK_FAILED", message) from error
        status = server.result()
        raise DeployFailed("CRASHED", f"The server ended with {describe(status)} before it was ready.{tail.quote()}")

    @property
    def _table_prefix(self) -> str:
        return f"{self.order.site}-"

    def _base_environment(self) -> dict[str, str]:
        return {
            "PATH": npm.path_with_tools(self.machine.search_path, self.folder),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "NODE_ENV": "development",
        }

    def _build_environment(self) -> dict[str, str]:
        settings = {**self.machine.network, **npm.cache_settings(self.machine.npm)}
        return {**self._base_environment(), **self.order.config.environment, **settings}

    def _server_environment(self) -> dict[str, str]:
        """The user's settings win over ours, except where the server would not be found or not find its tables."""
        fixed = {"PORT": str(self.port), "HOST": HOST, **self._place}
        return {
            **self._base_environment(),
            **self.machine.aws,
            **migrating.setting_of_folder(self.folder),
            **self.order.config.environment,
            **self.signing(),
            **fixed,
        }

    @property
    def _place(self) -> dict[str, str]:
        return {"TABLE_PREFIX": self._table_prefix}

    def signing(self) -> dict[str, str]:
        """Return the secrets that the server's environment needs beside what the order says."""
        environment, folder = self.order.config.environment, self.machine.secrets
        return signing.secrets_of(self.order.site, environment=environment, folder=folder)


class Tail:
    """Emits the lines of a program as they come, and keeps the last ones for the sentence that says how it ended."""

    def __init__(self, backend: Backend, stream: LogStream) -> None:
        self._backend = backend
        self._stream = stream
        self._last: deque[str] = deque(maxlen=_TAIL)
        self._mask = Mask([*backend.order.config.environment.values(), *backend.signing().values()])

    async def add(self, message: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        level = level_of(message, stream=self._stream, from_stderr=from_stderr)
        masked = self._mask(message)  # before `quote` cuts it, for nobody knows a value by its half
        if masked.strip():
            self._last.append(masked)
        await self._backend.emit(Line(self._backend.machine.now(), level, self._stream, masked))

    def quote(self) -> str:
        said = [line[:500] for line in self._last]
        return "\nIts last lines:\n" + "\n".join(said) if said else " It wrote nothing."


def describe(status: int) -> str:
    """Word an exit status: `status 1`, or `status 137 (SIGKILL)`."""
    with contextlib.suppress(ValueError):
        return f"status {status} ({signal.Signals(status - 128).name})"
    return f"status {status}"


async def _nothing() -> None:
    """Do nothing: a server that was started again is what ran before."""
