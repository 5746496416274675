"""Backends of a small schema with drawn parts."""

from services.designs.architecture import ArchitectureModel, Edge, Node, NodeKind
from services.designs.schema import Audience, Field, FieldType, Grant, Policy, SchemaModel, Table
from services.scaffold.backend import write_backend

SIGNED_IN = (Grant(audience=Audience.SIGNED_IN),)
SCHEMA = SchemaModel(
    tables=(
        Table(
            name="orders",
            fields=(
                Field(name="id", type=FieldType.STRING, primary_key=True),
                Field(name="note", type=FieldType.STRING),
            ),
        ),
    ),
    default_policy=Policy(**dict.fromkeys(("create", "read", "update", "delete"), SIGNED_IN)),
)
API = Node(id="api", kind=NodeKind.API, name="Shop")
PHOTOS = Node(id="photos", kind=NodeKind.BUCKET, name="Photos", description="Pictures of what is sold.")


def backend(*nodes: Node, edges: tuple[Edge, ...] = (), schema: SchemaModel = SCHEMA) -> dict[str, str]:
    """Write the backend of a shop with these parts."""
    architecture = ArchitectureModel((API, *nodes), edges)
    return write_backend(project_name="Shop", description="A shop", schema=schema, architecture=architecture)
