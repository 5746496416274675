"""The fuzz: a program that makes random calls of all root fields, and fails where one meets a mistake of ours.

    python -m tests.fuzz.run --calls 10000 --seed 1

The seed decides the calls. An emulator, an api and a worker of its own; the calls are made in this process.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings

from graph.schema import schema
from tests.campaign import concluded, parser, server_of_its_own
from tests.fuzz.calls import Call, calls
from tests.fuzz.report import Played, lines
from tests.fuzz.stage import Stage, staged


async def run(number: int, chosen: int) -> Played:
    """Make so many calls, on a server of their own."""
    async with server_of_its_own("fuzz") as server, staged(server) as stage:
        return await asyncio.to_thread(_play, stage, asyncio.get_running_loop(), number, chosen)


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
    takes = parser("fuzz", description="Call everything with anything.", of="calls", most=10_000)
    options = takes.parse_args(arguments)
    began = time.monotonic()
    played = asyncio.run(run(options.calls, options.seed))
    violations = [f"{wrong}\n    {call}" for call, wrong in played.violations]
    report = lines(played, time.monotonic() - began)
    return concluded(options.report, report, violations, of=f"{played.calls} calls")


if __name__ == "__main__":
    sys.exit(main())
