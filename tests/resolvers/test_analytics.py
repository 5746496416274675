"""Analytics by its GraphQL: recording, totals, sessions, and live totals."""

import asyncio
import json
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from cli.client import Refused
from services.core.clock import iso, utc_now
from services.core.tls import trusted
from tests.snapinfra import Server, User, events

RECORD: Final = """
mutation($input: RecordEventsInput!) {
  recordEvents(input: $input) {
    acceptedCount duplicateCount rejectedCount
    outcomes { index eventId code field message }
    userErrors { message code field }
  }
}"""

TOTALS: Final = """
fragment Totals on MetricTotals {
  eventCount errorCount sessionCount uniqueSessions activeUsers successRate inputTokens outputTokens costMicros
  durations { count meanMs p50Ms p95Ms p99Ms }
  byType { type count errorCount }
}"""

OVERVIEW: Final = (
    "query($team: ID, $project: ID, $range: TimeRange) {"
    " metricsOverview(teamId: $team, projectId: $project, range: $range) { start end totals { ...Totals } } }" + TOTALS
)
SERIES: Final = """
query($metric: Metric!, $interval: Interval!, $team: ID, $project: ID, $range: TimeRange) {
  metricsSeries(metric: $metric, interval: $interval, teamId: $team, projectId: $project, range: $range) { at value }
}"""
SESSIONS: Final = """
query($team: ID, $project: ID, $first: Int, $after: String) {
  sessions(teamId: $team, projectId: $project, first: $first, after: $after) {
    nodes { id sessionId projectId userId eventCount errorCount startedAt lastEventAt endedAt costMicros }
    pageInfo { hasNextPage endCursor }
  }
}"""
SESSION: Final = """
query($id: ID!, $after: String) {
  node(id: $id) { id }
  session(id: $id) {
    sessionId
    events(first: 2, after: $after) { nodes { eventId type metadata } pageInfo { hasNextPage endCursor } }
  }
}"""
LIVE: Final = (
    "subscription($team: ID, $project: ID) { metrics(teamId: $team, projectId: $project)"
    " { at today { ...Totals } thisHour { eventCount activeUsers } } }" + TOTALS
)


async def team_of(user: User) -> str:
    return (await user.ask("{ viewer { team { id } } }"))["viewer"]["team"]["id"]


async def record(server: Server, user: User, *batch: dict[str, Any]) -> dict[str, Any]:
    """Record events with an API key of the user's team, and return the whole answer."""
    made = await user.ask(
        'mutation { createApiKey(input: {name: "backend", scopes: [ANALYTICS]}) { text userErrors { message } } }'
    )
    key = User(server.url, made["createApiKey"]["text"])
    return await key.result(RECORD, input={"events": list(batch)})


def event(event_id: str, ago: timedelta = timedelta(), **fields: Any) -> dict[str, Any]:
    return {"id": event_id, "type": "REQUEST", "timestamp": iso(utc_now() - ago), **fields}


async def test_the_hundred_and_first_batch_of_a_minute_is_refused_and_records_nothing(
    server: Server, alice: User
) -> None:
    made = await alice.ask('mutation { createApiKey(input: {name: "k", scopes: [ANALYTICS]}) { text } }')
    key = User(server.url, made["createApiKey"]["text"])
    for _ in range(100):
        empty = await key.result(RECORD, input={"events": []})
        assert empty["data"]["recordEvents"]["userErrors"][0]["code"] == "BAD_USER_INPUT"

    answer = await key.result(RECORD, input={"events": [event("a")]})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterMs"] <= 60_000
    assert answer["data"] is None
    assert (await alice.ask(OVERVIEW))["metricsOverview"]["totals"]["eventCount"] == 0


async def test_each_event_of_a_batch_is_answered_for(server: Server, alice: User) -> None:
    project = (await alice.project())["id"]

    answer = await record(
        server,
        alice,
        event("a", projectId=project, durationMs=12.5, costMicros=7, metadata={"route": "/"}),
        event("b", type="NONSENSE"),
        event("a"),
        {},
    )

    payload = answer["data"]["recordEvents"]
    assert (payload["acceptedCount"], payload["duplicateCount"], payload["rejectedCount"]) == (1, 1, 2)
    assert [(it["index"], it["eventId"], it["code"], it["field"]) for it in payload["outcomes"]] == [
        (0, "a", "ACCEPTED", None),
        (1, "b", "UNKNOWN_TYPE", "type"),
        (2, "a", "DUPLICATE", None),
        (3, None, "MISSING_FIELD", "id"),
    ]
    assert payload["userErrors"] == []
    for project_id in (project, None):
        totals = (await alice.ask(OVERVIEW, project=project_id))["metricsOverview"]["totals"]
        assert totals == {
            "eventCount": 1,
            "errorCount": 0,
            "sessionCount": 0,
            "uniqueSessions": 0,
            "activeUsers": 0,
            "successRate": None,
            "inputTokens": 0,
            "outputTokens": 0,
            "costMicros": 7,
            "durations": {"count": 1, "meanMs": 12, "p50Ms": 12, "p95Ms": 12, "p99Ms": 12},
            "byType": [{"type": "REQUEST", "count": 1, "errorCount": 0}],
        }


