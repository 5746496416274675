"""Backends of schemas that are made up compile and pass their own tests: `python -m tests.backends.made_up 20`.

A part of `make backends`. Their tables, fields and roles are called what the code of a backend calls something. What is
made up of a seed stays the same as long as that code does; `--seed` is the first, `--folder` keeps their files.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cli.serving import tool_environment
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS, free_port, running_emulator
from services.platforms import npm
from tests.backends.building import BackendFailed, Building
from tests.backends.five import ROOT
from tests.backends.making_up import schema
from tests.backends.schemas import EVERY_FEATURE
from tests.backends.subjects import Subject


async def failing(seeds: range, folder: Path) -> int:
    """Return how many of the backends do not compile, or fail one of their tests; each is told of."""
    environment = {**tool_environment(), **EMULATOR_CREDENTIALS}
    program = str(ROOT / ".tools" / "bin" / "ministack")
    async with running_emulator(
        program=program, data=None, port=free_port(), environment=tool_environment()
    ) as emulator:
        environment["AWS_ENDPOINT_URL"] = emulator
        await _install(folder, environment)
        failed = 0
        for seed in seeds:
            try:
                passed = await _passed(seed, Building(folder / str(seed), environment))
                _tell(f"seed {seed}: {passed} tests passed")
            except BackendFailed as failure:
                failed += 1
                _tell(f"seed {seed}: {_shortly(str(failure))}")
    return failed


async def _install(folder: Path, environment: Mapping[str, str]) -> None:
    """Install the packages of a backend that needs all of them, where those of the others find them."""
    building = Building(folder / "packages", environment)
    Subject("Packages", "Every feature", EVERY_FEATURE).write(building.folder)
    await building.step("install", *npm.install_command("npm", building.folder))
    (building.folder / "node_modules").rename(folder / "node_modules")


async def _passed(seed: int, building: Building) -> int:
    Subject(f"Anything{seed}", "Whatever there may be", schema(seed)).write(building.folder)
    await building.step("compile", "npx", "tsc")
    return await building.test()


def _shortly(failure: str) -> str:
    """Return the tests that failed, where any did: each is told of twice."""
    lines = failure.splitlines()
    failed = list(dict.fromkeys(line.strip().partition(" (")[0] for line in lines if line.lstrip().startswith("✖")))
    return "\n".join([lines[0], *failed[:40]]) if failed else failure[:2000]


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.number)
    with tempfile.TemporaryDirectory() as folder:
        failed = asyncio.run(failing(seeds, options.folder or Path(folder)))
    _tell(f"{options.number - failed} of {options.number} made-up backends compile and pass their own tests")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
