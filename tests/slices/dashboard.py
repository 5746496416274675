"""What the tables of tests have of the dashboard."""

from typing import Final

from tests.slice import SEE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.dashboard": Entry("query($team: ID!) { dashboard(teamId: $team) { __typename } }", SEE),
    },
)
