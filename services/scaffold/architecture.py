"""The scaffold's architecture: the parts of the backend that it writes for a schema, and those that are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.designs.architecture import DESCRIPTION_LENGTH, ArchitectureModel, Edge, Node, NodeKind
from services.designs.schema import SchemaModel
from services.scaffold.names import slug
from services.scaffold.parts.said import SaidPart, said_parts

_API: Final = "api"
_MOST_TABLES: Final = 50
_USES: Final[Mapping[NodeKind, str]] = {
    NodeKind.BUCKET: "keeps files",
    NodeKind.CACHE: "keeps copies",
    NodeKind.EXTERNAL: "calls",
}


def derive_architecture(project_name: str, schema: SchemaModel | None, description: str = "") -> ArchitectureModel:
    """Draw the client, the API, a table for each of the schema's, what checks identities, and what is said besides."""
    tables = schema.tables[:_MOST_TABLES] if schema else ()
    names = {table.name: f"table_{number}" for number, table in enumerate(tables, start=1)}
    name = " ".join(project_name.split())[:80] or slug(project_name)
    nodes = [
        Node(id="client", kind=NodeKind.CLIENT, name="Clients", description="Web pages, apps and other programs."),
        Node(id=_API, kind=NodeKind.API, name=f"{name} API", description="Express and TypeScript."),
    ]
    has_accounts = schema is not None and schema.accounts is not None
    if not has_accounts:
        nodes.append(
            Node(id="identity", kind=NodeKind.EXTERNAL, name="Identity provider", description="Issues the JWTs.")
        )
    nodes += [
        Node(id=names[table.name], kind=NodeKind.TABLE, name=table.name, description=_columns(len(table.fields)))
        for table in tables
    ]
    parts = said_parts(description, schema)
    nodes += [
        Node(id=_id(number), kind=part.kind, name=part.name, description=_description(part))
        for number, part in enumerate(parts, start=1)
    ]
    edges = [
        Edge(from_node="client", to_node=_API, label="HTTPS, JSON"),
        Edge(from_node="client", to_node=_API if has_accounts else "identity", label="signs in"),
        *(Edge(from_node=_API, to_node=node, label="reads and writes") for node in names.values()),
        *_uses(parts),
    ]
    return ArchitectureModel(nodes=tuple(nodes), edges=tuple(edges))


def _columns(count: int) -> str:
    return f"DynamoDB table, {count} field{'' if count == 1 else 's'}."


def _id(number: int) -> str:
    return f"part_{number}"


def _uses(parts: Sequence[SaidPart]) -> Iterator[Edge]:
    """Yield what leads to each part: the queue or topic before it, or the API; nothing where it runs by the clock."""
    ids = {part.name: _id(number) for number, part in enumerate(parts, start=1)}
    for number, part in enumerate(parts, start=1):
        if part.after is not None:
            yield Edge(from_node=ids[part.after], to_node=_id(number), label="calls")
        elif part.kind is not NodeKind.FUNCTION or part.label:
            yield Edge(from_node=_API, to_node=_id(number), label=part.label or _USES.get(part.kind, ""))


def _description(part: SaidPart) -> str:
    """Return in which words a part was asked for: of a function, also when it runs."""
    return part.clause[:DESCRIPTION_LENGTH]
