"""The long-running commands: an api, a worker, or both with an emulator, until a signal says stop."""

import asyncio
import contextlib
import fcntl
import gc
import os
import resource
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click

from cli.commands import Target, url_of
from cli.development import development_config, token_for
from cli.liveness import beating
from services.bootstrap import observed, opened, resources
from services.config import BadConfig, Config, process_environment
from services.core.logs import configure
from services.foundation.aws.clients import connect
from services.foundation.aws.emulator import free_port, is_free, running_emulator
from services.foundation.aws.provision import provision

TOOLS: Final = Path(__file__).parent.parent / ".tools" / "bin"
"""Where the Makefile puts the emulator, and Redis where the machine has none."""

NODE: Final = TOOLS.parent / "node" / "bin"
"""Where it puts Node, where the machine has none of the version that generated backends need."""

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def tool_environment() -> dict[str, str]:
    """Return the environment with our own Node at the start of the PATH and our other tools at its end."""
    environment = process_environment()
    return {**environment, "PATH": with_tools(environment.get("PATH", ""))}


def with_tools(path: str) -> str:
    """Return a PATH that has our tools, too. The machine's own go first, but for a Node that is too old."""
    return f"{NODE}:{path}:{TOOLS}"


async def serve(config: Config) -> None:
    """Run an api."""
    from cli.api import EXIT_GRACE, api  # noqa: PLC0415 - GraphQL takes 0.7 s, which a worker saves

    configure(form=config.log_form, level=config.log_from)
    _allow_descriptors()
    waits = f"open connections get {EXIT_GRACE} seconds."
    async with (
        observed(config, "snapinfra-api"),
        opened(config, tool_environment()) as process,
        signals(waits) as stop,
        api(process),
        process.services.health.watched(),
    ):
        _favour_the_loop()
        click.echo(f"Snapinfra's api listens on {address_of(config)}")
        await stop.wait()


def address_of(config: Config) -> str:
    """Return where an api listens, as a URL."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return f"{config.scheme}://{host}:{config.port}"


async def work(config: Config) -> None:
    """Run a worker."""
    configure(form=config.log_form, level=config.log_from)
    _allow_descriptors()
    waits = f"running jobs get {config.drain_grace:g} seconds, then other workers go on with them."
    async with (
        observed(config, "snapinfra-worker"),
        opened(config, tool_environment()) as process,
        signals(waits) as stop,
        beating(config.data),
        process.services.health.watched(),
    ):
        click.echo("Snapinfra's worker takes jobs.")
        await asyncio.gather(*(worker.run(stop) for worker in process.workers))


async def develop(*, port: int, data: Path, host: str) -> None:
    """Run everything on one machine until a signal says stop."""
    from cli.api import listening  # noqa: PLC0415 - GraphQL takes 0.7 s, which a worker saves

    listening(host, port).close()  # before anything is made for a server that can't be reached
    chosen = development_config(port=port, data=data, host=host)
    configure(form=chosen.log_form, level=chosen.log_from)
    _allow_descriptors()
    waits = f"running jobs get {chosen.drain_grace:g} seconds, then they are handed over and go on at the next start."
    async with signals(waits) as stop, running(port=port, data=data, host=host) as config:
        _favour_the_loop()
        _banner(config)
        await stop.wait()


@asynccontextmanager
async def running(*, port: int, data: Path, host: str) -> AsyncGenerator[Config]:
    """Run the emulator, an api and a worker for the length of the block."""
    async with (
        aws_for(development_config(port=port, data=data, host=host)) as config,
        hosting(config, tool_environment()),
    ):
        yield config


@asynccontextmanager
async def hosting(config: Config, environment: Mapping[str, str]) -> AsyncGenerator[None]:
    """Run an api and a worker in this process for the length of the block."""
    from cli.api import api  # noqa: PLC0415 - GraphQL takes 0.7 s, which a worker saves

    async with observed(config, "snapinfra"), opened(config, environment) as process, api(process):
        stop = asyncio.Event()
        workers = asyncio.gather(*(worker.run(stop) for worker in process.workers))
        try:
            yield
        finally:
            stop.set()
            await workers


@contextlib.contextmanager
def _alone_in(data: Path) -> Generator[None]:
    """Hold a data folder for the length of the block: two emulators on one state would undo each other."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadConfig(f"Another `snapinfra dev` uses the folder {data}. Stop it, or choose --data.") from None
        yield


