"""Twenty architectures as teams draw them, each with what its backend says when rows are made, changed and deleted.

A line is a path through the drawing: `KIND Name | description > KIND Name`; an arrow may have its label, `-label>`.
"""

import re
from typing import Final

from services.core.frozen import frozen
from services.designs.architecture import ArchitectureModel, Edge, Node, NodeKind

_ARROW: Final = re.compile(r" (?:>|-([^>]+)>) ")


@frozen
class Drawing:
    tables: tuple[str, ...]
    paths: tuple[str, ...]
    says: frozenset[tuple[str, str]] = frozenset()
    """The queues and functions, as their backend calls them, and the types of messages that come to each."""
    buckets: tuple[str, ...] = ()
    """Their routes."""
    calls: str | None = None
    """The function that is edited to ask the service `bank` and to keep its answer in the cache `rates`."""

    @property
    def architecture(self) -> ArchitectureModel:
        nodes: dict[str, Node] = {}
        edges: list[Edge] = []
        for path in self.paths:
            first, *rest = _ARROW.split(path)
            before = _node(first, nodes)
            for label, text in zip(rest[::2], rest[1::2], strict=True):
                node = _node(text, nodes)
                edges.append(Edge(from_node=before.id, to_node=node.id, label=label or ""))
                before = node
        return ArchitectureModel(tuple(nodes.values()), tuple(edges))


def _node(text: str, nodes: dict[str, Node]) -> Node:
    """Return the node of a text, which is a new one where its kind and name were not there before."""
    drawn, _, description = text.partition(" | ")
    kind, name = drawn.split(" ", 1)
    return nodes.setdefault(drawn, Node(f"n{len(nodes)}", NodeKind[kind], name, description))


def _says(**types: str) -> frozenset[tuple[str, str]]:
    """Return what parts say, each part with the types of its messages: `orders_placed="orders.created"`."""
    return frozenset((part.replace("_", "-"), kind) for part, kinds in types.items() for kind in kinds.split())


def _every(table: str) -> str:
    return f"{table}.created {table}.updated {table}.deleted"


