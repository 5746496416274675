"""The promise that open sockets end within seconds of losing access, in whichever process they are."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from services.core.clock import utc_now
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.aws.emulator import free_port
from tests.snapinfra import GENERATION, SECRET, Server, User, rebuilt, serving, settings

CHANGED = "Your access has changed: connect again."
ROLE = """
mutation($team: ID!, $user: ID!, $role: TeamRole!) {
  changeMemberRole(input: {teamId: $team, userId: $user, role: $role}) { userErrors { message } }
}"""
REMOVE = """
mutation($team: ID!, $user: ID!) {
  removeMember(input: {teamId: $team, userId: $user}) { userErrors { message } }
}"""
MOVE = """
mutation($project: ID!, $team: ID!) {
  moveProject(input: {projectId: $project, teamId: $team}) { userErrors { message } }
}"""


@pytest.fixture(scope="module")
def here(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api whose generations take longer than any test."""
    data = str(tmp_path_factory.mktemp("here"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, SCAFFOLD_TOKENS_PER_SECOND="1")) as running:
        yield running


@pytest.fixture(scope="module")
def there(here: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run another api on the same tables."""
    other = here.config.model_copy(update={"port": free_port(), "data": tmp_path_factory.mktemp("there")})
    with serving(other) as running:
        yield running


@pytest.fixture
def alone(emulator: str, tmp_path: Path) -> Iterator[Server]:
    """Run an api whose generations come slowly, with a worker that has the same event log."""
    with serving(settings(emulator, SNAPINFRA_DATA=str(tmp_path), SCAFFOLD_TOKENS_PER_SECOND="20")) as running:
        yield running


class Socket:
    """A socket with a subscription on it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self, kind: str, operation: str | None = None) -> dict[str, Any]:
        """Return the next message of a kind; of one operation, where it is named."""
        async with asyncio.timeout(30):
            while True:
                message = json.loads(await self.connection.recv())
                if message["type"] == kind and message.get("id") == operation:
                    return message

    async def end(self) -> tuple[int, str]:
        """Wait until the server closes the socket; return the code and the reason."""
        async with asyncio.timeout(30):
            with suppress(ConnectionClosed):
                while True:
                    await self.connection.recv()
        return self.connection.close_code, self.connection.close_reason

    async def is_open(self) -> bool:
        await self.say(type="ping")
        return (await self.hear("pong"))["type"] == "pong"


@asynccontextmanager
async def watching(user: User, server: Server, generation_id: str) -> AsyncGenerator[Socket]:
    """Subscribe to a generation on a server."""
    async with User(server.url, user.token).socket() as connection:
        socket = Socket(connection)
        await socket.say(type="subscribe", id="1", payload={"query": GENERATION, "variables": {"id": generation_id}})
        await socket.is_open()
        yield socket


async def my_id(user: User) -> str:
    return (await user.ask("{ viewer { id } }"))["viewer"]["id"]


async def crew(server: Server, role: str) -> tuple[User, User, str, str, str]:
    """Return an owner, a member, their team, a project of it, and a generation under way."""
    alice, bob = server.user(), server.user()
    team_id = await alice.team()
    await alice.take_in(bob, team_id, role)
    project_id = (await alice.project(teamId=team_id))["id"]
    return alice, bob, team_id, project_id, await alice.generate(project_id, "SCHEMA")


async def test_a_removed_members_sockets_end_in_every_process(here: Server, there: Server) -> None:
    alice, bob, team_id, _, generation_id = await crew(here, "VIEWER")

    async with (
        watching(bob, here, generation_id) as near,
        watching(bob, there, generation_id) as far,
        watching(alice, there, generation_id) as own,
    ):
        await alice.ask(REMOVE, team=team_id, user=await my_id(bob))

        assert await near.end() == (4403, CHANGED)
        assert await far.end() == (4403, CHANGED)
        assert await own.is_open()
    again = [result async for result in bob.follow(GENERATION, id=generation_id)]
    assert [result["errors"][0]["extensions"]["code"] for result in again] == ["NOT_FOUND"]


async def test_a_lowered_role_ends_sockets_and_a_raised_one_does_not(here: Server, there: Server) -> None:
    alice, bob, team_id, _, generation_id = await crew(here, "EDITOR")
    bob_id = await my_id(bob)
    new_project = 'mutation($team: ID!) { createProject(input: {name: "x", teamId: $team}) { project { id } } }'

    async with watching(bob, there, generation_id) as lowered:
        await alice.ask(ROLE, team=team_id, user=bob_id, role="VIEWER")
        assert await lowered.end() == (4403, CHANGED)
    async with watching(bob, here, generation_id) as raised:
        await alice.ask(ROLE, team=team_id, user=bob_id, role="EDITOR")
        while True:
            payload = {"query": new_project, "variables": {"team": team_id}}
            await raised.say(type="subscribe", id="2", payload=payload)
            answer = (await raised.hear("next", "2"))["payload"]
            if "errors" not in answer or not answer["errors"]:
                break

    assert answer["data"]["createProject"]["project"]["id"].startswith("project_")


async def test_a_revoked_keys_sockets_end(here: Server, there: Server) -> None:
    alice, _, team_id, _, generation_id = await crew(here, "VIEWER")
    made = await alice.ask(
        'mutation($id: ID!) { createApiKey(input: {teamId: $id, name: "ci", scopes: [READ]}) { apiKey { id } text } }',
        id=team_id,
    )
    key = User(here.url, made["createApiKey"]["text"])

    async with watching(key, there, generation_id) as socket, watching(alice, there, generation_id) as own:
        await alice.ask(
            "mutation($id: ID!) { revokeApiKey(input: {apiKeyId: $id}) { userErrors { message } } }",
            id=made["createApiKey"]["apiKey"]["id"],
        )

        assert await socket.end() == (4403, "The API key has been revoked.")
        assert await own.is_open()


async def test_who_loses_sight_of_a_moved_project_is_cut_off_and_others_are_not(here: Server, there: Server) -> None:
    alice, bob, _, project_id, generation_id = await crew(here, "EDITOR")
    new_team = await alice.team("New")

    async with watching(bob, there, generation_id) as lost, watching(alice, there, generation_id) as kept:
        await alice.ask(MOVE, project=project_id, team=new_team)

        assert await lost.end() == (4403, CHANGED)
        assert await kept.is_open()


async def test_a_socket_ends_with_its_token(server: Server) -> None:
    token = issue_dev_token("dora", secret=SECRET, lifetime=timedelta(seconds=1), now=utc_now)

    async with User(server.url, token).socket() as connection:
        ended = await Socket(connection).end()

    assert ended == (4403, "The token has expired.")


async def test_our_own_client_connects_again_and_misses_nothing_that_it_may_still_see(alone: Server) -> None:
    alice, bob, team_id, _, _ = await crew(alone, "VIEWER")
    own = await bob.generate((await bob.project())["id"], "SCHEMA")
    bob_id = await my_id(bob)

    seen: list[Any] = []
    async with aclosing(bob.watch(GENERATION, "generationEvents", id=own)) as happened:
        async for event in happened:
            seen.append(event)
            if len(seen) == 1:
                await alice.ask(REMOVE, team=team_id, user=bob_id)
            if len(seen) == 8:
                break

    text, _ = rebuilt(seen)  # raises where a piece is missing or comes twice
    assert len(text) > 0
    assert [event["seq"] for event in seen] == sorted({event["seq"] for event in seen})
