"""The scaffold's architecture: the parts of the backend that it writes for a schema."""

from services.designs.architecture import ArchitectureModel, Edge, Node, NodeKind
from services.designs.schema import SchemaModel
from services.scaffold.names import slug

_API = "api"
_MOST_TABLES = 50


def derive_architecture(project_name: str, schema: SchemaModel | None) -> ArchitectureModel:
    """Draw the client, the API, a table for each of the schema's, and what checks identities."""
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
    edges = [
        Edge(from_node="client", to_node=_API, label="HTTPS, JSON"),
        Edge(from_node="client", to_node=_API if has_accounts else "identity", label="signs in"),
        *(Edge(from_node=_API, to_node=node, label="reads and writes") for node in names.values()),
    ]
    return ArchitectureModel(nodes=tuple(nodes), edges=tuple(edges))


def _columns(count: int) -> str:
    return f"DynamoDB table, {count} field{'' if count == 1 else 's'}."
