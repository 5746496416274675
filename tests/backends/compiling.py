"""Backends of schemas that are made up compile: `python -m tests.backends.compiling 20`, a part of `make backends`.

Their tables, fields and roles are called what the code of a backend calls something. With `--seed`, one of them, which
stays in the folder that is given.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from cli.serving import tool_environment
from services.platforms import npm
from tests.backends.anything import schema
from tests.backends.building import BackendFailed, Building
from tests.backends.schemas import EVERY_FEATURE
from tests.backends.subjects import Subject


async def compiled(seeds: range, folder: Path) -> int:
    """Return how many of the backends do not compile."""
    await _install(folder)
    failed = 0
    for seed in seeds:
        subject = Subject(f"Anything{seed}", "Whatever there may be", schema(seed))
        building = Building(folder / str(seed), tool_environment())
        subject.write(building.folder)
        try:
            await building.step("compile", "npx", "tsc", "--noEmit")
        except BackendFailed as failure:
            failed += 1
            sys.stdout.write(f"seed {seed}: {str(failure)[:2000]}\n")
            sys.stdout.flush()
    return failed


async def _install(folder: Path) -> None:
    """Install the packages of a backend that needs all of them, where those of the others find them."""
    building = Building(folder / "packages", tool_environment())
    Subject("Packages", "Every feature", EVERY_FEATURE).write(building.folder)
    await building.step("install", *npm.install_command("npm", building.folder))
    (building.folder / "node_modules").rename(folder / "node_modules")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.number)
    with tempfile.TemporaryDirectory() as folder:
        failed = asyncio.run(compiled(seeds, options.folder or Path(folder)))
    sys.stdout.write(f"{options.number - failed} of {options.number} made-up backends compile\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
