"""What a backend is to have of a drawn architecture beside its server and its tables, each part with its names."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

from services.core.frozen import frozen
from services.designs.architecture import ArchitectureModel, Node, NodeKind
from services.designs.bucket_names import LONGEST_NAME
from services.scaffold.parts.clock import Schedule, schedule_of
from services.scaffold.parts.tellings import Telling, tellings
from services.scaffold.plan import TablePlan

BUILT: Final = frozenset(
    {
        NodeKind.BUCKET,
        NodeKind.QUEUE,
        NodeKind.TOPIC,
        NodeKind.EXTERNAL,
        NodeKind.FUNCTION,
        NodeKind.CACHE,
    }
)
"""The kinds that become code."""

_CALLING: Final = frozenset({NodeKind.API, NodeKind.FUNCTION})
_KIND_WORDS: Final = {
    NodeKind.BUCKET: ("bucket", "buckets", "s3"),
    NodeKind.QUEUE: ("queue", "queues", "sqs"),
    NodeKind.TOPIC: ("topic", "topics", "sns"),
    NodeKind.EXTERNAL: ("service", "api", "external"),
    NodeKind.FUNCTION: ("function", "functions", "lambda"),
    NodeKind.CACHE: ("cache", "caches", "redis"),
}
"""What a name says of its kind alone; the first is what a part is called of which no more is said."""
_LONGEST: Final = 40
_LONGEST_OTHER: Final = 36
"""Of what has a prefix before and `_dead` behind in the 80 characters of a queue's name."""
_TAKEN: Final = frozenset(
    {"accounts", "auth", "graphql", "health", "live", "openapi", "openapijson", "ready", "server"}
)
"""Routes, and tags of the OpenAPI document, that a backend has for itself."""


@frozen
class PartNames:
    """What a part is called in the places where it appears, in each of them like no other part and no table."""

    shown: str
    """As it was drawn."""
    variable: str
    """Begins its constants and settings, and names its file."""
    route: str
    """In kebab-case."""
    setting: str
    """Begins its environment variables."""
    physical: str
    """Its name in AWS, behind the prefix."""
    resource: str
    """Its logical id in CloudFormation."""


@frozen
class BucketPlan:
    names: PartNames
    description: str


@frozen
class QueuePlan:
    id: str
    """Of its node."""
    names: PartNames
    description: str
    tellings: tuple[Telling, ...]
    """What an API that leads to it tells it of rows; without any, code sends what it likes."""
    functions: tuple[str, ...]
    """The variables of the functions that its messages are for; without any, there is a handler to be written."""


@frozen
class TopicPlan:
    names: PartNames
    description: str
    tellings: tuple[Telling, ...]
    """What an API that leads to it tells of rows."""
    queues: frozenset[str]
    """The ids of the queues that get what is published."""


@frozen
class ExternalPlan:
    """A service of somebody else that the backend calls."""

    names: PartNames
    description: str


@frozen
class FunctionPlan:
    names: PartNames
    description: str
    schedule: Schedule | None


@frozen
class CachePlan:
    names: PartNames
    description: str


@frozen
class PartsPlan:
    buckets: tuple[BucketPlan, ...] = ()
    queues: tuple[QueuePlan, ...] = ()
    topics: tuple[TopicPlan, ...] = ()
    externals: tuple[ExternalPlan, ...] = ()
    functions: tuple[FunctionPlan, ...] = ()
    caches: tuple[CachePlan, ...] = ()

    @property
    def is_in_aws(self) -> bool:
        """Whether any part of it is made in AWS."""
        return bool(self.buckets or self.queues or self.topics)

    @property
    def is_empty(self) -> bool:
        return not (self.is_in_aws or self.externals or self.functions or self.caches)


NO_PARTS: Final = PartsPlan()


def plan_parts(architecture: ArchitectureModel | None, tables: Sequence[TablePlan]) -> PartsPlan:
    """Plan every part that is built, in the order of the nodes."""
    if architecture is None:
        return NO_PARTS
    taken = {_squeezed(name) for table in tables for name in (table.name, table.names.route)} | _TAKEN
    names = _named([node for node in architecture.nodes if node.kind in BUILT], taken)
    return PartsPlan(
        buckets=tuple(BucketPlan(names[node.id], _line(node)) for node in _of(architecture, NodeKind.BUCKET)),
        queues=tuple(_queues(architecture, names, tables)),
        topics=tuple(
            TopicPlan(names[node.id], _line(node), _told(node, architecture, tables), _ends(node, architecture))
            for node in _of(architecture, NodeKind.TOPIC)
        ),
        externals=tuple(
            ExternalPlan(names[node.id], _line(node))
            for node in _of(architecture, NodeKind.EXTERNAL)
            if node.id in called(architecture)
        ),
        functions=tuple(
            FunctionPlan(names[node.id], _line(node), _schedule(node, architecture))
            for node in _of(architecture, NodeKind.FUNCTION)
        ),
        caches=tuple(CachePlan(names[node.id], _line(node)) for node in _of(architecture, NodeKind.CACHE)),
    )


