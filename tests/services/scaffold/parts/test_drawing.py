"""Tests of what the scaffold says of the parts of an architecture."""

from services.designs.architecture import ArchitectureModel, Edge, Node, NodeKind
from services.designs.schema import Field, FieldType, SchemaModel, Table
from services.scaffold.architecture import derive_architecture
from services.scaffold.backend import write_backend
from services.scaffold.parts.drawing import not_built

KEY = Field(name="id", type=FieldType.STRING, primary_key=True)
SCHEMA = SchemaModel(tables=(Table(name="order_items", fields=(KEY,)),))


def drawn(*nodes: tuple[NodeKind, str], edges: tuple[tuple[str, str], ...] = ()) -> ArchitectureModel:
    made = (Node(id=name.lower().replace(" ", "-"), kind=kind, name=name) for kind, name in nodes)
    return ArchitectureModel(tuple(made), tuple(Edge(from_node=one, to_node=other) for one, other in edges))


def readme(architecture: ArchitectureModel | None) -> str:
    written = write_backend(project_name="Shop", description="", schema=SCHEMA, architecture=architecture)
    return written["README.md"]


def test_what_the_scaffold_draws_itself_is_all_built() -> None:
    architecture = derive_architecture("Shop", SCHEMA)

    assert not_built(architecture, SCHEMA) == []
    assert 'n2["Shop API"]' in readme(architecture)
    assert "does not have" not in readme(architecture)


def test_what_is_not_built_is_told_with_its_reason() -> None:
    architecture = drawn(
        (NodeKind.API, "Shop"),
        (NodeKind.API, "Back office"),
        (NodeKind.TABLE, "Order items"),
        (NodeKind.TABLE, "Ledger <b>"),
        (NodeKind.EXTERNAL, "Identity"),
    )

    told = [(one.text, one.reason) for one in not_built(architecture, SCHEMA)]

    assert told == [
        ("Back office", "The scaffold writes one server, which serves all tables."),
        ("Ledger <b>", "The schema has no such table: the tables of a backend are its schema's."),
    ]
    assert "\n- Ledger &lt;b&gt;: The schema has no such table" in readme(architecture)


def test_a_part_that_is_built_is_not_told() -> None:
    architecture = drawn((NodeKind.BUCKET, "Photos"), (NodeKind.CACHE, "Prices"))

    assert not_built(architecture, SCHEMA) == []
    assert "## The parts beside the tables" in readme(architecture)


def test_without_an_architecture_a_readme_shows_none() -> None:
    assert "mermaid" not in readme(None)
