"""Subscriptions as Server-Sent Events: what a socket hears, on a request of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Any, Final

import httpx

from cli.api import EXIT_GRACE
from graph.sse import KEEP_ALIVE
from tests.snapinfra import GENERATION, Server, User, events, serving, settings

URQL: Final = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
FEED: Final = "subscription($team: ID!) { activityFeed(teamId: $team) { __typename } }"


async def blocks(user: User, query: str, *, token: str | None = None, **more: Any) -> AsyncGenerator[list[str]]:
    """Yield the lines of each block of a stream, comments too."""
    headers = {
        "accept": "text/event-stream",
        "authorization": f"Bearer {token or user.token}",
        **more.pop("headers", {}),
    }
    if token == "":
        del headers["authorization"]
    body = {"query": query, "variables": more}
    async with (
        httpx.AsyncClient(timeout=30) as http,
        http.stream("POST", user.url, json=body, headers=headers) as answer,
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        block: list[str] = []
        async for line in answer.aiter_lines():
            if line:
                block.append(line)
            else:
                yield block
                block = []


async def heard(user: User, query: str, **more: Any) -> tuple[list[Any], list[str]]:
    """Return the results of a stream that completes, and their ids."""
    said = [block async for block in blocks(user, query, **more) if block != [":"]]
    assert said.pop() == ["event: complete", "data:"]
    assert all("event: next" in block for block in said)
    results = [json.loads(block[-1].removeprefix("data: ")) for block in said]
    return results, [block[0].removeprefix("id: ") for block in said if block[0].startswith("id: ")]


async def generated(user: User) -> str:
    return await user.generate((await user.project())["id"], "SCHEMA")


def whole(happened: list[Any]) -> str:
    return "".join(event["text"] for event in happened if event["__typename"] == "TokenDelta")


async def test_a_generation_followed_to_its_end_is_what_a_socket_hears_and_is_resumed(alice: User) -> None:
    generation = await generated(alice)
    live, _ = await heard(alice, GENERATION, id=generation, headers={"accept": URQL})
    socket = await events(alice, generation)
    results, ids = await heard(alice, GENERATION, id=generation)
    happened = [result["data"]["generationEvents"] for result in results]

    assert whole([result["data"]["generationEvents"] for result in live]) == whole(socket) == whole(happened)
    assert happened[-1] == socket[-1]
    assert ids == [event["cursor"] for event in happened]

    rest = await events(alice, generation, after=ids[0])
    for more in ({"headers": {"last-event-id": ids[0]}}, {"after": ids[0], "headers": {"last-event-id": "no cursor"}}):
        again, _ = await heard(alice, GENERATION, id=generation, **more)
        later = [result["data"]["generationEvents"] for result in again]
        assert (whole(later), later[-1]) == (whole(rest), rest[-1])
        assert ids[0] not in [event["cursor"] for event in later]


async def test_a_query_with_the_accept_of_urql_gets_json_and_one_that_prefers_events_gets_those(alice: User) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(alice.url, json={"query": "{ __typename }"}, headers={"accept": URQL})
    results, ids = await heard(alice, "{ __typename }")

    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    assert answer.json() == {"data": {"__typename": "Query"}} == results[0]
    assert ids == []


async def test_a_mutation_by_get_does_not_run_as_a_stream_either(alice: User) -> None:
    mutation = 'mutation { createTeam(input: {name: "By GET"}) { team { id } } }'
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient() as http:
        answer = await http.get(alice.url, params={"query": mutation}, headers=headers)
    teams = await alice.ask("{ viewer { teams { nodes { name } } } }")

    assert '"errors"' in answer.text
    assert "By GET" not in json.dumps(teams)


async def test_what_cannot_begin_is_an_error_and_the_end(alice: User) -> None:
    (wrong,), _ = await heard(alice, "subscription { nothing }")
    (unknown,), _ = await heard(alice, GENERATION, id="generation_none")
    (unsigned,), _ = await heard(alice, GENERATION, id="generation_none", token="")

    assert "nothing" in wrong["errors"][0]["message"]
    assert unknown["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert unsigned["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_bad_token_is_refused_before_there_is_a_stream(server: Server) -> None:
    headers = {"accept": "text/event-stream", "authorization": "Bearer x.y.z"}
    async with httpx.AsyncClient() as http:
        answer = await http.post(server.url, json={"query": "{ __typename }"}, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_a_silent_stream_is_kept_alive(alice: User) -> None:
    async with asyncio.timeout(KEEP_ALIVE + 8), aclosing(blocks(alice, FEED, team=await alice.team())) as stream:
        first, second = await anext(stream), await anext(stream)

    assert (first, second) == ([":"], [":"])


async def test_a_stream_ends_without_complete_when_its_rights_shrink(alice: User, bob: User) -> None:
    team = await alice.team()
    await alice.take_in(bob, team, "VIEWER")
    identity = (await bob.ask("{ viewer { id } }"))["viewer"]["id"]
    async with asyncio.timeout(10), aclosing(blocks(bob, FEED, team=team)) as stream:
        assert await anext(stream) == [":"]
        await alice.ask(
            "mutation($team: ID!, $user: ID!) { removeMember(input: {teamId: $team, userId: $user})"
            " { userErrors { message } } }",
            team=team,
            user=identity,
        )
        rest = [block async for block in stream]

    assert ["event: complete", "data:"] not in rest


async def test_streams_are_counted_as_sockets_and_end_when_the_server_goes(emulator: str, tmp_path: Path) -> None:
    with serving(settings(emulator, SNAPINFRA_DATA=str(tmp_path), SOCKETS_PER_USER="1")) as server:
        user = server.user()
        team = await user.team()
        stream = blocks(user, FEED, team=team)
        assert await anext(stream) == [":"]
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {user.token}"}
        async with httpx.AsyncClient() as http:
            refused = await http.post(user.url, json={"query": "{ __typename }"}, headers=headers)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        began = monotonic()
    assert ["event: complete", "data:"] not in [block async for block in stream]
    assert monotonic() - began < EXIT_GRACE
