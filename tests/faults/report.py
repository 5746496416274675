"""The report of a fault run, in Markdown."""

from collections.abc import Iterator

from tests.campaign import circumstances, table
from tests.chaos.checker import Kind
from tests.faults.load import Load
from tests.faults.scripts import BEHAVIOURS, KINDS

_PROMISES = {
    Kind.LOST: "events lost",
    Kind.DUPLICATED: "events duplicated",
    Kind.REORDERED: "events or attempts out of order",
    Kind.TERMINAL: "streams without exactly one terminal event at their end, which the record agrees with",
    Kind.ARTIFACT: "silent halves: not what was meant, not what is stored, a missing file not named, no reason told",
    Kind.GAP: "gaps",
    Kind.STUCK: "generations that did not end",
    Kind.RESUME: "mistakes of the harness when resuming",
}


def lines(load: Load, seconds: float) -> Iterator[str]:
    yield "# Faults of providers"
    yield ""
    yield (
        "How generations ended whose provider misbehaved at random: who, how, and where in an answer. Written "
        f"by `make faults SCRIPTS={load.scripts} SEED={load.seed}`, which fails unless every count below is 0. "
        "What a subscriber sees of each behaviour alone is in [providers.md](providers.md)."
    )
    yield from table(("Promise", "Broken"), ((_PROMISES[kind], _count(load, kind)) for kind in Kind))
    yield from table(("Run", ""), _circumstances(load, seconds))
    statuses = sorted({status for _, status in load.endings})
    yield from table(
        ("How they ended", *KINDS), ((status, *(load.endings[kind, status] for kind in KINDS)) for status in statuses)
    )
    counts, names = load.playing.counts, (*BEHAVIOURS, "as it is to be")
    yield from table(
        ("Behaviour that met a request", "groq", "openai"),
        ((name, counts.get((name, "groq"), 0), counts.get((name, "openai"), 0)) for name in names),
    )
    yield "\n## How to read this\n"
    yield (
        "- A generation meets up to six faults, one a request, and then a provider that answers well; one in eight "
        "meets none that does. One in five is canceled at some moment, one in five may say very few tokens. "
        "What ended INCOMPLETE is mostly continued, and some of the code is changed, each under a script of its own."
    )
    yield (
        "- Every stream has three subscribers: from the start, a late one whose connection is cut and who resumes, and "
        "one after the end. Their events must add up to what is stored, and be the same at the same position."
    )
    yield (
        "- COMPLETED is what the provider meant to say, to the letter; INCOMPLETE names each announced file "
        "that is not whole and no other; FAILED has a reason that a provider can give; CANCELED was asked for. The "
        "answers on the record are the attempts that the stream tells of."
    )
    if load.violations:
        yield "\n## Violations\n\n```"
        yield from map(str, load.violations)
        yield "```"


def _circumstances(load: Load, seconds: float) -> Iterator[tuple[str, object]]:
    yield from circumstances(seconds)
    yield "generations", f"{load.endings.total()}, of which {load.followed['goes on']} went on with another"
    yield "changes of another", load.followed["changes"]
    yield "answers begun", load.answers
    yield "requests", sum(load.playing.counts.values())
    yield "subscribers", f"{load.tally.subscribers}, which resumed {load.tally.resumes} times"
    yield "events received", load.tally.events


def _count(load: Load, kind: Kind) -> int:
    return sum(violation.kind is kind for violation in load.violations)
