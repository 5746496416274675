"""What the tables of tests have of deleted projects."""

from typing import Final

from tests.slice import DELETE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.deletedProjects": Entry("query($team: ID!) { deletedProjects(teamId: $team) { nodes { id } } }", DELETE),
        "Mutation.restoreProject": Entry(
            "mutation($project: ID!) { restoreProject(input: {projectId: $project}) { userErrors { code } } }", DELETE
        ),
    },
    makes_nothing=("restoreProject",),
)
