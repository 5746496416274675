"""What follows from the costs of one process and from the calls of each operation: a fleet, its limits, its dollars."""  # noqa: INP001 - benchmarks are not a package

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

from bench.scale import prices
from graph.rights import NEXT_LOOK
from services.core.frozen import frozen
from services.generations.model import GENERATIONS as GENERATIONS_TABLE

USED: Final = 0.7
"""Of a core: what is left is for peaks, and for a process whose neighbour ends."""
PACE: Final = 100
"""Events a second of a model that writes: a token each."""
LENGTH: Final = 60
"""Seconds that it writes."""
GATHERED: Final = 10
"""Events in an append, where they come faster than Redis takes them."""
WATCHERS: Final = 2
"""Sockets that follow a generation, at different processes."""
STAY: Final = 1800
"""Seconds that a socket stays."""
SOCKETS: Final = 1_000_000
GENERATIONS: Final = 10_000
"""At once."""
LEASE: Final = 60
POLL: Final = 0.5
"""Seconds between two looks of a running job at its record."""
GIB: Final = 1024**3
FRAME: Final = 220
"""Bytes of a frame with a token, its cursor, and what IP and TLS add."""
HOUR: Final = 3600
MILLION: Final = 1e6
BEAT: Final = 1 + sum(2 if index.sort == "updatedAt" else 1 for index in GENERATIONS_TABLE.indexes)
"""Write units of a heartbeat: of a record of up to 1 KB and its indexes, of which it goes out and in where its key
changes."""


@frozen
class Limit:
    what: str
    needed: float
    limit: float
    knob: str

    @property
    def times(self) -> float:
        """How many times over the limit the target is."""
        return self.needed / self.limit


