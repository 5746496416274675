"""docs/scale.md, written from bench/scale/costs.json, docs/reference/calls.json and docs/benchmarks-llm.md."""  # noqa: INP001 - benchmarks are not a package

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from bench.scale import model as m
from bench.scale import prices
from bench.scale.model import Model

COSTS: Final = Path(__file__).parent / "costs.json"
DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "scale.md"
CHUNK: Final = "groq, to a subscriber's hub: text, Redis log"
KINDS: Final = ("SCHEMA", "ARCHITECTURE", "DOCUMENTATION", "CHAT", "CODE")
ONE: Final = "100 subscribers, 50 events/s, per frame and subscriber"
TWO: Final = "100 subscribers at two apis, per frame and subscriber"


def written() -> str:
    found: Any = json.loads(COSTS.read_text())
    model = Model(found["costs"], _chunk(), json.loads((DOCS / "reference" / "calls.json").read_text()))
    return "\n".join(
        [
            _head(found, model),
            _one(model),
            _fleet(model),
            _limits(model),
            _dollars(model),
            _seeds(model),
            _prices(),
        ]
    )


def _chunk() -> float:
    """Return the seconds of CPU for a token at 1,000 tokens a second, as docs/benchmarks-llm.md has it."""
    steady = (DOCS / "benchmarks-llm.md").read_text().partition("## 1,000 tokens a second")[2]
    figure = re.search(rf"\| {re.escape(CHUNK)} \| ([0-9.]+) µs", steady)
    if figure is None:
        raise ValueError("docs/benchmarks-llm.md does not say what a token costs.")
    return float(figure[1]) / m.MILLION


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(titles)} |", f"|---|{'--:|' * (len(titles) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _head(found: Any, model: Model) -> str:
    return f"""# How far it scales, and what it costs

Written by `python -m bench.scale.run` ({found["date"]}; {found["machine"]}). It measures what a
process and a Redis cost, in CPU as the operating system counts it (`bench/scale/measure.py`), and calculates the rest
from that, from [the calls of each operation](reference/calls.md) (`make calls`) and from
[what a model's token costs](benchmarks-llm.md) (`python -m bench.llm`), {model.chunk * m.MILLION:.0f} µs with a
subscriber's hub. `--page` only calculates. Other work on the machine makes figures larger.

{m.USED:.0%} of a core are used. A model writes {m.PACE} tokens a second for {m.LENGTH} s, each an event;
{m.WATCHERS} sockets at different processes follow a generation; a socket stays half an hour. What checking code takes
(`CODE_CHECKS`) is not in it: it is npm's and TypeScript's, once for each generation of CODE.
"""


def _one(model: Model) -> str:
    costs = model.costs
    per_core = [
        ("`{ __typename }`, a second", "`{ __typename }`"),
        ("`{ viewer { id } }`, a second", "`{ viewer { id } }`"),
        ("projects with 20 deployments, a second", "project with 20 deployments"),
        ("sockets that connect and subscribe, a second", "handshake and subscription"),
        ("frames a second, each socket another stream", "1 subscriber, 500 events/s, per frame"),
        ("frames a second, 100 sockets on a stream", ONE),
        ("sockets that wait, by CPU", "an idle socket, per second"),
    ]
    rows = [(what, f"{costs[name] * 1e6:,.1f} µs", *_both(m.USED / max(costs[name], 1e-9))) for what, name in per_core]
    memory = costs["memory of an idle subscription"]
    rows.append(("sockets in a GiB", f"{memory / 1024:.1f} KiB", *_both(m.GIB / memory)))
    rows.append(
        ("generations at once, by a worker's CPU", f"{model.chunk * 1e6:.0f} µs", *_both(m.USED / m.PACE / model.chunk))
    )
    for kind in KINDS:
        cost = costs[f"a worker for {kind}"]
        rows.append((f"{kind} by the scaffold, a minute", f"{cost * 1e3:.0f} ms", *_both(60 * m.USED / cost)))
    append = costs["Redis, an append heard by 1"]
    rows.append(("events a second in a Redis, one process listens", f"{append * 1e6:.1f} µs", *_both(m.USED / append)))
    gathered = costs[f"Redis, an append of {m.GATHERED} heard by 1"] / m.GATHERED
    rows.append((f"… {m.GATHERED} events at once", f"{gathered * 1e6:.1f} µs", *_both(m.USED / gathered)))
    rows.append((f"… {m.WATCHERS} processes listen", f"{model.append * 1e6:.1f} µs", *_both(m.USED / model.append)))
    memory_of_events = m.GENERATIONS * m.PACE * m.HOUR * costs["memory in Redis of an event"] / m.GIB
    return f"""## One process, and two

{_table(("", "cost of one", "one process", "two"), rows)}

Processes share nothing but Redis and AWS, so two carry twice as much. Of a stream that sockets at both follow, a frame
costs {costs[TWO] / costs[ONE]:.2f} times what it does at one: each reads the stream once. `WORKER_GENERATIONS` (8) is
how many generations a worker takes at once. A Redis that is busy is given more events at once, since a producer gathers
while an append is under way. An event takes {costs["memory in Redis of an event"]:.0f} bytes there, until an hour after
its stream's end: {memory_of_events:,.0f} GiB where {m.GENERATIONS:,} generations go on all the time.
"""


def _both(figure: float) -> tuple[str, str]:
    return (_whole(figure), _whole(2 * figure))


def _whole(figure: float) -> str:
    """Two digits that count."""
    digits = max(0, len(str(int(figure))) - 2)
    return f"{round(figure, -digits):,.0f}"


def _fleet(model: Model) -> str:
    apis = model.apis
    rows = [(f"cores of apis: {what}", _whole(cores)) for what, cores in apis.items()]
    rows += [
        ("memory of sockets", f"{model.memory / m.GIB:,.0f} GiB"),
        ("cores of workers", _whole(model.workers)),
        ("Redis servers, by CPU", _whole(model.servers)),
        ("frames a second", _whole(m.GENERATIONS * m.WATCHERS * m.PACE)),
        ("events a second", _whole(m.GENERATIONS * m.PACE)),
        ("generations begun a second", _whole(m.GENERATIONS / m.LENGTH)),
    ]
    return f"""## {m.SOCKETS:,} sockets, {m.GENERATIONS:,} generations at once

{_table(("", "needed"), rows)}

Frames decide it. Events that were gathered for a tenth of a second would make a tenth of the frames and appends; today
a producer gathers only while an append is under way.
"""


def _limits(model: Model) -> str:
    limits, code = model.limits(), model.generation("CODE")
    rows = [
        (
            limit.what,
            _whole(limit.needed),
            _whole(limit.limit),
            f"{limit.times:,.2f}",
            _reached(limit.times),
            limit.knob,
        )
        for limit in limits
    ]
    titles = ("limit", "needed", "there is", "times", "generations at once (sockets) there", "knob")
    return f"""## What breaks first

{_table(titles, rows)}

DynamoDB gives a partition 1,000 write units and 3,000 read units a second, and a table 40,000 of each before AWS is
asked for more; S3 gives a prefix 3,500 PUTs a second; SQS a queue 120,000 messages in flight; SNS 30,000 messages a
second in this region. Streams, sockets, processes and queues are independent of each other and have no such limit.

Redis has its knob. What is next has none in the settings: writes of OpenIndex. A generation of CODE takes
{code["open"]:.0f} units there, since its record holds the list of its files (27 KB here), and goes out of the index and
in again whenever it is saved. Where the index is throttled, DynamoDB throttles the writes to its table; calls are tried
again, and jobs take longer.
"""


def _reached(times: float) -> str:
    return f"{_whole(m.GENERATIONS / times)} ({_whole(m.SOCKETS / times)})"


def _dollars(model: Model) -> str:
    kinds = {kind: model.dollars_of_generations(kind) for kind in KINDS}
    names = list(kinds["CODE"])
    rows = [(name, *(f"{kinds[kind][name]:.3f}" for kind in KINDS)) for name in names]
    rows.append(("**all**", *(f"**{sum(kinds[kind].values()):.2f}**" for kind in KINDS)))
    hours = model.dollars_of_hours()
    watched = [(name, *(f"{cost:.4f}" for cost in costs)) for name, costs in hours.items()]
    watched.append(("**all**", *(f"**{sum(costs[place] for costs in hours.values()):.4f}**" for place in (0, 1))))
    return f"""## Dollars

A thousand generations, each {m.LENGTH} s at {m.PACE} tokens a second and followed by one, without the model's price:

{_table(("", *KINDS), rows)}

A thousand hours of watching:

{_table(("", "nothing comes", f"{m.PACE} frames a second"), watched)}

What stands still costs as well: each process looks every five seconds whether DynamoDB, S3 and SQS answer, which takes
{_standing():.2f} dollars a month.
"""


def _standing() -> float:
    """Return the dollars of a month of a process that only looks at its health; DescribeTable is free."""
    looks = 30 * 24 * m.HOUR / 5
    return looks * (prices.QUEUE.dollars + prices.GETS.dollars) / m.MILLION


def _seeds(model: Model) -> str:
    unit = model.generation("CODE")
    month = m.MILLION / unit["queue"]
    now = (unit["writes"] * prices.WRITES.dollars + unit["reads"] * prices.READS.dollars) / m.MILLION
    then = (unit["writes"] * prices.OLD_WRITES + unit["reads"] * prices.OLD_READS) / m.MILLION
    queue, topic = prices.QUEUE.dollars, prices.TOPIC.dollars * month * unit["topic"] / m.MILLION
    bucket = month * (unit["puts"] * prices.PUTS.dollars + unit["gets"] * prices.GETS.dollars) / m.MILLION
    everything = month * sum(model.dollars_of_generations("CODE").values()) / 1000
    rows = [
        ("DynamoDB", "33 (provisioned)", "5 to 20 (all of it)", f"{month * now:.0f}", f"{month * then:.0f}"),
        ("SQS, 1 million requests", "0.40", "", f"{queue:.2f}", f"{queue:.2f}"),
        ("SNS", "0.50 (100,000)", "", f"{topic:.2f}", f"{topic:.2f}"),
        ("S3, requests", "0.40 (1 million)", "", f"{bucket:.2f}", f"{bucket:.2f}"),
        (
            "servers, Redis, data sent",
            "4.50 (50 GB; servers are Vercel's)",
            "",
            f"{everything - month * now - queue - topic - bucket:.0f}",
            "",
        ),
        ("**all**", "**50 to 100**", "**5 to 20**", f"**{everything:.0f}**", ""),
    ]
    return f"""## Beside the seeds

Seed 000 counts a month of 10,000 users: a million requests to SQS. By our calls that is {_whole(month)} generations of
CODE. Seed 001 gives a month of "moderate usage" in DynamoDB, at {prices.OLD_WRITES} dollars a million writes and
{prices.OLD_READS} a million reads. Dollars of that month:

{_table(("", "seed 000", "seed 001", "ours", "at seed 001's prices"), rows)}

Seed 000 has no streams: no Redis, no sockets, no event for a token. That is what servers, Redis and data sent buy.
"""


def _prices() -> str:
    rows = [(f"{price.dollars:.4g} for a {price.unit}", price.source) for price in prices.PRICES]
    return f"""## Prices

List prices of US East (N. Virginia), in dollars, without free tiers and commitments.

{_table(("price", "source"), rows)}
"""
