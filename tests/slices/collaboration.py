"""What the tables of tests have of who is present."""

from typing import Final

from tests.slice import SEE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Subscription.projectEvents": Entry(
            "subscription($project: ID!) { projectEvents(projectId: $project) { __typename } }", SEE
        ),
    },
)
