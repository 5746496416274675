"""Commands of a backend that LOCAL runs on this machine: in its folder, with the settings that it was given."""

import asyncio
from pathlib import Path
from typing import Final

from cli.client import Refused
from cli.serving import tool_environment

_SEEN: Final = frozenset({"PATH", "HOME", "LANG", "TERM"})
"""Of this process's environment: where programs are, and no settings, which are the deployment's."""


async def run_beside(deployment_id: str, command: str, *, data: Path) -> int:
    """Run a shell command beside a deployment of a data folder; return its exit status. Raises Refused."""
    folder = next((each for each in (data / "local").glob("*/*/") if each.name == deployment_id), None)
    if folder is None:
        raise Refused(f"{deployment_id} does not run at LOCAL with the data in {data}.")
    seen = {name: value for name, value in tool_environment().items() if name in _SEEN}
    environment = {**seen, "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, cwd=folder, env=environment)
    return await process.wait()
