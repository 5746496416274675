"""How often one may ask: who asks too often is told when to come back, and nothing is done for them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.core.tls import trusted
from tests.snapinfra import Server, User, serving, settings

MAKE = 'mutation { createProject(input: {name: "x"}) { project { id } } }'


@pytest.fixture(scope="module")
def slow(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api that a caller may ask five times a minute."""
    data = str(tmp_path_factory.mktemp("slow"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, API_RATE_PER_MINUTE="5")) as running:
        yield running


async def post(url: str, query: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(verify=trusted(), timeout=30, headers=headers) as http:
        return await http.post(url, json={"query": query})


async def test_a_request_too_many_gets_429_with_when_to_come_back_and_does_nothing(slow: Server) -> None:
    alice, bob = slow.user(), slow.user()
    team = await alice.team()
    await alice.take_in(bob, team, "EDITOR")  # the second of alice's five requests
    bearer = {"authorization": f"Bearer {alice.token}"}

    made = [await post(slow.url, MAKE.replace("name", f'teamId: "{team}", name'), **bearer) for _ in range(5)]

    assert [answer.status_code for answer in made] == [200] * 3 + [429] * 2
    (error,) = made[-1].json()["errors"]
    assert made[-1].json().keys() == {"errors"}
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterMs"] <= 12_000
    assert 0 < int(made[-1].headers["retry-after"]) <= 12
    seen = await bob.ask("query($team: ID!) { team(id: $team) { projects { nodes { id } } } }", team=team)
    assert len(seen["team"]["projects"]["nodes"]) == 3


def left(answer: httpx.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
    return limit, remaining, reset


async def test_every_answer_says_what_is_left(slow: Server) -> None:
    bearer = {"authorization": f"Bearer {slow.user().token}"}

    good = await post(slow.url, "{ __typename }", **bearer)
    faulty = [await post(slow.url, query, **bearer) for query in ("{ nothing }", "{", "")]
    last = await post(slow.url, "{ viewer { id } }", **bearer)
    refused = await post(slow.url, "{ __typename }", **bearer)

    assert left(good)[:2] == (5, 4)
    assert 0 < left(good)[2] <= 12
    assert [left(answer)[1] for answer in faulty] == [3, 2, 1]
    assert left(last)[:2] == (5, 0)
    assert refused.status_code == 429
    assert left(refused)[:2] == (5, 0)
    assert 0 < left(refused)[2] <= 12
    assert left(refused)[2] == int(refused.headers["retry-after"])


async def test_what_is_left_is_the_callers_and_without_one_the_addresss(slow: Server) -> None:
    elsewhere = {"x-forwarded-for": "192.0.2.77"}
    bearer = {"authorization": f"Bearer {slow.user().token}"}

    nobody = await post(slow.url, "{ __typename }", **elsewhere)
    wrong = await post(slow.url, "{ __typename }", authorization="Bearer x.y.z", **elsewhere)
    unacceptable = await post(slow.url, "{ __typename }", accept="image/png", **elsewhere)
    somebody = await post(slow.url, "{ __typename }", **bearer, **elsewhere)

    assert [answer.status_code for answer in (nobody, wrong, unacceptable, somebody)] == [200, 401, 406, 200]
    assert [left(answer)[1] for answer in (nobody, wrong, unacceptable, somebody)] == [4, 3, 3, 4]


async def test_a_page_of_another_origin_may_read_what_is_left(slow: Server) -> None:
    answer = await post(slow.url, "{ __typename }", origin="http://localhost:5173", **{"x-forwarded-for": "192.0.2.78"})

    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"} <= exposed
    assert left(answer)[1] == 4


async def test_an_operation_too_many_on_a_socket_gets_an_error_and_the_socket_stays(slow: Server) -> None:
    said: list[dict[str, Any]] = []
    async with slow.user().socket() as socket:
        for number in range(7):
            payload = {"query": "{ __typename }"}
            await socket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": payload}))
        while len(said) < 5 * 2 + 2:
            said.append(json.loads(await socket.recv()))
        await socket.send(json.dumps({"type": "ping"}))
        answered = json.loads(await socket.recv())

    refused = {message["id"]: message["payload"] for message in said if message["type"] == "error"}
    assert refused.keys() == {"5", "6"}
    assert [error["extensions"]["code"] for errors in refused.values() for error in errors] == ["RATE_LIMITED"] * 2
    assert answered == {"type": "pong"}


async def test_requests_by_socket_and_by_http_are_counted_together_and_by_user(slow: Server) -> None:
    alice, bob = slow.user(), slow.user()
    for _ in range(4):
        await alice.ask("{ __typename }")

    by_socket = [result async for result in alice.follow("{ __typename }")]
    by_http = await alice.result("{ __typename }")
    others = await bob.result("{ __typename }")

    assert by_socket == [{"data": {"__typename": "Query"}}]
    assert by_http["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert others == {"data": {"__typename": "Query"}}


async def test_who_is_not_signed_in_is_counted_by_address_also_where_a_token_does_not_hold(slow: Server) -> None:
    nobody = [(await post(slow.url, "{ __typename }")).status_code for _ in range(3)]
    wrong = [(await post(slow.url, "{ __typename }", authorization="Bearer x.y.z")).status_code for _ in range(4)]
    elsewhere = await post(slow.url, "{ __typename }", **{"x-forwarded-for": "192.0.2.1"})

    assert nobody + wrong == [200] * 3 + [401] * 2 + [429] * 2
    assert elsewhere.status_code == 200  # this machine is a proxy that is believed


async def test_each_api_key_is_counted_for_itself(slow: Server) -> None:
    alice = slow.user()
    team = await alice.team()
    made = await alice.ask(
        'mutation($id: ID!) { createApiKey(input: {teamId: $id, name: "ci", scopes: [READ]}) { text } }', id=team
    )
    key = User(slow.url, made["createApiKey"]["text"])

    by_key = [(await post(slow.url, "{ __typename }", **{"x-api-key": key.token})).status_code for _ in range(6)]

    assert by_key == [200] * 5 + [429]
    assert (await alice.result("{ __typename }"))["data"] == {"__typename": "Query"}
