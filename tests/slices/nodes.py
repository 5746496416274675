"""What the tables of tests have of looking up anything by its id."""

from typing import Final

from tests.slice import FIND, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.node": Entry("query($project: ID!) { node(id: $project) { id } }", FIND),
        "Query.nodes": Entry("query($project: ID!) { nodes(ids: [$project]) { id } }", FIND),
    },
)
