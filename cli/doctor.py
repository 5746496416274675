"""`snapinfra doctor`: whether everything is as it must be, and what to do where it is not."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click

from cli.serving import tool_environment
from services.bootstrap import opened, resources
from services.config import Config
from services.core.clock import utc_now
from services.core.diagnosis import Diagnosis
from services.foundation.aws.clients import AWS_ERRORS, connect
from services.foundation.aws.inspection import inspect
from services.foundation.events.inspection import inspect as inspect_log

LEAST_NODE: Final = 22
_PATIENCE: Final = 10.0
"""Seconds for a program to say its version."""


async def examine(config: Config) -> AsyncIterator[Diagnosis]:
    """Yield what is found, part by part. Nothing is changed."""
    stage = f", stage {config.stage}" if config.stage else ""
    yield Diagnosis("settings", found=f"{config.environment}{stage}; Snapinfra {version('snapinfra')}")
    for found in await asyncio.to_thread(_aws, config):
        yield found
    for url in config.events_url.split(","):
        yield await inspect_log(url)
    environment = tool_environment()
    async with opened(config, environment) as process:
        for name, fault in (await process.services.health.faults()).items():
            yield Diagnosis(f"answer of {name}", f"{fault}" if fault else "", "in time")
    if config.checks:
        async for found in _tools(environment):
            yield found


def _aws(config: Config) -> list[Diagnosis]:
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url, sqs_endpoint=config.sqs_endpoint_url)
    try:
        return list(inspect(aws, resources(config), now=utc_now))
    except AWS_ERRORS as error:
        return [Diagnosis("AWS", f"does not answer as it should: {error}. Are region, network and credentials right?")]
    finally:
        aws.close()


async def _tools(environment: Mapping[str, str]) -> AsyncIterator[Diagnosis]:
    """Look at what generated code is checked with; see CODE_CHECKS."""
    path = environment.get("PATH", "")
    node, walls = shutil.which("node", path=path), shutil.which("bwrap", path=path)
    said = (await _said(node, "--version") if node else None) or "none"
    number = said.removeprefix("v").partition(".")[0]
    is_there = number.isdecimal() and int(number) >= LEAST_NODE
    wanted = f"Node {LEAST_NODE} or later is needed to check code, and {said} is on the PATH"
    yield Diagnosis("Node", "" if is_there else wanted, said)
    works = walls is not None and await _said(walls, "--ro-bind", "/", "/", "true") is not None
    yield Diagnosis("sandbox", found="bubblewrap" if works else "Node's permissions alone, without bubblewrap")


async def _said(program: str | Path, *arguments: str) -> str | None:
    """Return what a program says; None where it fails."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    return out.decode(errors="replace").strip() if process.returncode == 0 else None


async def tell(config: Config) -> bool:
    """Print what is found; return whether all is well."""
    is_well = True
    async for found in examine(config):
        is_well = is_well and not found.fault
        mark = click.style("✗", fg="red") if found.fault else click.style("✓", fg="green")
        click.echo(f"{mark} {found.about}: {found.fault or found.found}")
    return is_well
