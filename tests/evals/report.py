"""The results of evaluations: kept as JSON, one file each, and compared in one page."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Self

from services.core.clock import utc_now
from services.core.frozen import frozen
from tests.campaign import table
from tests.evals.scoring import Points
from tests.evals.tasks import Task

_KINDS: Final = ("SCHEMA", "ARCHITECTURE", "CODE", "DOCUMENTATION", "CHAT")
_ABOUT: Final = """Thirty tasks over all kinds, and twenty projects whose names or descriptions would lead a model
astray, each scored by checks that run: it ends as it should and at the first try; a schema has what was said and
nothing else, as tests/sentences/score.py counts it; an architecture has the nodes asked for; code parses, compiles,
keeps to the schema's policies, starts on LOCAL, does create, read, list, change and delete over HTTP, and passes its
own tests; pages name the tables, and link to pages that there are. `make evals` asks the configured provider, and
`python -m tests.evals.run --provider scaffold` or `model` another; each run is a file of [evals/](evals)."""
_FAULTS: Final = 3
"""Of a task, that are kept."""


@frozen
class Result:
    """What came of one task."""

    name: str
    kind: str
    is_injection: bool
    asked: Mapping[str, int]
    right: Mapping[str, int]
    faults: Sequence[str]
    provider: str
    model: str
    template: str
    input_tokens: int
    output_tokens: int
    cost: str | None
    """US dollars; None where the model has no price."""
    seconds: float

    @classmethod
    def of(cls, task: Task, record: Mapping[str, Any], points: Points, *, seconds: float) -> Self:
        attempts = record["attempts"]
        last = attempts[-1] if attempts else {"provider": "none", "model": "none"}
        costs = [Decimal(one["cost"]) for one in attempts if one["cost"] is not None]
        return cls(
            name=task.name,
            kind=task.kind,
            is_injection=bool(task.project),
            asked=dict(points.asked),
            right=dict(points.right),
            faults=points.faults[:_FAULTS],
            provider=last["provider"],
            model=last["model"],
            template=(record["template"] or "none").partition("+")[0],
            input_tokens=sum(int(one["usage"]["inputTokens"]) for one in attempts),
            output_tokens=sum(int(one["usage"]["outputTokens"]) for one in attempts),
            cost=str(sum(costs)) if costs else None,
            seconds=round(seconds, 1),
        )

    @property
    def line(self) -> str:
        said = f"{sum(self.right.values())} of {sum(self.asked.values())} in {self.seconds:.0f} s"
        return f"{self.kind} {self.name}: {said}{''.join(f'; {fault}' for fault in self.faults)}"


def save(folder: Path, results: Sequence[Result], *, label: str | None) -> Path:
    """Write the results of a run, over those of an earlier one of the same label."""
    name = label or results[0].model
    folder.mkdir(exist_ok=True)
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', name)}.json"
    run = {"label": name, "date": f"{utc_now():%Y-%m-%d}", "results": [asdict(result) for result in results]}
    path.write_text(json.dumps(run, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write(page: Path, folder: Path) -> None:
    """Write the page that compares all runs of a folder."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    page.write_text("\n".join(_lines(runs)) + "\n", encoding="utf-8")


def _lines(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "# How good the answers are"
    yield ""
    yield _ABOUT
    labels = tuple(run["label"] for run in runs)
    yield "\n## By kind: points of those that there are"
    yield from table(("kind", *labels), [(kind, *(_share(_of(run, kind)) for run in runs)) for kind in _KINDS])
    yield "\n## By what was looked at"
    looked = sorted({what for run in runs for one in _of(run) for what in one["asked"]})
    yield from table(("", *labels), [(what, *(_share(_of(run), what) for run in runs)) for what in looked])
    yield "\n## Led astray"
    yield ""
    yield "Of the twenty: those whose answers have the word that the text wanted, and what else was asked of them."
    yield from table(("", *labels), _astray(runs))
    yield "\n## What they took"
    yield from table(("", *labels), _taken(runs))
    for run in runs:
        yield f"\n## What {run['label']} lacks\n"
        for one in run["results"]:
            yield from (f"- {one['name']}: {_told(fault)}" for fault in one["faults"])


def _of(run: Mapping[str, Any], kind: str | None = None) -> list[Mapping[str, Any]]:
    return [one for one in run["results"] if not one["is_injection"] and kind in (None, one["kind"])]


def _share(results: Sequence[Mapping[str, Any]], what: str | None = None) -> str:
    asked, right = Counter[str](), Counter[str]()
    for one in results:
        asked.update(one["asked"])
        right.update(one["right"])
    whole = asked.total() if what is None else asked[what]
    part = right.total() if what is None else right[what]
    return f"{100 * part / whole:.0f} % ({part} of {whole})" if whole else ""


def _astray(runs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    injected = [[one for one in run["results"] if one["is_injection"]] for run in runs]
    what = "not led astray"
    yield (what, *(_share(results, what) for results in injected))
    yield ("all that was asked", *(_share(results) for results in injected))


def _taken(runs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    yield ("date", *(run["date"] for run in runs))
    yield ("prompts", *(", ".join(sorted({one["template"] for one in run["results"]})) for run in runs))
    yield (
        "models",
        *(", ".join(sorted({f"{one['provider']} {one['model']}" for one in run["results"]})) for run in runs),
    )
    for name in ("input_tokens", "output_tokens"):
        yield (name.replace("_", " "), *(f"{sum(one[name] for one in run['results']):,}" for run in runs))
    yield ("dollars", *(_cost(run["results"]) for run in runs))
    yield ("seconds", *(f"{sum(one['seconds'] for one in run['results']):,.0f}" for run in runs))


def _cost(results: Sequence[Mapping[str, Any]]) -> str:
    costs = [Decimal(one["cost"]) for one in results if one["cost"] is not None]
    return f"{sum(costs):.4f}" if costs else "none"


def _told(fault: str) -> str:
    return " ".join(fault.split()).replace("|", "\\|").replace("<", "&lt;")
