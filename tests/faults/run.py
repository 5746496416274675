"""The fault run: a program that has generations meet random scripts of faults, and fails on a silent half.

    python -m tests.faults.run --scripts 500 --seed 1

The seed decides the scripts. An emulator, an api and a worker of its own, and a fake provider do the work.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.campaign import concluded, parser, server_of_its_own
from tests.fakes.llm import FakeLLM
from tests.faults.load import Load, server_settings
from tests.faults.report import lines

AT_ONCE: Final = 8


async def run(scripts: int, seed: int) -> Load:
    """Run the scripts on a server of their own."""
    with FakeLLM() as fake:
        async with server_of_its_own("faults", **server_settings(fake)) as server:
            load = Load(server, fake, scripts, seed)
            await load.run(at_once=AT_ONCE)
    return load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if nothing is wrong."""
    options = parser("faults", description="Have providers misbehave.", of="scripts", most=500).parse_args(arguments)
    began = time.monotonic()
    load = asyncio.run(run(options.scripts, options.seed))
    report = lines(load, time.monotonic() - began)
    return concluded(options.report, report, load.violations, of=f"{load.endings.total()} generations")


if __name__ == "__main__":
    sys.exit(main())
