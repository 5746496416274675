"""What users may expect of the service, and the rules by which Prometheus tells when that is in danger.

An objective leaves an error budget: of 99.9 %, one in a thousand. An alert rings when the budget is spent so fast, over
a long and a short while at once, that it will not last (Google, The Site Reliability Workbook, chapter 5, table 5-8).
docs/operations/runbooks.md has a section of each.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from services.core.frozen import frozen
from services.core.instruments import DEPLOYMENTS, EVENT_LAG, FIRST_TOKEN, OPERATIONS
from services.core.telemetry import Instrument


@frozen
class Objective:
    """That this part of what an instrument counts is good, of everything that it counts."""

    name: str
    says: str
    part: float
    of: Instrument
    bad: str = ""
    """The labels of what is bad."""
    within: float | None = None
    """In seconds, the bucket of what is good, in place of that."""

    def errors(self, window: str) -> str:
        """Return the part that is bad, in a while that ends now; nothing where nothing was counted."""
        name = self.of.prometheus
        total = f"sum(rate({name}_count[{window}]))"
        if self.within is None:
            bad = f"(sum(rate({name}_count{{{self.bad}}}[{window}])) or 0 * {total})"
            return f"{bad} / ({total} > 0)"
        return f"1 - sum(rate({name}_bucket{{{self.bucket}}}[{window}])) / ({total} > 0)"

    @property
    def bucket(self) -> str:
        """The label of the bucket: Prometheus 3 writes `5.0` of what our processes, and those before, write as `5`."""
        return f'le=~"{self.within:g}([.]0)?"'


@frozen
class Pace:
    """A budget that is spent so many times too fast, seen over both windows."""

    times: float
    long: str
    short: str
    severity: str


OBJECTIVES: Final[Sequence[Objective]] = (
    Objective(
        "availability",
        "Operations do not fail by a mistake of ours, or because a part is away.",
        0.999,
        OPERATIONS,
        bad='error_type=~"INTERNAL|UNAVAILABLE"',
    ),
    Objective("first-token", "The answer of a model begins within 5 s.", 0.95, FIRST_TOKEN, within=5),
    Objective("delivery", "An api has read an event within a second.", 0.99, EVENT_LAG, within=1),
    Objective("deployments", "Deployments come to answer.", 0.95, DEPLOYMENTS, bad='snapinfra_status="FAILED"'),
)
PACES: Final[Sequence[Pace]] = (
    Pace(14.4, "1h", "5m", "page"),
    Pace(6, "6h", "30m", "page"),
    Pace(1, "3d", "6h", "ticket"),
)
RUNBOOKS: Final = "docs/operations/runbooks.md"


def _recorded(objective: Objective, window: str) -> str:
    return f"objective:{objective.name.replace('-', '_')}:errors_{window}"


def _recordings(objective: Objective) -> Iterator[dict[str, Any]]:
    for window in dict.fromkeys(window for pace in PACES for window in (pace.long, pace.short)):
        yield {"record": _recorded(objective, window), "expr": objective.errors(window)}


def _alerts(objective: Objective) -> Iterator[dict[str, Any]]:
    for pace in PACES:
        most = round(min(pace.times * (1 - objective.part), 0.99), 6)
        yield {
            "alert": f"{objective.name}-budget",
            "expr": f"{_recorded(objective, pace.long)} > {most:g} and {_recorded(objective, pace.short)} > {most:g}",
            "labels": {"severity": pace.severity, "window": pace.long},
            "annotations": {
                "summary": f"Too often it is not so: {objective.says}",
                "runbook": f"{RUNBOOKS}#{objective.name}-budget",
            },
        }


def rules() -> str:
    """Write the rules for Prometheus: JSON, which is YAML."""
    groups = [
        {"name": objective.name, "rules": [*_recordings(objective), *_alerts(objective)]} for objective in OBJECTIVES
    ]
    return f"{json.dumps({'groups': groups}, indent=2)}\n"