async def test_a_batch_that_is_too_large_is_a_user_error_and_records_nothing(server: Server, alice: User) -> None:
    answer = await record(server, alice, *(event(f"e{number}") for number in range(1001)))

    payload = answer["data"]["recordEvents"]
    assert (payload["outcomes"], payload["acceptedCount"]) == (None, 0)
    assert [(it["code"], it["field"]) for it in payload["userErrors"]] == [("BAD_USER_INPUT", ["events"])]
    assert (await alice.ask(OVERVIEW))["metricsOverview"]["totals"]["eventCount"] == 0


async def test_a_person_records_no_events(alice: User) -> None:
    answer = await alice.result(RECORD, input={"events": [event("a")]})

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await alice.ask(OVERVIEW))["metricsOverview"]["totals"]["eventCount"] == 0


async def test_a_series_is_filled_with_zeros(server: Server, alice: User) -> None:
    now = utc_now()
    then = iso(now - timedelta(hours=2))
    await record(server, alice, event("a", timestamp=then), event("b", timestamp=then))
    asked = {"start": iso(now - timedelta(hours=3)), "end": iso(now)}

    points = (await alice.ask(SERIES, metric="EVENTS", interval="HOUR", range=asked))["metricsSeries"]

    hour = now.replace(minute=0, second=0, microsecond=0)
    assert [point["value"] for point in points] == [0, 2, 0, 0]
    assert [datetime.fromisoformat(point["at"]) for point in points] == [
        hour - timedelta(hours=ago) for ago in (3, 2, 1, 0)
    ]


