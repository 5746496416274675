"""What the tables of tests have of architectures."""

from typing import Final

from tests.slice import EDIT, SEE, Create, Entry, Slice, Values

_NODES: Final = [{"id": "api", "kind": "API", "name": "Api"}, {"id": "db", "kind": "TABLE", "name": "Db"}]
_EDGES: Final = [{"from": "api", "to": "db", "label": "reads"}]
_DIAGRAM: Final = {
    "nodes": _NODES[:1],
    "edges": [],
    "nodes.0.id": "web",
    "nodes.0.kind": "QUEUE",
    "nodes.0.name": "Other",
    "nodes.0.description": "what it does",
    "edges.0.from": "nobody",
    "edges.0.to": "nobody",
    "edges.0.label": "writes",
}
_SHOWN: Final = "architecture { nodes { id kind name description } edges { from to label } }"

SLICE: Final = Slice(
    made={
        "architecture": (
            'saveArchitecture(input: {projectId: $project, nodes: [{id: "api", kind: API, name: "Api"}]})',
            "architecture",
        ),
    },
    entries={
        "Query.architecture": Entry("query($architecture: ID!) { architecture(id: $architecture) { id } }", SEE),
        "Mutation.saveArchitecture": Entry(
            "mutation($project: ID!) { saveArchitecture(input: {projectId: $project,"
            ' nodes: [{id: "api", kind: API, name: "Api"}]}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.updateArchitecture": Entry(
            "mutation($architecture: ID!) { updateArchitecture(input: {architectureId: $architecture,"
            ' nodes: [{id: "api", kind: API, name: "Api"}]}) { userErrors { code } } }',
            EDIT,
        ),
        "Mutation.deleteArchitecture": Entry(
            "mutation($freshArchitecture: ID!) {"
            " deleteArchitecture(input: {architectureId: $freshArchitecture}) { userErrors { code } } }",
            EDIT,
        ),
    },
    creates={
        "saveArchitecture": Create(
            "architecture",
            {"projectId": "{project}", "nodes": [{"id": "api", "kind": "API", "name": "Api"}]},
            {"nodes": [{"id": "api", "kind": "API", "name": "Another"}]},
        ),
    },
    makes_nothing=(
        "deleteArchitecture",
        "updateArchitecture",
    ),
    values={
        "saveArchitecture": Values({"projectId": "{project}", "nodes": _NODES, "edges": _EDGES}, _DIAGRAM, _SHOWN),
        "updateArchitecture": Values(
            {"architectureId": "{architecture}", "nodes": _NODES, "edges": _EDGES}, _DIAGRAM, _SHOWN
        ),
    },
    shown={
        "resolvers/test_conflicts.py": ("UpdateArchitectureInput.expectedVersion",),
    },
)