@asynccontextmanager
async def aws_for(config: Config) -> AsyncGenerator[Config]:
    """Provision the AWS that the settings name, or an emulator for the length of the block."""
    if config.aws_endpoint_url:
        await asyncio.to_thread(provision_stage, config)
        yield config
        return
    environment = tool_environment()
    with _alone_in(config.data):
        async with _emulated(config, environment) as ready:
            yield ready


@asynccontextmanager
async def aws_shared(config: Config) -> AsyncGenerator[Config]:
    """Do as `aws_for` does; where a `snapinfra dev` uses the data folder, its emulator is the AWS."""
    if config.aws_endpoint_url or not is_in_use(config):
        async with aws_for(config) as ready:
            yield ready
        return
    port = (config.data / "aws" / "port").read_text()
    yield config.model_copy(update={"aws_endpoint_url": f"http://127.0.0.1:{port}"})


def is_in_use(config: Config) -> bool:
    """Say whether there is an AWS to work on: one that the settings name, or that of a `snapinfra dev` that runs."""
    if config.aws_endpoint_url:
        return True
    try:
        with _alone_in(config.data):
            return False
    except BadConfig:
        return True


@asynccontextmanager
async def _emulated(config: Config, environment: Mapping[str, str]) -> AsyncGenerator[Config]:
    async with running_emulator(
        program=shutil.which("ministack", path=environment["PATH"]) or "ministack",
        data=config.data / "aws",
        port=await asyncio.to_thread(_kept_port, config.data / "aws" / "port"),
        environment=environment,
    ) as endpoint:
        ready = config.model_copy(update={"aws_endpoint_url": endpoint})
        await asyncio.to_thread(provision_stage, ready)
        yield ready


def _kept_port(file: Path) -> int:
    """Return the emulator's port of last time where it is free: it keeps its queues by their URLs, port and all."""
    kept = int(file.read_text()) if file.is_file() else 0
    port = kept if kept and is_free(kept) else free_port()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(port))
    return port


def provision_stage(config: Config) -> None:
    """Make the tables, queues, bucket and topic of a stage (blocks)."""
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url, sqs_endpoint=config.sqs_endpoint_url)
    try:
        provision(aws, resources(config))
    finally:
        aws.close()


def _allow_descriptors() -> None:
    """Have as many descriptors as the machine allows: shells give 1,024, which is as many sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _favour_the_loop() -> None:
    """Let Python itself keep the event loop waiting for less time.

    The garbage collector is spared what is there already: looking at it takes 60 ms. It looks at some thousand objects
    at a time, and seldom at all. A thread that computes (a call to AWS, a long document) lets go after half a
    millisecond, not five: a request needs the interpreter some ten times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 10, 100)
    sys.setswitchinterval(0.0005)


@asynccontextmanager
async def signals(waits: str) -> AsyncGenerator[asyncio.Event]:
    """Yield an event that SIGINT, SIGTERM and SIGHUP set; `waits` says what the end waits for, to who presses Ctrl-C.

    A second one of them ends the process at once: what it has started ends with it (services.core.lifeline).
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()
        if number is signal.SIGINT:
            click.echo(f"\nStopping: {waits} Ctrl-C again ends everything at once.")

    handled = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores one
    for number in handled:
        loop.add_signal_handler(number, end, number)
    try:
        yield stop
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def _banner(config: Config) -> None:
    token = token_for("alice", config)
    url = url_of(config.port, config.host)
    target = Target(url, config.data)
    click.echo(
        f"""
  Snapinfra is running.

  Console    {url.removesuffix("/graphql")}/#token={token}
  GraphiQL   {url}#token={token}
  GraphQL    {url}   (WebSocket at the same path)
  Token      {token}
  AWS        {config.aws_endpoint_url}   (data in {config.data})

  Try        {target.command("new", "Build a user management API with teams and roles")}
  Stop       Ctrl-C
""",
    )