DRAWINGS: Final = {
    "a bicycle shop": Drawing(
        ("orders",),
        (
            "API Shop > QUEUE Orders placed",
            "API Shop > TOPIC Order events > QUEUE Audit",
            "TOPIC Order events > FUNCTION Send mails",
            "BUCKET Photos",
            "FUNCTION Cleanup | Every minute.",
        ),
        _says(
            orders_placed="orders.created",
            audit=_every("orders"),
            send_mails=_every("orders"),
            cleanup="clock.cleanup",
        ),
        ("photos",),
    ),
    "a bank's rates": Drawing(
        ("loans",),
        (
            "API Loans > EXTERNAL Bank",
            "API Loans > CACHE Rates",
            "API Loans -loan created> FUNCTION Check rate",
        ),
        _says(check_rate="loans.created"),
        calls="checkRate",
    ),
    "a clinic": Drawing(
        ("patients", "visits"),
        ("CLIENT Web > API Clinic > QUEUE Visit booked > FUNCTION Remind patient", "API Clinic > BUCKET X-ray images"),
        _says(remind_patient="visits.created"),
        ("x-ray-images",),
    ),
    "a beekeeper's log": Drawing(
        ("hives", "mite_counts"),
        ("API Log > TOPIC Mite count events > QUEUE Alarms", "API Log > TOPIC Hive removed > QUEUE Alarms"),
        _says(alarms=f"{_every('mite_counts')} hives.deleted"),
    ),
    "a newspaper": Drawing(
        ("articles", "comments"),
        (
            "API Desk -article updated> QUEUE Search index",
            "API Desk -comment created> QUEUE Moderation > FUNCTION Weigh words",
            "BUCKET Bilder für die Zeitung",
        ),
        _says(search_index="articles.updated", weigh_words="comments.created"),
        ("bilder-fur-die-zeitung",),
    ),
    "a warehouse whose parts are called by what they are": Drawing(
        ("parcels",),
        (
            "API API -parcel events> QUEUE SQS",
            "API API -parcel deleted> TOPIC SNS > QUEUE Queue",
            "BUCKET S3 bucket",
            "FUNCTION Lambda | every minute",
        ),
        _says(queue=_every("parcels"), queue_2="parcels.deleted", function="clock.function"),
        ("bucket",),
    ),
    "a choir": Drawing(
        ("songs",),
        ("API Choir > BUCKET Sheet music", "API Choir > BUCKET Recordings", "API Choir > BUCKET Recordings (raw)"),
        buckets=("sheet-music", "recordings", "recordings-raw"),
    ),
    "a ferry line": Drawing(
        ("bookings", "crossings"),
        (
            "API Ferries > TOPIC Booking created > FUNCTION Ticket",
            "TOPIC Booking created > FUNCTION Statistics",
            "TOPIC Booking created > QUEUE Booking ledger",
            "API Ferries > TOPIC Crossing updated > FUNCTION Statistics",
        ),
        _says(
            ticket="bookings.created",
            statistics="bookings.created crossings.updated",
            booking_ledger="bookings.created",
        ),
    ),
    "a school": Drawing(
        ("pupils",),
        ("API School > QUEUE Pupil registered -first> FUNCTION Welcome", "QUEUE Pupil registered > FUNCTION Timetable"),
        _says(welcome="pupils.created", timetable="pupils.created"),
    ),
    "a museum with a very long drawing": Drawing(
        ("exhibits",),
        (
            "API Museum -exhibit created> QUEUE Everything that has to be done when something new has come in",
            "API Museum -exhibit deleted> QUEUE Everything that has to be done when something old has gone out",
        ),
        frozenset(
            {
                ("everything-that-has-to-be-done-8306", "exhibits.created"),
                ("everything-that-has-to-be-done-a635", "exhibits.deleted"),
            }
        ),
    ),
    "a farm": Drawing(
        ("animals",),
        ("API Farm -animal changed> QUEUE 🐄 updates 🐄", "FUNCTION 2nd milking | each minute", "BUCKET 🐄"),
        _says(updates="animals.updated", function_2_nd_milking="clock.function-2-nd-milking"),
        ("bucket",),
    ),
    "a library whose queue is called like its table": Drawing(
        ("books", "loans"),
        ("API Books -book events> QUEUE Books", "API Books -loan events> TOPIC loans > QUEUE Loans", "BUCKET books"),
        _says(books_queue=_every("books"), loans_queue=_every("loans")),
        ("books-bucket",),
    ),
    "a railway": Drawing(
        ("trains", "train_stops"),
        ("API Rails > QUEUE Train stop updated", "API Rails > QUEUE Trains updated"),
        _says(train_stop_updated="train_stops.updated", trains_updated="trains.updated"),
    ),
    "a bakery by night": Drawing(
        ("loaves",),
        ("FUNCTION Bake | every minute", "FUNCTION Count | every 1 minutes", "FUNCTION Close | every day at 18:00"),
        _says(bake="clock.bake", count="clock.count"),
    ),
    "an exchange whose rates come from a bank": Drawing(
        ("trades",),
        (
            "API Exchange > QUEUE Trade created > FUNCTION Settle > EXTERNAL Bank",
            "FUNCTION Settle > CACHE Rates",
            "API Exchange > TOPIC Trade deleted > QUEUE Cancelled",
        ),
        _says(settle="trades.created", cancelled="trades.deleted"),
        calls="settle",
    ),
    "a gallery": Drawing(
        ("paintings",),
        ("API Gallery > BUCKET Scans > FUNCTION Thumbnails", "API Gallery -painting created> FUNCTION Thumbnails"),
        _says(thumbnails="paintings.created"),
        ("scans",),
    ),
    "a city with all there is": Drawing(
        ("reports", "streets"),
        (
            "CLIENT App > API City > TABLE Reports",
            "API City > TABLE Streets",
            "API City > QUEUE Report received > FUNCTION Sort",
            "API City > TOPIC Street events > QUEUE Maps",
            "TOPIC Street events > FUNCTION Redraw",
            "API City > BUCKET Evidence",
            "API City > CACHE Rates",
            "FUNCTION Sort > EXTERNAL Bank",
            "FUNCTION Archive | every minute > BUCKET Evidence",
        ),
        _says(
            sort="reports.created",
            maps=_every("streets"),
            redraw=_every("streets"),
            archive="clock.archive",
        ),
        ("evidence",),
        calls="sort",
    ),
    "two servers of a drawing, of which one is built": Drawing(
        ("invoices",),
        ("API Front -invoice created> QUEUE Print", "API Back -invoice deleted> QUEUE Shred"),
        _says(print="invoices.created", shred="invoices.deleted"),
    ),
    "a queue of a queue": Drawing(
        ("jobs",),
        ("API Work -job created> QUEUE Fast > QUEUE Slow", "QUEUE Fast > FUNCTION Do"),
        _says(do="jobs.created"),
    ),
    "thirty queues": Drawing(
        ("events",),
        tuple(f"API Hub -event created> QUEUE Line {number}" for number in range(1, 31)),
        frozenset((f"line-{number}", "events.created") for number in range(1, 31)),
    ),
}