@frozen
class Model:
    costs: Mapping[str, float]
    chunk: float
    """Seconds of a worker's CPU for a token of a model, through Redis to a subscriber's hub."""
    calls: Mapping[str, Mapping[str, Any]]

    @property
    def append(self) -> float:
        """Seconds of Redis's CPU for an event that WATCHERS processes hear of."""
        one, four = self.costs["Redis, an append heard by 1"], self.costs["Redis, an append heard by 4"]
        return one + (four - one) * (WATCHERS - 1) / 3

    @property
    def frame(self) -> float:
        return self.costs["1 subscriber, 500 events/s, per frame"]

    def generation(self, kind: str) -> Mapping[str, float]:
        """Return the units and requests of a generation: asked for, and done in LENGTH seconds."""
        asked, done = self.calls[f"generate {kind}"], self.calls[f"{kind}, from its message to its end"]
        beats = LENGTH / (LEASE / 3)

        def count(service: str, *names: str) -> float:
            rows = (asked["calls"], done["calls"])
            return sum(
                number
                for row in rows
                for name, number in row.items()
                if name.startswith(f"{service} ") and (not names or name.split()[1] in names)
            )

        return {
            "reads": asked["readUnits"] + done["readUnits"] + LENGTH / POLL + beats,
            "writes": asked["writeUnits"] + done["writeUnits"] + beats * BEAT,
            "open": asked["openUnits"] + done["openUnits"] + beats * 2,
            "queue": count("sqs") + beats,
            "topic": count("sns"),
            "puts": count("s3", "PutObject"),
            "gets": count("s3", "GetObject"),
        }

    @property
    def servers(self) -> int:
        """Redis servers for all that is written at once."""
        return ceil(GENERATIONS * PACE * self.append / USED)

    @property
    def workers(self) -> int:
        return ceil(GENERATIONS * PACE * self.chunk / USED)

    @property
    def apis(self) -> Mapping[str, float]:
        """Return the cores of apis, by what takes them."""
        return {
            "frames of what is being written": GENERATIONS * WATCHERS * PACE * self.frame / USED,
            "sockets that wait": SOCKETS * self.costs["an idle socket, per second"] / USED,
            "handshakes": SOCKETS / STAY * self.costs["handshake and subscription"] / USED,
        }

    @property
    def memory(self) -> float:
        """Bytes of all sockets."""
        return SOCKETS * self.costs["memory of an idle subscription"]

    def limits(self) -> Sequence[Limit]:
        """Return what the target needs of each thing that has an end, most first."""
        code, apis, started = self.generation("CODE"), ceil(sum(self.apis.values())), GENERATIONS / LENGTH
        streams = GENERATIONS * PACE
        found = [
            Limit(
                "writes of OpenIndex, one partition for all generations that go on (and of StatusIndex), a second",
                started * code["open"],
                1000,
                "the list of files out of the record, or out of these indexes; their partitions in shards by the id",
            ),
            Limit(
                "appends at one Redis server, a second",
                streams,
                USED / self.append,
                "more addresses in `EVENTS_URL`: streams spread by themselves",
            ),
            Limit(
                "reads of the table of generations, units a second",
                GENERATIONS / POLL,
                40_000,
                "AWS's quota of a table, which can be raised; the pause between two looks at a record",
            ),
            Limit(
                "writes of the table of generations with its indexes, units a second",
                started * code["writes"],
                40_000,
                "the same quota",
            ),
            Limit(
                "connections of a Redis server (65,000 at ElastiCache, 10,000 by default)",
                (apis + self.workers) * 17,
                65_000,
                "connections of a process (at most 16, and one to listen); fewer, larger processes",
            ),
            Limit(
                "reads of the partition of news of access, units a second",
                apis / 2,
                3000,
                "the pause between two readings (2 s); news through Redis",
            ),
            Limit(
                "reads of users and memberships, units a second",
                SOCKETS * self.calls["a socket's rights, looked at again"]["readUnits"] / NEXT_LOOK,
                40_000,
                f"the quota; the pause between two looks at a socket's rights ({NEXT_LOOK:g} s)",
            ),
            Limit("messages in flight in the queue of generations", GENERATIONS, 120_000, "a second queue"),
            Limit("PUTs to the bucket, a second", started * code["puts"], 3500, "none: prefixes split by themselves"),
            Limit("messages to the topic, a second", started * code["topic"], 30_000, "AWS's quota"),
        ]
        return sorted(found, key=lambda limit: -limit.times)

    def dollars_of_generations(self, kind: str) -> Mapping[str, float]:
        """Return what a thousand generations cost, without the model's price, each followed by one."""
        unit, events = self.generation(kind), PACE * LENGTH
        cpu = prices.CPU.dollars + prices.MEMORY.dollars
        thousand = {
            "DynamoDB, writes": unit["writes"] * prices.WRITES.dollars / MILLION,
            "DynamoDB, reads": unit["reads"] * prices.READS.dollars / MILLION,
            "SQS": unit["queue"] * prices.QUEUE.dollars / MILLION,
            "SNS": unit["topic"] * prices.TOPIC.dollars / MILLION,
            "S3": (unit["puts"] * prices.PUTS.dollars + unit["gets"] * prices.GETS.dollars) / MILLION,
            "worker": events * self.chunk / USED / HOUR * cpu,
            "Redis": events * self.append / USED / HOUR * prices.REDIS.dollars,
            "api, for one who follows": events * self.frame / USED / HOUR * cpu,
            "sent to who follows": events * FRAME / 1e9 * prices.OUT.dollars,
        }
        return {name: 1000 * dollars for name, dollars in thousand.items()}

    def dollars_of_hours(self) -> Mapping[str, tuple[float, float]]:
        """Return what a thousand hours cost of a socket on which nothing comes, and of one on which PACE frames do."""
        idle, frames = self.costs["an idle socket, per second"], PACE * HOUR
        handshake = HOUR / STAY * self.costs["handshake and subscription"]
        looks = HOUR / NEXT_LOOK * self.calls["a socket's rights, looked at again"]["readUnits"]
        begun = HOUR / STAY * self.calls["handshake, subscription and its first event"]["readUnits"]
        waiting = {
            "memory": self.costs["memory of an idle subscription"] / 1e9 * prices.MEMORY.dollars,
            "CPU": (idle * HOUR + handshake) / USED / HOUR * prices.CPU.dollars,
            "DynamoDB": (looks + begun) * prices.READS.dollars / MILLION,
            "load balancer": prices.BALANCER.dollars,
            "sent": 0.0,
        }
        told = {
            "CPU": waiting["CPU"] + frames * self.frame / USED / HOUR * prices.CPU.dollars,
            "sent": frames * FRAME / 1e9 * prices.OUT.dollars,
        }
        return {name: (1000 * cost, 1000 * told.get(name, cost)) for name, cost in waiting.items()}
