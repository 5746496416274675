"""The run of ten descriptions through the scaffold, each to a backend that passes its own tests.

`python -m tests.backends.ten`, a part of `make backends`, writes docs/ten-backends.md. It exits with 1 where a schema
lacks what its domain needs, or a backend does not compile, start or pass its tests.
"""

import asyncio
import io
import os
import platform
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from cli.client import Refused
from cli.serving import tool_environment
from services.core.clock import utc_now
from services.core.tls import trusted
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS, free_port, running_emulator
from services.platforms.archive import unpack
from tests.backends.building import BackendFailed, Building
from tests.backends.cases import CASES, Case
from tests.backends.proofs import SERVER
from tests.snapinfra import Server, User, events, serving, settings

ROOT: Final = Path(__file__).parents[2]
REPORT: Final = ROOT / "docs" / "ten-backends.md"
AT_ONCE: Final = 2
PATIENCE: Final = 25 * 60
"""Seconds for all of them."""
STEPS: Final = ("install", "build", "tables", "start", "test")

_GENERATION: Final = """
query($id: ID!) {
  generation(id: $id) {
    status message downloadUrl files { path }
    schema { tables { name fields { name } } relationships { fromTable toTable } }
  }
}"""


@dataclass(slots=True)
class Outcome:
    """What came of a description; with no `faults`, all that was asked of it."""

    case: Case
    schema: Mapping[str, Any] = field(default_factory=lambda: {"tables": [], "relationships": []})
    files: int = 0
    tests: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    faults: list[str] = field(default_factory=list[str])


async def outcomes(server: Server, folder: Path) -> list[Outcome]:
    user, turns = server.user(), asyncio.Semaphore(AT_ONCE)

    async def one(number: int, case: Case) -> Outcome:
        outcome = Outcome(case)
        async with turns:
            try:
                await _carry_out(outcome, user, folder / str(number), server.config.aws_endpoint_url or "")
            except (BackendFailed, Refused, httpx.HTTPError) as failure:
                outcome.faults.append(str(failure) or repr(failure))
        sys.stdout.write(f"{case.name}: {'; '.join(outcome.faults) or f'{outcome.tests} tests passed'}\n")
        sys.stdout.flush()
        return outcome

    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*(one(number, case) for number, case in enumerate(CASES)))


async def _carry_out(outcome: Outcome, user: User, folder: Path, emulator: str) -> None:
    case = outcome.case
    project = await user.project(name=case.name, description=case.description)
    outcome.schema = (await _generated(user, project["id"], "SCHEMA"))["schema"]
    outcome.faults += case.faults(outcome.schema)
    code = await _generated(user, project["id"], "CODE")
    outcome.files = len(code["files"])
    async with httpx.AsyncClient(verify=trusted()) as http:
        archive = (await http.get(code["downloadUrl"])).raise_for_status().content
    await asyncio.to_thread(unpack, archive, into=folder)
    building = Building(folder, _environment(emulator, prefix=f"ten-{folder.name}-"))
    outcome.seconds = building.seconds
    await building.build()
    served = await building.answer()
    if served != [table["name"] for table in outcome.schema["tables"]]:
        outcome.faults.append(f"the server serves {served}")
    outcome.tests = await building.test()


async def _generated(user: User, project_id: str, kind: str) -> Mapping[str, Any]:
    generation_id = await user.generate(project_id, kind)
    await events(user, generation_id)
    made = (await user.ask(_GENERATION, id=generation_id))["generation"]
    if made["status"] != "COMPLETED":
        raise BackendFailed(f"{kind}: {made['status']} {made['message']}")
    return made


def _environment(emulator: str, *, prefix: str) -> dict[str, str]:
    """What the machine's own npm needs, and the server; the cache is the machine's, so the first one fills it."""
    places = {"AWS_ENDPOINT_URL": emulator, "TABLE_PREFIX": prefix}
    return {**tool_environment(), **EMULATOR_CREDENTIALS, **SERVER, **places}


def report(found: Sequence[Outcome], *, seconds: float) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    out = io.StringIO()
    good = sum(not outcome.faults for outcome in found)
    out.write(f"""# Ten backends

Written by `make backends` on {utc_now():%Y-%m-%d} ({machine}; {seconds:.0f} seconds,
{AT_ONCE} at a time). {good} of {len(found)} are as they should be.

Each description went the way of any other through a running Snapinfra with the scaffold: a SCHEMA and a CODE
generation, and the archive of its files. Then, in a folder of its own: npm install (from the machine's cache where it
has the packages), the TypeScript compiler, the tables on the emulator, the server with its health, and the backend's
own tests. The command fails where a schema lacks one of the tables or references that `tests/backends/cases.py` asks
for, where a table stands alone, and where a step fails.

The scaffold's vocabulary was extended with these ten in sight, and what is asked of their tables was written once their
schemas could be seen. So this shows that ten domains work and go on working, not how good the schema of any other is.

| | tables | relationships | files | {" | ".join(f"{step}, s" for step in STEPS)} | tests passed | |
|---|--:|--:|--:|{"--:|" * len(STEPS)}--:|---|
""")
    for outcome in found:
        tables, links = len(outcome.schema["tables"]), len(outcome.schema["relationships"])
        times = " | ".join(f"{outcome.seconds.get(step, 0):.1f}" for step in STEPS)
        verdict = "; ".join(outcome.faults) or "good"
        out.write(
            f"| {outcome.case.name} | {tables} | {links} | {outcome.files} | {times} | {outcome.tests} | {verdict} |\n"
        )
    for outcome in found:
        out.write(f"\n## {outcome.case.name}\n\n> {outcome.case.description}\n\n")
        out.write("| table | fields | refers to |\n|---|--:|---|\n")
        for table in outcome.schema["tables"]:
            links = outcome.schema["relationships"]
            parents = ", ".join(f"`{link['fromTable']}`" for link in links if link["toTable"] == table["name"])
            out.write(f"| `{table['name']}` | {len(table['fields'])} | {parents} |\n")
    return out.getvalue()


async def _with_emulator(folder: Path) -> list[Outcome]:
    environment = tool_environment()
    async with running_emulator(
        program=str(ROOT / ".tools" / "bin" / "ministack"), data=None, port=free_port(), environment=environment
    ) as emulator:
        config = settings(emulator, SNAPINFRA_DATA=str(folder / "data"))
        return await asyncio.to_thread(_with_server, config, folder)


def _with_server(config: Any, folder: Path) -> list[Outcome]:
    with serving(config) as server:
        return asyncio.run(outcomes(server, folder))


def main() -> int:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(_with_emulator(Path(folder)))
    REPORT.write_text(report(found, seconds=time.monotonic() - began))
    sys.stdout.write(f"written to {REPORT.relative_to(ROOT)}\n")
    return int(any(outcome.faults for outcome in found))


if __name__ == "__main__":
    sys.exit(main())
