"""The run of mutations: a program that has models say changed streams, and fails on an end that is not honest.

    python -m tests.mutations.run --mutations 5000 --seed 1

The seed decides the changes, but for the boundary of each prompt. An emulator, an api and a worker of its own, and a
fake provider do the work.
"""

import argparse
import asyncio
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.foundation.aws.emulator import free_port, running_emulator
from tests.fakes.llm import FakeLLM
from tests.mutations.load import Load, server_settings
from tests.mutations.report import write
from tests.snapinfra import serving, settings

_MINISTACK: Final = Path(__file__).parents[2] / ".tools" / "bin" / "ministack"
AT_ONCE: Final = 16


async def run(mutations: int, seed: int, only: Sequence[int] = ()) -> Load:
    """Run the cases on a server of their own."""
    environment = dict(os.environ)  # noqa: TID251 - a child of the run, not a setting of the product
    emulator = running_emulator(program=str(_MINISTACK), data=None, port=free_port(), environment=environment)
    with tempfile.TemporaryDirectory(prefix="mutations-") as data, FakeLLM() as fake:
        async with emulator as endpoint:
            server = serving(settings(endpoint, SNAPINFRA_DATA=data, **server_settings(fake)))
            load = Load(await asyncio.to_thread(server.__enter__), fake, mutations, seed, frozenset(only))
            try:
                await load.run(at_once=AT_ONCE)
            finally:
                await asyncio.to_thread(server.__exit__, None, None, None)
    return load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations.run", description="Mutate the streams of models.")
    parser.add_argument("--mutations", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="random unless given")
    parser.add_argument("--only", type=int, nargs="*", default=(), metavar="CASE", help="cases to run again")
    parser.add_argument("--report", type=Path, default=Path("docs/mutations.md"))
    options = parser.parse_args(arguments)
    began = time.monotonic()
    load = asyncio.run(run(options.mutations, options.seed, options.only))
    write(options.report, load, seconds=time.monotonic() - began)
    for violation in load.violations:
        sys.stdout.write(f"{violation}\n")
    sys.stdout.write(
        f"{load.endings.total()} generations, {len(load.violations)} violations. The report is {options.report}\n"
    )
    return 1 if load.violations else 0


if __name__ == "__main__":
    sys.exit(main())
