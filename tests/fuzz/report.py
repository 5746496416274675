"""What came of a fuzz run, and its report in Markdown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.campaign import circumstances, table
from tests.fuzz.calls import Call


@dataclass
class Played:
    """The calls of a run and their answers."""

    wanted: int
    seed: int
    codes: "Counter[tuple[str, str]]"
    """How often a root field was answered by which code."""
    calls: int = 0
    by_caller: "Counter[str]" = field(default_factory=Counter[str])
    slowest: tuple[float, str] = (0.0, "")
    violations: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """A call, and what was wrong with how it was answered."""

    def note(self, call: Call, wrong: str | None, *, seconds: float) -> None:
        self.calls += 1
        self.by_caller[call.caller.value] += 1
        self.slowest = max(self.slowest, (seconds, call.name))
        if wrong is not None:
            self.violations.append((str(call), wrong))


def lines(played: Played, seconds: float) -> Iterator[str]:
    yield "# Calls of everything with anything"
    yield ""
    yield (
        "How random calls of all root fields were answered: with values as they are meant, odd ones of every type, "
        f"and with null. Written by `make fuzz CALLS={played.wanted} SEED={played.seed}`, which fails unless the count "
        "of violations is 0."
    )
    yield from table(
        ("Run", ""),
        [
            *circumstances(seconds),
            ("calls", f"{played.calls:,}"),
            *((f"by {caller}", f"{count:,}") for caller, count in played.by_caller.most_common()),
            ("root fields", len({name for name, _ in played.codes})),
            ("of which some call was FINE", len({name for name, code in played.codes if code == "FINE"})),
            ("slowest call", f"{played.slowest[0]:.1f} s, of {played.slowest[1]}"),
            ("**violations**", f"**{len(played.violations)}**"),
        ],
    )
    totals: Counter[str] = Counter()
    for (_, code), count in played.codes.items():
        totals[code] += count
    fine = {name for name, code in played.codes if code == "FINE"}
    never = sorted({name for name, _ in played.codes} - fine)
    if never:
        yield f"\nNever FINE: {', '.join(f'`{name}`' for name in never)}."
    yield from table(("Answer", "Times"), ((code, f"{count:,}") for code, count in totals.most_common()))
    yield "\n## How to read this\n"
    yield (
        "- A violation is an error with the code INTERNAL or with none, an exception that leaves the schema, an answer "
        "that can't be written as JSON in UTF-8, or no answer within twenty seconds."
    )
    yield (
        "- Values come as literals and as variables. Most variables come as JSON, decoded as a request's are (what is "
        "no JSON in UTF-8 counts as NO_JSON); a quarter are passed on as they are, so that also what no request can "
        "hold, such as half of a surrogate pair, is refused and not failed at."
    )
    yield (
        "- The calls are made in one process with the services, on a stage with things of every kind; ids are of "
        "those, of what calls have made, or made up, and cursors of any list that was shown. An answer counts once for "
        "each of its errors. FINE has none."
    )
    if played.violations:
        yield "\n## Violations\n\n```"
        yield from (f"{wrong}\n    {call}" for call, wrong in played.violations)
        yield "```"
