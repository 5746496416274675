"""The thirty tasks of the evaluation, each with what a good answer to it has.

Their descriptions are of apps that neither the prompts nor the scaffold were made with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from services.core.frozen import frozen


@frozen
class Said:
    """What a schema of a description has, in the words of tests/sentences/score.py."""

    entities: Sequence[str]
    attributes: Sequence[str] = ()
    relations: Sequence[str] = ()
    optional: Sequence[str] = ()


@frozen
class Drawn:
    """What an architecture has: nodes by their kinds, whose names have these words."""

    nodes: Sequence[tuple[str, str]]


@frozen
class Built:
    """What code does: rows of these tables come, change and go, over HTTP."""

    tables: Sequence[str]


@frozen
class Told:
    """What a text has, and what it has not; both are patterns."""

    has: Sequence[str]
    never: Sequence[str] = ()


Wanted = Said | Drawn | Built | Told


@frozen
class Task:
    name: str
    kind: str
    prompt: str
    wanted: Wanted
    schema: Mapping[str, Any] | None = None
    """The project's, where the kind reads one."""
    nodes: Sequence[Mapping[str, str]] = ()
    """The project's architecture: of its nodes, the first is an API, which leads to all others."""
    after: str | None = None
    """The task whose answer this one changes."""
    project: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name and description, where they are not to be plain."""


def _table(name: str, *fields: str, **more: Any) -> dict[str, Any]:
    """Return a table that everybody may use: fields are `name` or `name:TYPE`."""
    pairs = [text.partition(":") for text in fields]
    anybody = [{"audience": "PUBLIC"}]
    return {
        "name": name,
        "fields": [
            {"name": "id", "type": "STRING", "primaryKey": True},
            *({"name": own, "type": kind or "STRING"} for own, _, kind in pairs),
        ],
        "policy": {"create": anybody, "read": anybody, "update": anybody, "delete": anybody},
        **more,
    }


def _schema(*tables: Mapping[str, Any], relationships: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {"tables": list(tables), "relationships": list(relationships)}


_KITES: Final = _schema(_table("kites", "name", "wingspan:INTEGER"))
_PUPPETS: Final = _schema(
    _table("theatres", "name", "seats:INTEGER"),
    _table("puppets", "name", "height:FLOAT", "theatreId"),
    relationships=[{"fromTable": "theatres", "toTable": "puppets", "type": "ONE_TO_MANY", "field": "theatreId"}],
)
_TIDES: Final = _schema(
    _table("gauges", "name", "latitude:FLOAT", "longitude:FLOAT"),
    _table("readings", "level:DECIMAL", "measuredAt:DATETIME", "gaugeId"),
    relationships=[{"fromTable": "gauges", "toTable": "readings", "type": "ONE_TO_MANY", "field": "gaugeId"}],
)

_SCHEMAS: Final = (
    Task(
        "kite club",
        "SCHEMA",
        "A club for kite flyers: members own kites, a kite has a name and a wingspan in centimetres.",
        Said(("members", "kites"), ("kites.name:text", "kites.wingspan:number"), ("members > kites",), ("clubs",)),
    ),
    Task(
        "puppet theatres",
        "SCHEMA",
        (
            "Theatres put on puppet shows. A show has a title and a start time, and is played by many puppets; a "
            "puppet plays in many shows."
        ),
        Said(
            ("theatres", "shows", "puppets"),
            ("shows.title:text", "shows.startTime/startsAt/startAt:datetime"),
            ("theatres > shows", "shows <> puppets"),
            ("puppet_shows",),
        ),
    ),
    Task(
        "tide gauges",
        "SCHEMA",
        "Harbours have gauges for the tide. Every gauge takes readings with a water level and the time of measurement.",
        Said(
            ("harbours", "gauges", "readings"),
            ("readings.waterLevel/level:number",),
            ("harbours > gauges", "gauges > readings"),
            ("tides",),
        ),
    ),
    Task(
        "lost property",
        "SCHEMA",
        (
            "A lost property office: finders hand in items with a description and the place they were found; owners "
            "claim items, and a claim is open, accepted or rejected."
        ),
        Said(
            ("finders", "items", "owners", "claims"),
            ("items.description:text", "claims.status/state:enum(open,accepted,rejected)"),
            ("finders > items", "items > claims", "owners > claims"),
            ("offices", "places"),
        ),
    ),
    Task(
        "sheet music",
        "SCHEMA",
        (
            "A lending library for sheet music. Scores have a title, a composer and a number of copies. Choirs borrow "
            "scores until a due date."
        ),
        Said(
            ("scores", "choirs"),
            ("scores.title:text", "scores.composer:text", "scores.copies/numberOfCopies/copyCount:integer"),
            ("scores <> choirs",),
            ("loans", "composers", "borrowings", "libraries", "copies"),
        ),
    ),
    Task(
        "allotments",
        "SCHEMA",
        (
            "An allotment association rents out plots. A plot has a number and an area; tenants rent plots and pay a "
            "yearly fee. There is a waiting list of applicants."
        ),
        Said(
            ("plots", "tenants", "applicants"),
            ("plots.number:text|integer", "plots.area:number"),
            ("plots - tenants",),
            ("rentals", "fees", "payments", "associations", "waiting_lists", "allotments", "waiting_list_entries"),
        ),
    ),
    Task(
        "bell towers",
        "SCHEMA",
        (
            "Bell ringers keep a record of peals: the tower, the date, the number of changes, and which ringer rang "
            "which bell. Bells have a weight and belong to a tower."
        ),
        Said(
            ("ringers", "peals", "towers", "bells"),
            (
                "peals.date/rungOn:date|datetime",
                "peals.changes/numberOfChanges/changeCount:integer",
                "bells.weight:number",
            ),
            ("towers > peals", "towers > bells", "ringers <> peals"),
            ("records", "changes", "performances", "ringings"),
        ),
    ),
    Task(
        "ferry crew",
        "SCHEMA",
        (
            "Crew rosters for a ferry line: ships, crew members with an email that is unique and a rank, and shifts of"
            " a crew member on a ship from one time to another."
        ),
        Said(
            ("ships", "crew_members", "shifts"),
            ("crew_members.email:text", "crew_members.rank:text"),
            ("ships > shifts", "crew_members > shifts"),
            ("rosters", "lines", "ferry_lines"),
        ),
    ),
    Task(
        "fossils",
        "SCHEMA",
        (
            "A collection of fossils: every specimen was found at a site by a collector, has a catalogue number that "
            "is unique, an age in millions of years and optional notes."
        ),
        Said(
            ("specimens", "sites", "collectors"),
            (
                "specimens.catalogueNumber/catalogNumber:text",
                "specimens.age/ageInMillionsOfYears:number",
                "specimens.notes:text",
            ),
            ("sites > specimens", "collectors > specimens"),
            ("collections", "fossils"),
        ),
    ),
    Task(
        "repair cafe",
        "SCHEMA",
        (
            "A repair café where visitors bring broken devices. A volunteer takes on a repair of a device; a repair is"
            " waiting, under way, done or given up, and has a cost."
        ),
        Said(
            ("visitors", "devices", "volunteers", "repairs"),
            ("repairs.cost:money|number",),
            ("visitors > devices", "volunteers > repairs", "devices > repairs"),
            ("cafes", "repair_cafes"),
        ),
    ),
)

_ARCHITECTURES: Final = (
    Task(
        "kites with a queue",
        "ARCHITECTURE",
        "A message waits in a queue for every kite that is registered, and a function mails the owner.",
        Drawn((("TABLE", "kites"), ("QUEUE", ""), ("FUNCTION", "mail"))),
        schema=_KITES,
    ),
    Task(
        "puppets with files",
        "ARCHITECTURE",
        "Photos of the puppets are kept in a bucket.",
        Drawn((("TABLE", "theatres"), ("TABLE", "puppets"), ("BUCKET", ""))),
        schema=_PUPPETS,
    ),
    Task(
        "tides with events",
        "ARCHITECTURE",
        "Every reading is published on a topic; readings are cached, and warnings come from the weather service's API.",
        Drawn((("TABLE", "gauges"), ("TABLE", "readings"), ("TOPIC", ""), ("CACHE", ""), ("EXTERNAL", "weather"))),
        schema=_TIDES,
    ),
    Task(
        "kites by themselves",
        "ARCHITECTURE",
        "Just the API and its tables.",
        Drawn((("API", ""), ("TABLE", "kites"))),
        schema=_KITES,
    ),
)

_CODE: Final = (
    Task("code of one table", "CODE", "A register of kites", Built(("kites",)), schema=_KITES),
    Task("code of two tables", "CODE", "Puppets and their theatres", Built(("theatres", "puppets")), schema=_PUPPETS),
    Task("code with decimals and times", "CODE", "Tides", Built(("gauges", "readings")), schema=_TIDES),
    Task(
        "code with a queue",
        "CODE",
        "A register of kites, with mails about new ones",
        Built(("kites",)),
        schema=_KITES,
        nodes=({"kind": "API", "name": "Kites"}, {"kind": "QUEUE", "name": "Kites created"}),
    ),
    Task(
        "code with a bucket",
        "CODE",
        "Puppets with photos",
        Built(("theatres", "puppets")),
        schema=_PUPPETS,
        nodes=({"kind": "API", "name": "Puppets"}, {"kind": "BUCKET", "name": "Photos"}),
    ),
    Task(
        "code that is changed",
        "CODE",
        "Say in the README that kites longer than five metres need a permit.",
        Told((r"(?is)README.*permit",)),
        schema=_KITES,
        after="code of one table",
    ),
)

_LEFT_UNDONE: Final = (r"TODO|TBD|lorem ipsum",)
"""What writers leave in pages that they did not finish: an answer with any of it loses a point."""

_TEXTS: Final = (
    Task(
        "pages about one table",
        "DOCUMENTATION",
        "For developers",
        Told((r"(?i)\bkites\b", r"(?i)wingspan", r"(?i)\bGET\b|query"), _LEFT_UNDONE),
        schema=_KITES,
    ),
    Task(
        "pages about two tables",
        "DOCUMENTATION",
        "For developers",
        Told((r"(?i)\btheatres\b", r"(?i)\bpuppets\b", r"(?i)theatreId"), _LEFT_UNDONE),
        schema=_PUPPETS,
    ),
    Task(
        "pages about readings",
        "DOCUMENTATION",
        "For operators",
        Told((r"(?i)\bgauges\b", r"(?i)\breadings\b", r"(?i)measuredAt"), _LEFT_UNDONE),
        schema=_TIDES,
    ),
    Task(
        "pages about nothing else",
        "DOCUMENTATION",
        "For developers",
        Told((r"(?i)\bkites\b",), (r"(?i)\bpostgres|\bmongo|\bmysql",)),
        schema=_KITES,
    ),
    Task(
        "question about a key",
        "CHAT",
        "Which field is the primary key of the table kites?",
        Told((r"\bid\b",)),
        schema=_KITES,
    ),
    Task(
        "question about a relation",
        "CHAT",
        "Which field of a puppet says which theatre it belongs to?",
        Told((r"theatreId",)),
        schema=_PUPPETS,
    ),
    Task(
        "question about a database",
        "CHAT",
        "Which database does the code that you write for me use?",
        Told((r"(?i)dynamodb",)),
        schema=_KITES,
    ),
    Task(
        "question about what is not there",
        "CHAT",
        "Which type has the field colour of the table kites?",
        Told((r"(?i)\bno\b|\bnot\b|n't|only",), (r"(?i)colour\W+(?:is|has)\W+(?:the type|of type|a|an)\b",)),
        schema=_KITES,
    ),
    Task(
        "question about an index",
        "CHAT",
        "What is an index of a database table for? Answer in one sentence.",
        Told((r"(?i)quer|find|search|look|fast|quick",)),
    ),
    Task(
        "question in another language",
        "CHAT",
        "Welche Tabellen hat mein Schema? Bitte auf Deutsch.",
        Told((r"(?i)gauges", r"(?i)readings", r"(?i)\b(?:die|hat|Tabelle|Tabellen|sind|und)\b")),
        schema=_TIDES,
    ),
)

TASKS: Final = (*_SCHEMAS, *_ARCHITECTURES, *_CODE, *_TEXTS)