def called(architecture: ArchitectureModel) -> frozenset[str]:
    """Return the ids of what an API or a function uses."""
    callers = {node.id for node in architecture.nodes if node.kind in _CALLING}
    return frozenset(edge.to_node for edge in architecture.edges if edge.from_node in callers)


def _of(architecture: ArchitectureModel, kind: NodeKind) -> Iterator[Node]:
    return (node for node in architecture.nodes if node.kind is kind)


def _line(node: Node) -> str:
    return " ".join(node.description.split())


def _queues(
    architecture: ArchitectureModel, names: Mapping[str, PartNames], tables: Sequence[TablePlan]
) -> Iterator[QueuePlan]:
    """Yield the queues that are drawn, and one for each function that a topic, or an API that tells it, leads to."""
    topics = {end for node in _of(architecture, NodeKind.TOPIC) for end in _ends(node, architecture)}
    for node in architecture.nodes:
        if node.kind not in {NodeKind.QUEUE, NodeKind.FUNCTION}:
            continue
        told, ends = _told(node, architecture, tables), _ends(node, architecture)
        functions = [each for each in _of(architecture, NodeKind.FUNCTION) if each.id in ends]
        if node.kind is NodeKind.FUNCTION:
            if not told and node.id not in topics:
                continue
            functions = [node]
        called_by = tuple(names[each.id].variable for each in functions)
        yield QueuePlan(node.id, _as_queue(names[node.id]), _line(node), told, called_by)


def _as_queue(names: PartNames) -> PartNames:
    """Return what the queue is called in which calls of a function wait; that of a queue itself stays."""
    return replace(names, resource=f"{names.resource.removesuffix('Queue')}Queue")


def _schedule(node: Node, architecture: ArchitectureModel) -> Schedule | None:
    return schedule_of([node.name, node.description, *_labels(node, architecture)])


def _labels(node: Node, architecture: ArchitectureModel) -> list[str]:
    return [edge.label for edge in architecture.edges if edge.to_node == node.id]


def _told(node: Node, architecture: ArchitectureModel, tables: Sequence[TablePlan]) -> tuple[Telling, ...]:
    """Return what the API tells a part: what its name says, and what is at the edges that lead there."""
    servers = {each.id for each in _of(architecture, NodeKind.API)}
    labels = [edge.label for edge in architecture.edges if edge.to_node == node.id and edge.from_node in servers]
    return tellings([node.name, *labels], tables) if labels else ()


def _ends(node: Node, architecture: ArchitectureModel) -> frozenset[str]:
    return frozenset(edge.to_node for edge in architecture.edges if edge.from_node == node.id)


def _named(nodes: Sequence[Node], taken: Collection[str]) -> dict[str, PartNames]:
    names: dict[str, PartNames] = {}
    used = set(taken)
    for node in nodes:
        free = next(words for words in _candidates(node) if "".join(words) not in used)
        used.add("".join(free))
        names[node.id] = _names(node, free)
    return names


def _candidates(node: Node) -> Iterator[list[str]]:
    kind, words = _KIND_WORDS[node.kind][0], _words(node)
    yield words
    if words[-1] != kind:
        yield [*words, kind]
    yield from ([*words, str(number)] for number in count(2))


def _names(node: Node, words: Sequence[str]) -> PartNames:
    kebab = "-".join(words)
    pascal = "".join(word.capitalize() for word in words)
    kind = _KIND_WORDS[node.kind][0].capitalize()
    return PartNames(
        shown=" ".join(node.name.split()),
        variable=pascal[0].lower() + pascal[1:],
        route=kebab,
        setting="_".join(words).upper(),
        physical=_short(kebab, LONGEST_NAME if node.kind is NodeKind.BUCKET else _LONGEST_OTHER),
        resource=f"{pascal}{kind}",
    )


def _words(node: Node) -> list[str]:
    """Return the words of a name in small ASCII letters and digits, the first of which begins with a letter."""
    plain = unicodedata.normalize("NFKD", node.name).encode("ascii", "ignore").decode()
    words = re.findall(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)[0-9]*|[0-9]+", plain[:_LONGEST].replace("'", ""))
    own = [word.lower() for word in words if word.lower() not in _KIND_WORDS[node.kind]]
    if not own:
        return [_KIND_WORDS[node.kind][0]]
    return own if own[0][0].isalpha() else [_KIND_WORDS[node.kind][0], *own]


def _short(kebab: str, longest: int) -> str:
    """Return a name that is short enough; a long one ends with what it differs by."""
    if len(kebab) <= longest:
        return kebab
    return f"{kebab[: longest - 5].strip('-')}-{hashlib.sha256(kebab.encode()).hexdigest()[:4]}"


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
