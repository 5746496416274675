"""Ten descriptions of very different domains, and the tables that a sensible schema for each must have."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.core.frozen import frozen
from services.scaffold.plurals import singular


@frozen
class Case:
    name: str
    description: str
    needs: tuple[str, ...]
    """Nouns that tables must be called by: a table is called by its last word, as `class_bookings` is by `booking`."""
    links: tuple[tuple[str, str], ...]
    """Pairs of such nouns of which the first must refer to the second."""

    def faults(self, schema: Mapping[str, Any]) -> list[str]:
        """Say what of the domain a schema lacks; a table that no reference joins to another is a fault."""
        tables = {table["name"] for table in schema["tables"]}
        links = [(link["toTable"], link["fromTable"]) for link in schema["relationships"]]
        called = {(_noun(child), _noun(parent)) for child, parent in links}
        nouns = {_noun(table) for table in tables}
        return [
            *(f"no table of {noun}s" for noun in self.needs if noun not in nouns),
            *(
                f"no reference from {child} to {parent}"
                for child, parent in self.links
                if (child, parent) not in called
            ),
            *(f"{table} stands alone" for table in sorted(tables - _joined(links))),
        ]


def _noun(table: str) -> str:
    return singular(table.rpartition("_")[2])


def _joined(links: Sequence[tuple[str, str]]) -> set[str]:
    return {table for link in links for table in link}


CASES: Final = (
    Case(
        "Gym",
        "A gym where members book classes: instructors teach the classes, and every class has a capacity",
        needs=("member", "instructor", "class", "booking"),
        links=(("booking", "class"), ("booking", "member"), ("class", "instructor")),
    ),
    Case(
        "Hospital",
        "Hospital wards: patients are admitted to beds in wards, nurses look after wards, doctors write prescriptions",
        needs=("ward", "bed", "patient", "nurse", "doctor", "prescription", "admission"),
        links=(("bed", "ward"), ("admission", "patient"), ("admission", "bed"), ("prescription", "patient")),
    ),
    Case(
        "Freight",
        "Freight logistics: shipments of customers travel on trucks along routes between warehouses,"
        " and drivers report every stop",
        needs=("customer", "shipment", "truck", "route", "warehouse", "driver", "stop"),
        links=(("shipment", "customer"), ("shipment", "truck"), ("stop", "route"), ("truck", "driver")),
    ),
    Case(
        "Recipes",
        "A recipe sharing site where cooks publish recipes with ingredients,"
        " and others comment, rate and save their favourites",
        needs=("cook", "recipe", "ingredient", "comment", "review", "favourite"),
        links=(("recipe", "cook"), ("ingredient", "recipe"), ("comment", "recipe"), ("review", "recipe")),
    ),
    Case(
        "Library",
        "A library that lends copies of books to members, with authors, reservations, and fines for late returns",
        needs=("book", "copy", "author", "member", "loan", "reservation", "fine"),
        links=(("copy", "book"), ("loan", "member"), ("loan", "copy"), ("fine", "loan"), ("reservation", "book")),
    ),
    Case(
        "Sensors",
        "An IoT fleet of sensors: devices at sites send readings, thresholds raise alerts,"
        " and technicians acknowledge them",
        needs=("device", "sensor", "site", "reading", "threshold", "alert", "technician"),
        links=(("sensor", "device"), ("reading", "sensor"), ("threshold", "sensor"), ("alert", "technician")),
    ),
    Case(
        "Law firm",
        "A law firm's case files: clients, cases, lawyers, hearings, documents and the hours that are billed",
        needs=("client", "case", "lawyer", "hearing", "document", "hour"),
        links=(("case", "client"), ("hearing", "case"), ("document", "case"), ("hour", "lawyer")),
    ),
    Case(
        "Auctions",
        "A marketplace with auctions: sellers list items, buyers place bids, and the winner pays for the item",
        needs=("seller", "buyer", "item", "auction", "bid"),
        links=(("auction", "seller"), ("auction", "item"), ("bid", "auction"), ("bid", "buyer")),
    ),
    Case(
        "Timetable",
        "School timetable: teachers teach subjects to classes in rooms at fixed lessons of the week",
        needs=("teacher", "subject", "class", "room", "lesson"),
        links=(("lesson", "class"), ("lesson", "subject"), ("lesson", "teacher"), ("lesson", "room")),
    ),
    Case(
        "Podcasts",
        "Podcast hosting: shows have episodes, hosts upload audio, listeners subscribe, and downloads are counted",
        needs=("show", "episode", "host", "listener", "subscription", "download"),
        links=(("episode", "show"), ("show", "host"), ("subscription", "listener"), ("download", "episode")),
    ),
)
