"""What the tables of tests have of the activity."""

from typing import Final

from tests.slice import SEE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.activity": Entry(
            "query($team: ID!) { activity(teamId: $team, filter: {entityType: PROJECT}) { nodes { id } } }", SEE
        ),
        "Subscription.activityFeed": Entry(
            "subscription($team: ID!) { activityFeed(teamId: $team) { __typename } }", SEE, poke="freshProject"
        ),
    },
    shown={
        "resolvers/test_activity.py::test_who_did_what_to_which_object_is_noted_once_each": (
            "ActivityFilter.projectId",
        ),
        "resolvers/test_activity.py::test_a_user_is_only_seen_in_ones_own_team": ("ActivityFilter.userId",),
        "graph/test_app_webhooks.py::test_what_a_deleted_account_owned_passes_to_the_highest_member_or_goes_with_it": (
            "ActivityFilter.entityType",
        ),
    },
    paths={
        "project": (
            "query($id: ID!) { activity(filter: {projectId: $id}) { nodes { id } } }",
            "subscription($id: ID!) { activityFeed(projectId: $id) { __typename } }",
        ),
        "team": ('query($id: ID!) { activity(teamId: $id, filter: {userId: "user_x"}) { nodes { id } } }',),
    },
)
