"""What analytics costs: 100,000 events recorded, then a month's totals; calls and rows are counted.

`python -m bench.analytics` (or `make bench-analytics`) prints a table and writes it into docs/analytics.md.
`python -m bench.analytics 10000` takes fewer events (whole tens of thousands) and only prints.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import os
import platform
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cli.serving import provision_stage, tool_environment
from services.analytics.rollups import Interval
from services.analytics.service import BATCH, Analytics, Metric, TimeRange
from services.analytics.validation import NewEvent
from services.bootstrap import opened
from services.config import read
from services.core.actor import Actor, Role, Scope
from services.core.clock import iso, utc_now
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId, UserId, new_id
from services.foundation.aws.emulator import free_port, running_emulator
from services.projects.service import NewProject
from tests.wires import listening

ROOT: Final = Path(__file__).parent.parent
REPORT: Final = ROOT / "docs" / "analytics.md"
EVENTS: Final = 100_000
DAYS: Final = 30
LIMITS: Final = {"ANALYTICS_BATCHES_PER_MINUTE": "1000"}
_MEASURED: Final = re.compile(r"(<!-- measured -->\n).*(<!-- /measured -->)", re.DOTALL)


@dataclass(slots=True)
class Meter:
    """Counts what goes to DynamoDB and what comes back."""

    calls: Counter[str] = field(default_factory=Counter[str])
    read: int = 0
    written: int = 0

    def asked(self, operation: str, request: Mapping[str, Any]) -> None:
        self.calls[operation] += 1
        self.written += len(request.get("TransactItems", ()))

    def answered(self, _: str, answer: Mapping[str, Any]) -> None:
        self.read += answer.get("ScannedCount", 0) + sum(map(len, answer.get("Responses", {}).values()))


@frozen
class Row:
    what: str
    seconds: float
    meter: Meter


@frozen
class Bench:
    analytics: Analytics
    key: Actor
    project_id: ProjectId
    now: datetime
    events: int = EVENTS

    async def measured(self, what: str, work: Callable[[], Awaitable[object]]) -> Row:
        meter = Meter()
        with listening(self.analytics.rollups.table.aws.tables, before=meter.asked, after=meter.answered):
            began = time.monotonic()
            await work()
            seconds = time.monotonic() - began
        return Row(what, seconds, meter)

    async def record(self, first: int, last: int, *, batch: int = BATCH) -> None:
        for start in range(first, last, batch):
            await self.analytics.record([self.event(number) for number in range(start, start + batch)], by=self.key)

    def event(self, number: int) -> NewEvent:
        """Return one of the events: sessions of ten, one after the other, over the month."""
        chance = random.Random(number)  # noqa: S311 - the same each time
        at = self.now - timedelta(days=DAYS) * (1 - number / self.events)
        session, step = divmod(number, 10)
        return NewEvent(
            id=f"event-{number}",
            type=("SESSION_START", "MODEL_CALL", "TOOL_CALL", "TASK_COMPLETE")[min(step, 3)],
            timestamp=iso(at),
            project_id=self.project_id,
            session_id=f"session-{session}",
            agent_id=f"agent-{session % 3}",
            environment="production",
            user_id=f"user-{random.Random(session).randrange(2000)}",  # noqa: S311 - same
            duration_ms=chance.lognormvariate(5, 1),
            input_tokens=chance.randrange(2000),
            output_tokens=chance.randrange(500),
            cost_micros=chance.randrange(10_000),
            metadata={"route": "/orders"},
        )

    async def rows(self) -> list[Row]:
        month = TimeRange(self.now - timedelta(days=DAYS), self.now)
        total, tenth = self.events, self.events // 10
        found = [
            await self.measured(f"record {total:,} events, {BATCH:,} a batch", lambda: self.record(0, total)),
            await self.measured(f"record {tenth:,} of them again", lambda: self.record(0, tenth)),
            await self.measured("record 1 event", lambda: self.record(total, total + 1, batch=1)),
            await self.measured("overview of the month", lambda: self._overview(month)),
            await self.measured("the month by hours", lambda: self._series(month, Interval.HOUR)),
            await self.measured("the month by days", lambda: self._series(month, Interval.DAY)),
        ]
        overview = await self._overview(month)
        if overview.tally.events != total + 1:
            raise AssertionError(f"{overview.tally.events} events are counted instead of {total + 1}")
        return found

    async def _overview(self, month: TimeRange) -> Any:
        return await self.analytics.overview(None, self.project_id, month, by=self.key)

    async def _series(self, month: TimeRange, interval: Interval) -> Any:
        return await self.analytics.series(
            Metric.EVENTS, interval, team_id=None, project_id=self.project_id, asked=month, by=self.key
        )


async def measure(events: int) -> list[Row]:
    environment, program = tool_environment(), str(ROOT / ".tools" / "bin" / "ministack")
    async with running_emulator(program=program, data=None, port=free_port(), environment=environment) as url:
        config = read({"SNAPINFRA_ENV": "development", "AWS_ENDPOINT_URL": url, "JWT_SECRET": "x" * 32, **LIMITS})
        provision_stage(config)
        async with opened(config, environment) as process:
            team_id = TeamId(new_id("team"))
            key = Actor(UserId("user_bench"), {team_id: Role.OWNER}, team_id, scopes=frozenset(Scope))
            project = await process.services.projects.create(NewProject("Bench"), by=key)
            return await Bench(process.services.analytics, key, project.id, utc_now(), events).rows()


def table(rows: list[Row]) -> str:
    columns = ("what", "seconds", "calls", "of them", "rows written", "rows read")
    lines = [f"| {' | '.join(columns)} |", "|---|--:|--:|---|--:|--:|"]
    for row in rows:
        kinds = ", ".join(f"{number:,} {name}" for name, number in row.meter.calls.most_common())
        figures = (
            f"{row.seconds:.2f} | {row.meter.calls.total():,} | {kinds} | {row.meter.written:,} | {row.meter.read:,}"
        )
        lines.append(f"| {row.what} | {figures} |")
    return "\n".join(lines)


def report(rows: list[Row]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    load = ", ".join(f"{figure:.1f}" for figure in os.getloadavg())
    return f"""Written by `make bench-analytics` on {utc_now():%Y-%m-%d} ({machine}, the emulator on the same
machine; load average {load} at the end).

{table(rows)}
"""


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    rows = asyncio.run(measure(events))
    if events != EVENTS:
        sys.stdout.write(f"{table(rows)}\n")
        return
    REPORT.write_text(_MEASURED.sub(lambda costs: f"{costs[1]}{report(rows)}{costs[2]}", REPORT.read_text()))
    sys.stdout.write(f"{table(rows)}\n\nwritten to {REPORT.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
