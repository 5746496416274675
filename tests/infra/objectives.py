"""`python -m tests.infra.objectives PROMTOOL` has Prometheus' own tool test the rules: each alert rings when it should.

Of every objective it is given a service that keeps it by far, one that spends its budget at once, and one that spends
it slowly; and no service at all.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from infra.objectives import OBJECTIVES, PACES, Objective
from infra.observing import FOLDER

MINUTES: Final = 4 * 24 * 60
"""Longer than the longest window."""


def series(objective: Objective, errors: float) -> list[dict[str, str]]:
    """Return what a service shows of which this part is bad, at a thousand a minute."""
    name, bad = objective.of.prometheus, round(1000 * errors)
    if objective.within is None:
        label = objective.bad.replace("=~", "=").split("|")[0].rstrip('"') + '"'
        return [
            {"series": f"{name}_count{{{label}}}", "values": f"0+{bad}x{MINUTES}"},
            {"series": f'{name}_count{{which="good"}}', "values": f"0+{1000 - bad}x{MINUTES}"},
        ]
    return [
        {"series": f'{name}_bucket{{le="{objective.within:g}"}}', "values": f"0+{1000 - bad}x{MINUTES}"},
        {"series": f"{name}_count", "values": f"0+1000x{MINUTES}"},
    ]


def case(objective: Objective, errors: float | None, ringing: Sequence[str]) -> dict[str, Any]:
    """Return a test: with this part bad, the alerts of these windows ring after four days, and no others."""
    alert = f"{objective.name}-budget"
    expected = [
        {
            "exp_labels": {"severity": pace.severity, "window": pace.long},
            "exp_annotations": {
                "summary": f"Too often it is not so: {objective.says}",
                "runbook": f"docs/operations/runbooks.md#{alert}",
            },
        }
        for pace in PACES
        if pace.long in ringing
    ]
    return {
        "interval": "1m",
        "input_series": [] if errors is None else series(objective, errors),
        "alert_rule_test": [{"eval_time": f"{MINUTES}m", "alertname": alert, "exp_alerts": expected}],
    }


def cases() -> Iterator[dict[str, Any]]:
    everything = [pace.long for pace in PACES]
    for objective in OBJECTIVES:
        budget = 1 - objective.part
        yield case(objective, None, [])
        yield case(objective, 0, [])
        yield case(objective, budget / 2, [])
        yield case(objective, 3 * budget, ["3d"])
        yield case(objective, 8 * budget, ["3d", "6h"])
        yield case(objective, 1, everything)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "tests.json"
        tests = list(cases())
        written.write_text(
            json.dumps({"rule_files": [str(FOLDER / "rules.json")], "evaluation_interval": "2h", "tests": tests})
        )
        for arguments in (["check", "config", str(FOLDER / "prometheus.yml")], ["test", "rules", str(written)]):
            done = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    sys.stdout.write(f"{len(tests)} services: every alert of {len(OBJECTIVES)} objectives rings when it should.\n")


if __name__ == "__main__":
    main()
