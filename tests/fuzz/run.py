"""The fuzz: a program that makes random calls of all root fields, and fails where one meets a mistake of ours.

    python -m tests.fuzz.run --calls 10000 --seed 1

The seed decides the calls. An emulator, an api and a worker of its own; the calls are made in this process.
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

from hypothesis import HealthCheck, Phase, given, seed, settings

from graph.schema import schema
from services.foundation.aws.emulator import free_port, running_emulator
from tests.fuzz.calls import Call, calls
from tests.fuzz.report import Played, write
from tests.fuzz.stage import Stage, staged
from tests.snapinfra import serving
from tests.snapinfra import settings as server_settings

_MINISTACK: Final = Path(__file__).parents[2] / ".tools" / "bin" / "ministack"


async def run(number: int, chosen: int) -> Played:
    """Make so many calls, on a server of their own."""
    environment = dict(os.environ)  # noqa: TID251 - a child of the run, not a setting of the product
    emulator = running_emulator(program=str(_MINISTACK), data=None, port=free_port(), environment=environment)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as data:
        async with emulator as endpoint:
            server = serving(server_settings(endpoint, SNAPINFRA_DATA=data))
            running = await asyncio.to_thread(server.__enter__)
            try:
                async with staged(running) as stage:
                    return await asyncio.to_thread(_play, stage, asyncio.get_running_loop(), number, chosen)
            finally:
                await asyncio.to_thread(server.__exit__, None, None, None)


def _play(stage: Stage, loop: asyncio.AbstractEventLoop, number: int, chosen: int) -> Played:
    played = Played(number, chosen, stage.codes)

    @seed(chosen)
    @settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(call=calls(schema()._schema))  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it
    def play(call: Call) -> None:
        began = time.monotonic()
        wrong = asyncio.run_coroutine_threadsafe(stage.play(call), loop).result()
        played.note(call, wrong, seconds=time.monotonic() - began)

    play()
    return played


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and return the exit status: 0 only if nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description="Call everything with anything.")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="random unless given")
    parser.add_argument("--report", type=Path, default=Path("docs/fuzz.md"))
    options = parser.parse_args(arguments)
    began = time.monotonic()
    played = asyncio.run(run(options.calls, options.seed))
    write(options.report, played, seconds=time.monotonic() - began)
    for call, wrong in played.violations:
        sys.stdout.write(f"{wrong}\n    {call}\n")
    sys.stdout.write(f"{played.calls} calls, {len(played.violations)} violations. The report is {options.report}\n")
    return 1 if played.violations else 0


if __name__ == "__main__":
    sys.exit(main())
