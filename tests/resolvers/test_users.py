"""What the schema promises of users and their personal teams."""

import asyncio

import httpx

from services.core.tls import trusted
from tests.snapinfra import Server, User

VIEWER = "{ viewer { id email team { id name personal } } }"


async def test_the_first_sight_of_a_user_creates_the_user_and_one_personal_team(alice: User) -> None:
    seen = await asyncio.gather(*(alice.ask(VIEWER) for _ in range(8)))

    assert all(answer == seen[0] for answer in seen)
    assert seen[0]["viewer"]["team"]["personal"] is True


async def test_a_dev_user_needs_no_token_in_development(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(server.url, json={"query": VIEWER}, headers={"x-dev-user-id": "carol"})

    assert answer.json()["data"]["viewer"]["id"] == "user_carol"


async def test_nobody_gets_unauthenticated(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(server.url, json={"query": VIEWER})

    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_token_that_does_not_hold_is_refused_with_401(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.post(server.url, json={"query": VIEWER}, headers={"authorization": "Bearer x.y.z"})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_a_user_their_team_and_their_settings_say_when_they_last_changed(alice: User) -> None:
    times = "{ viewer { createdAt updatedAt team { createdAt updatedAt } settings { updatedAt } } }"
    before = (await alice.ask(times))["viewer"]

    await alice.ask('mutation { updateProfile(input: {firstName: "Ann"}) { userErrors { message } } }')
    await alice.ask("mutation { updateSettings(input: {theme: DARK}) { userErrors { message } } }")

    after = (await alice.ask(times))["viewer"]
    assert (before["updatedAt"], before["settings"]["updatedAt"]) == (before["createdAt"], None)
    assert after["createdAt"] == before["createdAt"] < after["updatedAt"] <= after["settings"]["updatedAt"]
    assert after["team"] == before["team"]
    assert before["team"]["updatedAt"] == before["team"]["createdAt"]
