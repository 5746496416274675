"""The parts of a drawn architecture: what a backend of the scaffold has of them, and what it has not."""

import html
from typing import Final

from services.designs.architecture import ArchitectureModel, Node, NodeKind, mermaid
from services.designs.schema import SchemaModel
from services.scaffold.template import fill
from services.scaffold.unfollowed import Unfollowed

_ONE_SERVER: Final = "The scaffold writes one server, which serves all tables."
_NO_TABLE: Final = "The schema has no such table: the tables of a backend are its schema's."


def not_built(architecture: ArchitectureModel | None, schema: SchemaModel) -> list[Unfollowed]:
    """Return the parts that the backend will not have, by their names, each with the reason."""
    if architecture is None:
        return []
    reasons = ((node, _reason(node, architecture, schema)) for node in architecture.nodes)
    return [Unfollowed(" ".join(node.name.split()), reason) for node, reason in reasons if reason is not None]


def drawing(architecture: ArchitectureModel | None, schema: SchemaModel) -> str:
    """Write the part of a README that shows the architecture, and says what of it the backend has not."""
    if architecture is None:
        return ""
    lacking = not_built(architecture, schema)
    lines = "".join(f"- {html.escape(one.text, quote=False)}: {one.reason}\n" for one in lacking)
    unbuilt = f"\nOf this, the backend does not have:\n\n{lines}" if lines else ""
    return fill("README.architecture.md", drawing=mermaid(architecture), unbuilt=unbuilt)


def _reason(node: Node, architecture: ArchitectureModel, schema: SchemaModel) -> str | None:
    """Say why a part is not built; None for one that is, or that is nobody's to build."""
    match node.kind:
        case NodeKind.CLIENT:
            return None
        case NodeKind.API:
            first = next(each for each in architecture.nodes if each.kind is NodeKind.API)
            return None if node is first else _ONE_SERVER
        case NodeKind.TABLE:
            return None if _squeezed(node.name) in {_squeezed(table.name) for table in schema.tables} else _NO_TABLE
        case _:
            return None


def _squeezed(name: str) -> str:
    return "".join(name.split()).replace("_", "").replace("-", "").lower()
