"""What the tables of tests have of analytics."""

from typing import Final

from tests.slice import RECORD, SEE, Entry, Slice

SLICE: Final = Slice(
    entries={
        "Query.metricsOverview": Entry("query($team: ID!) { metricsOverview(teamId: $team) { __typename } }", SEE),
        "Query.metricsSeries": Entry(
            "query($team: ID!) { metricsSeries(teamId: $team, metric: EVENTS, interval: DAY) { __typename } }", SEE
        ),
        "Query.events": Entry(
            "query($team: ID!) { events(teamId: $team, filter: {type: REQUEST}) { nodes { eventId } } }", SEE
        ),
        "Query.session": Entry("query($session: ID!) { session(id: $session) { id } }", SEE),
        "Query.sessions": Entry("query($team: ID!) { sessions(teamId: $team) { nodes { id } } }", SEE),
        "Mutation.recordEvents": Entry(
            "mutation { recordEvents(input: {events: [{}]}) { userErrors { code } } }", RECORD
        ),
        "Mutation.exportEvents": Entry(
            "mutation($team: ID!) {"
            " exportEvents(input: {teamId: $team, filter: {type: REQUEST}}) { userErrors { code } } }",
            SEE,
        ),
        "Subscription.metrics": Entry("subscription($team: ID!) { metrics(teamId: $team) { __typename } }", SEE),
    },
    makes_nothing=(
        "exportEvents",
        "recordEvents",
    ),
    shown={
        "resolvers/test_analytics.py::test_sessions_are_found_by_time_user_agent_and_project": (
            "SessionFilter.agentId",
            "SessionFilter.userId",
        ),
        "services/analytics/test_events.py::test_events_are_those_of_a_project_a_type_or_a_user_newest_first": (
            "EventFilter.projectId",
            "EventFilter.type",
            "EventFilter.userId",
        ),
        "resolvers/test_analytics.py::test_events_between_two_times_are_listed_exported_and_summed_up_by_agent": (
            "ExportEventsInput.filter",
            "ExportEventsInput.range",
            "MetricsFilter.agentId",
            "TimeRange.start",
            "TimeRange.end",
        ),
        "services/analytics/test_parts.py::test_events_count_for_their_agent_and_their_environment": (
            "MetricsFilter.environment",
        ),
        "resolvers/test_analytics.py::test_each_event_of_a_batch_is_answered_for": ("RecordEventsInput.events",),
    },
    paths={
        "project": (
            "query($id: ID!) { metricsOverview(projectId: $id) { start } }",
            "query($id: ID!) { sessions(projectId: $id) { nodes { id } } }",
            "query($id: ID!) { events(filter: {projectId: $id}) { nodes { eventId } } }",
            "mutation($id: ID!) { exportEvents(input: {filter: {projectId: $id}}) { export { downloadUrl } } }",
        ),
        "team": ('query($id: ID!) { events(teamId: $id, filter: {userId: "u"}) { nodes { eventId } } }',),
    },
)
