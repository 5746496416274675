"""The data model of an architecture: the parts of a backend and how they connect, for a UI to draw."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

import msgspec

from services.core.errors import Fault, Invalid
from services.core.text import Kind, flaw
from services.designs.part import Part

MAX_NODES: Final = 100
MAX_EDGES: Final = 300
NAME_LENGTH: Final = 100
DESCRIPTION_LENGTH: Final = 500
MAX_BYTES: Final = 300 * 1024
"""Of a whole architecture: what DynamoDB takes in one item, with room to spare."""

_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}", re.ASCII)


class NodeKind(Enum):
    """What a part of an architecture is."""

    CLIENT = "CLIENT"
    """Who calls it: a web page, an app, another program."""
    API = "API"
    """A server that answers requests."""
    FUNCTION = "FUNCTION"
    """Code that runs when something happens."""
    TABLE = "TABLE"
    """A database table."""
    QUEUE = "QUEUE"
    """Messages that wait for one reader."""
    TOPIC = "TOPIC"
    """Messages for any number of readers."""
    BUCKET = "BUCKET"
    """Stored files."""
    CACHE = "CACHE"
    """Copies kept for speed."""
    EXTERNAL = "EXTERNAL"
    """A service of somebody else."""


class Node(Part, frozen=True):
    """`id` is unique in its architecture."""

    id: str
    kind: NodeKind
    name: str
    description: str = ""


class Edge(Part, frozen=True, rename={"from_node": "from", "to_node": "to"}):
    """One part uses another; both are ids of nodes."""

    from_node: str
    to_node: str
    label: str = ""


class ArchitectureModel(Part, frozen=True):
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()


def decode(text: str | bytes) -> ArchitectureModel:
    """Read an architecture from JSON. Raises Invalid with a sentence naming the place."""
    try:
        return msgspec.json.decode(text, type=ArchitectureModel)
    except msgspec.DecodeError as error:
        raise Invalid([Fault(f"The architecture is not valid JSON of an architecture: {error}.")]) from error


def encode(architecture: ArchitectureModel) -> bytes:
    return msgspec.json.encode(architecture)


def validate(architecture: ArchitectureModel) -> list[Fault]:
    """Return every rule that the architecture breaks, each with the path of the place."""
    if len(architecture.nodes) > MAX_NODES or len(architecture.edges) > MAX_EDGES:
        return [Fault(f"An architecture has at most {MAX_NODES} nodes and {MAX_EDGES} edges.")]
    if not architecture.nodes:
        return [Fault("An architecture has at least one node.", ("nodes",))]
    if len(encode(architecture)) > MAX_BYTES:
        return [Fault(f"An architecture has at most {MAX_BYTES // 1024} KiB.")]
    return [*_nodes(architecture), *_edges(architecture)]


def mermaid(architecture: ArchitectureModel) -> str:
    """Write the architecture as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    names = {node.id: f"n{number}" for number, node in enumerate(architecture.nodes, start=1)}
    lines = ["flowchart LR"]
    for node in architecture.nodes:
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f"  {names[node.id]}{opening}{_quoted(node.name)}{closing}")
    for edge in architecture.edges:
        label = f"|{_quoted(edge.label)}|" if edge.label else ""
        lines.append(f"  {names[edge.from_node]} -->{label} {names[edge.to_node]}")
    return "\n".join(lines) + "\n"


_SHAPES: Final = {
    NodeKind.TABLE: ("[(", ")]"),
    NodeKind.BUCKET: ("[(", ")]"),
    NodeKind.QUEUE: ("[[", "]]"),
    NodeKind.TOPIC: ("[[", "]]"),
    NodeKind.FUNCTION: ("(", ")"),
    NodeKind.CLIENT: ("([", "])"),
    NodeKind.EXTERNAL: ("{{", "}}"),
}


def _quoted(text: str) -> str:
    """Write text as Mermaid reads it: quotes, angle brackets and the like as entity codes."""
    coded = "".join(c if c.isalnum() or c in " .,:;/_()+-" else f"#{ord(c)};" for c in " ".join(text.split()))
    return f'"{coded or " "}"'


def _nodes(architecture: ArchitectureModel) -> Iterator[Fault]:
    yield from _repeated((node.id for node in architecture.nodes), "nodes have the id")
    for number, node in enumerate(architecture.nodes):
        where = ("nodes", str(number))
        if not _ID.fullmatch(node.id):
            rule = "starts with a letter and holds letters, digits, underscores and hyphens, at most 63 in all"
            yield Fault(f"A node's id {rule}.", (*where, "id"))
        if not 1 <= len(node.name.strip()) <= NAME_LENGTH:
            yield Fault(f"A node's name has 1 to {NAME_LENGTH} characters.", (*where, "name"))
        yield from _flawed(node.name, Kind.NAME, (*where, "name"))
        if len(node.description) > DESCRIPTION_LENGTH:
            yield Fault(f"A description has at most {DESCRIPTION_LENGTH} characters.", (*where, "description"))
        yield from _flawed(node.description, Kind.LINES, (*where, "description"))


def _edges(architecture: ArchitectureModel) -> Iterator[Fault]:
    ids = {node.id for node in architecture.nodes}
    edges = Counter((edge.from_node, edge.to_node, edge.label) for edge in architecture.edges)
    if edges and max(edges.values()) > 1:
        yield Fault("Two edges have the same from, to and label.", ("edges",))
    for number, edge in enumerate(architecture.edges):
        where = ("edges", str(number))
        for field, end in (("from", edge.from_node), ("to", edge.to_node)):
            if end not in ids:
                yield Fault(f"No node has the id '{end[:100]}'.", (*where, field))
        if edge.from_node == edge.to_node:
            yield Fault("An edge joins two different nodes.", where)
        if len(edge.label) > NAME_LENGTH:
            yield Fault(f"A label has at most {NAME_LENGTH} characters.", (*where, "label"))
        yield from _flawed(edge.label, Kind.LINE, (*where, "label"))


def _flawed(text: str, kind: Kind, field: tuple[str, ...]) -> Iterator[Fault]:
    if (wrong := flaw(text, kind)) is not None:
        yield Fault(f"{field[-1]} {wrong}", field)


def _repeated(names: Iterable[str], what: str) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(f"{count} {what} '{name[:100]}'.", ("nodes",))
