"""The run of mutations: a program that has models say changed streams, and fails on an end that is not honest.

    python -m tests.mutations.run --mutations 5000 --seed 1

The seed decides the changes, but for the boundary of each prompt. An emulator, an api and a worker of its own, and a
fake provider do the work.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.campaign import concluded, parser, server_of_its_own
from tests.fakes.llm import FakeLLM
from tests.mutations.load import Load, server_settings
from tests.mutations.report import lines

AT_ONCE: Final = 16


async def run(mutations: int, seed: int, only: Sequence[int] = ()) -> Load:
    """Run the cases on a server of their own."""
    with FakeLLM() as fake:
        async with server_of_its_own("mutations", **server_settings(fake)) as server:
            load = Load(server, fake, mutations, seed, frozenset(only))
            await load.run(at_once=AT_ONCE)
    return load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if nothing is wrong."""
    takes = parser("mutations", description="Mutate the streams of models.", of="mutations", most=5000)
    takes.add_argument("--only", type=int, nargs="*", default=(), metavar="CASE", help="cases to run again")
    options = takes.parse_args(arguments)
    began = time.monotonic()
    load = asyncio.run(run(options.mutations, options.seed, options.only))
    report = lines(load, time.monotonic() - began)
    return concluded(options.report, report, load.violations, of=f"{load.endings.total()} generations")


if __name__ == "__main__":
    sys.exit(main())