@pytest.mark.parametrize(
    ("query", "variables", "field"),
    [
        (OVERVIEW, {"range": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, ["range", "end"]),
        (OVERVIEW, {"range": {"start": "2020-01-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"}}, ["range"]),
        (SERIES, {"metric": "ACTIVE_USERS", "interval": "HOUR"}, ["interval"]),
        (SESSIONS, {"first": 101}, ["first"]),
        (SESSIONS, {"after": "nonsense"}, ["after"]),
    ],
)
async def test_what_can_not_be_answered_is_refused(
    alice: User, query: str, variables: dict[str, Any], field: list[str]
) -> None:
    error = (await alice.result(query, **variables))["errors"][0]

    assert (error["extensions"]["code"], error["extensions"]["fields"]) == ("BAD_USER_INPUT", [field])


async def test_sessions_are_listed_and_opened_page_by_page(server: Server, alice: User) -> None:
    kinds = ("SESSION_START", "TASK_ERROR", "SESSION_END")
    early = [
        event(f"{kind}1", timedelta(minutes=9 - n), type=kind, sessionId="one", userId="ada", costMicros=5)
        for n, kind in enumerate(kinds)
    ]
    await record(server, alice, *early, event("x", sessionId="two", metadata={"a": [1, {"b": None}]}))

    first = (await alice.ask(SESSIONS, first=1))["sessions"]
    rest = (await alice.ask(SESSIONS, first=1, after=first["pageInfo"]["endCursor"]))["sessions"]

    assert [node["sessionId"] for page in (first, rest) for node in page["nodes"]] == ["two", "one"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    one = rest["nodes"][0]
    assert (one["userId"], one["eventCount"], one["errorCount"], one["costMicros"]) == ("ada", 3, 1, 15)
    assert one["endedAt"] == one["lastEventAt"] > one["startedAt"]
    opened_one = await alice.ask(SESSION, id=one["id"])
    page = opened_one["session"]["events"]
    more = (await alice.ask(SESSION, id=one["id"], after=page["pageInfo"]["endCursor"]))["session"]["events"]
    assert opened_one["node"]["id"] == one["id"]
    assert [node["type"] for node in [*page["nodes"], *more["nodes"]]] == list(kinds)
    two = (await alice.ask(SESSION, id=first["nodes"][0]["id"]))["session"]
    assert two["events"]["nodes"] == [{"eventId": "x", "type": "REQUEST", "metadata": {"a": [1, {"b": None}]}}]


async def test_another_teams_analytics_look_like_missing_ones_by_every_path(
    server: Server, alice: User, bob: User
) -> None:
    project = (await alice.project())["id"]
    await record(server, alice, event("a", projectId=project, sessionId="s"))
    session = (await alice.ask(SESSIONS))["sessions"]["nodes"][0]["id"]
    team = await team_of(alice)

    assert (await bob.ask("query($id: ID!) { node(id: $id) { id } }", id=session))["node"] is None
    tries: list[tuple[str, dict[str, Any], str]] = [
        (query, {**more, name: found}, found)
        for name, found in (("team", team), ("project", project))
        for query, more in ((OVERVIEW, {}), (SERIES, {"metric": "EVENTS", "interval": "DAY"}), (SESSIONS, {}))
    ]
    tries.append(("query($id: ID!) { session(id: $id) { id } }", {"id": session}, session))
    for query, variables, found in tries:
        absent = f"{found[:-4]}0000"
        refused = await bob.result(query, **variables)
        missing = await bob.result(query, **{name: absent if it == found else it for name, it in variables.items()})
        assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND", query
        assert str(refused).replace(found, "ID") == str(missing).replace(absent, "ID")
    for variables in ({"team": team}, {"project": project}):
        results = [result async for result in bob.follow(LIVE, **variables)]
        assert [result["errors"][0]["extensions"]["code"] for result in results] == ["NOT_FOUND"]
    assert (await bob.ask(SESSIONS))["sessions"]["nodes"] == []
    assert (await bob.ask(OVERVIEW))["metricsOverview"]["totals"]["eventCount"] == 0


async def test_a_generation_shows_in_the_live_totals_of_its_project(alice: User) -> None:
    project = (await alice.project())["id"]
    before = utc_now().astimezone(UTC).date()

    async with asyncio.timeout(60), aclosing(alice.follow(LIVE, project=project)) as results:
        first = (await anext(results))["data"]["metrics"]
        await events(alice, await alice.generate(project, "SCHEMA"))
        second = (await anext(results))["data"]["metrics"]

    assert (first["today"]["eventCount"], first["thisHour"]["activeUsers"]) == (0, None)
    if before == utc_now().astimezone(UTC).date():
        assert second["today"]["byType"] == [{"type": "GENERATION", "count": 1, "errorCount": 0}]
        assert second["today"]["outputTokens"] > 0
        assert second["today"]["activeUsers"] == 1


async def test_types_have_the_names_of_the_seed_too_and_sessions_count_by_their_ids(
    server: Server, alice: User
) -> None:
    batch = [
        event("a", type="session_start", sessionId="one"),
        event("b", type="SESSION_START", sessionId="one"),
        event("c", type="session_end", sessionId="one"),
        event("d", type="task_error", sessionId="two"),
        event("e", type="Session_Start", sessionId="three"),
        event("f", type="generation"),
    ]

    payload = (await record(server, alice, *batch))["data"]["recordEvents"]

    codes = [outcome["code"] for outcome in payload["outcomes"]]
    assert codes == ["ACCEPTED"] * 4 + ["UNKNOWN_TYPE"] * 2
    totals = (await alice.ask(OVERVIEW))["metricsOverview"]["totals"]
    assert (totals["sessionCount"], totals["uniqueSessions"], totals["errorCount"]) == (2, 2, 1)
    assert [it["type"] for it in totals["byType"]] == ["SESSION_START", "SESSION_END", "TASK_ERROR"]
    series = await alice.ask(SERIES, metric="UNIQUE_SESSIONS", interval="DAY")
    assert sum(point["value"] for point in series["metricsSeries"]) == 2
    hourly = await alice.result(SERIES, metric="UNIQUE_SESSIONS", interval="HOUR")
    assert hourly["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_sessions_are_found_by_time_user_agent_and_project(server: Server, alice: User, bob: User) -> None:
    project = (await alice.project())["id"]
    sessions: list[tuple[str, dict[str, str]]] = [
        ("s0", {"userId": "ada", "agentId": "search"}),
        ("s1", {"userId": "ada", "agentId": "write"}),
        ("s2", {"userId": "bo", "agentId": "search"}),
        ("s3", {"userId": "ada", "agentId": "search", "projectId": project}),
        ("s4", {}),
    ]
    batch = [
        event(name, timedelta(minutes=number), type="SESSION_START", sessionId=name, **fields)
        for number, (name, fields) in enumerate(sessions)
    ]
    await record(server, alice, *batch)
    await record(server, bob, event("s0", type="SESSION_START", sessionId="theirs", userId="ada", agentId="search"))

    async def found(**variables: Any) -> list[str]:
        seen = await alice.ask(
            """
            query($project: ID, $filter: SessionFilter, $range: TimeRange) {
              sessions(projectId: $project, filter: $filter, range: $range) { nodes { sessionId } }
            }""",
            **variables,
        )
        return [node["sessionId"] for node in seen["sessions"]["nodes"]]

    time = {"start": batch[3]["timestamp"], "end": batch[1]["timestamp"]}
    assert await found() == ["s0", "s1", "s2", "s3", "s4"]
    assert await found(filter={}) == ["s0", "s1", "s2", "s3", "s4"]
    assert await found(range=time) == ["s2", "s3"]
    assert await found(filter={"userId": "ada"}) == ["s0", "s1", "s3"]
    assert await found(filter={"agentId": "search"}) == ["s0", "s2", "s3"]
    assert await found(filter={"userId": "ada", "agentId": "search"}) == ["s0", "s3"]
    assert await found(filter={"userId": "ada", "agentId": "search"}, range=time) == ["s3"]
    assert await found(filter={"userId": "ada"}, project=project) == ["s3"]
    assert await found(filter={"agentId": "write"}, project=project) == []
    assert await found(range=time, project=project) == ["s3"]
    assert await found(filter={"userId": "nobody"}) == await found(filter={"userId": ""}) == []
    backwards = {"start": time["end"], "end": time["start"]}
    for wrong in ({"range": backwards}, {"filter": {"userId": "x" * 201}}, {"filter": {"agentId": "x" * 201}}):
        with pytest.raises(Refused):
            await found(**wrong)


async def test_events_of_a_team_are_listed_and_exported_by_time_alone(server: Server, alice: User, bob: User) -> None:
    minute = timedelta(minutes=1)
    kinds = ("REQUEST", "TOOL_CALL", "ERROR", "CUSTOM")
    batch = [event(f"e{number}", ago=number * minute, type=kind) for number, kind in enumerate(kinds)]
    await record(server, alice, *batch)
    await record(server, bob, event("theirs", ago=minute))
    time = {"start": batch[3]["timestamp"], "end": batch[0]["timestamp"]}
    query = """
        query($range: TimeRange, $after: String) {
          events(range: $range, first: 2, after: $after) { nodes { eventId } pageInfo { hasNextPage endCursor } }
        }"""

    page = (await alice.ask(query, range=time))["events"]
    rest = (await alice.ask(query, range=time, after=page["pageInfo"]["endCursor"]))["events"]
    others = (await bob.ask(query))["events"]
    made = await alice.ask(
        "mutation($range: TimeRange) { exportEvents(input: {range: $range})"
        " { export { downloadUrl eventCount } userErrors { message } } }",
        range=time,
    )

    assert [node["eventId"] for node in page["nodes"] + rest["nodes"]] == ["e1", "e2", "e3"]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert [node["eventId"] for node in others["nodes"]] == ["theirs"]
    async with httpx.AsyncClient(verify=trusted()) as http:
        lines = (await http.get(made["exportEvents"]["export"]["downloadUrl"])).text.splitlines()
    assert [json.loads(line)["eventId"] for line in lines] == ["e3", "e2", "e1"]


async def test_events_between_two_times_are_listed_exported_and_summed_up_by_agent(server: Server, alice: User) -> None:
    minute = timedelta(minutes=1)
    batch = [event(f"e{number}", ago=number * minute, agentId=f"a{number % 2}") for number in range(4)]
    await record(server, alice, *batch)
    time = {"start": batch[3]["timestamp"], "end": batch[0]["timestamp"]}

    seen = await alice.ask(
        """
        query($range: TimeRange!, $filter: EventFilter!) {
          events(filter: $filter, range: $range, first: 2) {
            nodes { eventId agentId } pageInfo { hasNextPage endCursor }
          }
          metricsOverview(filter: {agentId: "a1"}) { totals { eventCount } }
          metricsSeries(metric: EVENTS, interval: DAY, filter: {agentId: "a0"}) { value }
        }""",
        range=time,
        filter={"type": "REQUEST"},
    )
    made = await alice.ask(
        """
        mutation($input: ExportEventsInput!) {
          exportEvents(input: $input) { export { downloadUrl eventCount nextStart } userErrors { message } }
        }""",
        input={"filter": {"type": "REQUEST"}, "range": time},
    )

    export = made["exportEvents"]["export"]
    async with httpx.AsyncClient(verify=trusted()) as http:
        lines = (await http.get(export["downloadUrl"])).text.splitlines()
    assert [node["eventId"] for node in seen["events"]["nodes"]] == ["e1", "e2"]
    assert seen["events"]["pageInfo"]["hasNextPage"] is True
    assert seen["metricsOverview"]["totals"]["eventCount"] == 2
    assert sum(point["value"] for point in seen["metricsSeries"]) == 2
    assert (export["eventCount"], export["nextStart"]) == (3, None)
    assert [json.loads(line)["eventId"] for line in lines] == ["e3", "e2", "e1"]
