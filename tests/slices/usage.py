"""What the tables of tests have of usage."""

from typing import Final

from tests.slice import SEE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.usage": Entry("query($team: ID!) { usage(teamId: $team) { __typename } }", SEE),
    },
    shown={
        "resolvers/test_usage.py::test_a_range_holds_its_first_and_its_last_day_and_no_other": (
            "UsageRange.from",
            "UsageRange.to",
        ),
    },
)
