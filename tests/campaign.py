"""What the commands share that play many cases by a seed: their options, a server of their own, their report."""

import argparse
import asyncio
import os
import platform
import secrets
import sys
import tempfile
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from services.core.clock import utc_now
from services.foundation.aws.emulator import free_port, running_emulator
from tests.snapinfra import Server, serving, settings

_MINISTACK: Final = Path(__file__).parents[1] / ".tools" / "bin" / "ministack"


def parser(name: str, *, description: str, of: str, most: int) -> argparse.ArgumentParser:
    """Make the parser of a command: how many cases there are (`of` what), their seed, and where the report goes."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.{name}.run", description=description)
    parser.add_argument(f"--{of}", type=int, default=most)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000), help="random unless given")
    parser.add_argument("--report", type=Path, default=Path(f"docs/{name}.md"))
    return parser


@asynccontextmanager
async def server_of_its_own(name: str, **variables: str) -> AsyncGenerator[Server]:
    """Run an emulator and a server with these settings, beside the caller's event loop, until the block ends."""
    environment = dict(os.environ)  # noqa: TID251 - a child of the run, not a setting of the product
    emulator = running_emulator(program=str(_MINISTACK), data=None, port=free_port(), environment=environment)
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as data:
        async with emulator as endpoint:
            server = serving(settings(endpoint, SNAPINFRA_DATA=data, **variables))
            running = await asyncio.to_thread(server.__enter__)
            try:
                yield running
            finally:
                await asyncio.to_thread(server.__exit__, None, None, None)


def circumstances(seconds: float) -> Iterator[tuple[str, object]]:
    """Yield the rows of a report that say when, where and for how long."""
    yield "date", f"{utc_now():%Y-%m-%d %H:%M} UTC"
    yield "machine", f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    yield "time", f"{seconds:.0f} s"


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Yield the lines of a table of Markdown, behind an empty one."""
    yield f"\n| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(map(str, row))} |" for row in rows)


def concluded(report: Path, lines: Iterable[str], violations: Collection[object], *, of: str) -> int:
    """Write the report, print the violations, and return the exit status: 0 only if there are none."""
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for violation in violations:
        sys.stdout.write(f"{violation}\n")
    sys.stdout.write(f"{of}, {len(violations)} violations. The report is {report}\n")
    return 1 if violations else 0
