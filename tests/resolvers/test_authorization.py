"""The authorization matrix at work: every root field of the SDL, asked for by everybody."""

import asyncio
import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from services.bootstrap import opened
from services.core.clock import iso, utc_now
from services.core.ids import DeploymentId, GenerationId, ProjectId, TeamId, UserId, new_id
from services.core.tls import trusted
from services.deployments.model import Deployment, DeploymentStatus
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.platforms.port import DeploymentPlatform
from tests.records import domain_of, push_of
from tests.sdl import sdl_schema
from tests.slice import Caller, Entry, Outcome
from tests.snapinfra import Server, User, events
from tests.tables import ENTRIES, MADE

SNAPSHOT = """
query($team: ID!) {
  team(id: $team) {
    version
    members { nodes { userId role } }
    invitations { nodes { id } }
    apiKeys { nodes { id revokedAt } }
    projects { nodes { version status name generations { nodes { id status } } deployments { nodes { id status } } } }
  }
  webhooks(teamId: $team) { nodes { id url description } }
  notificationTargets(teamId: $team) { nodes { id } }
  integrations(filter: {teamId: $team}) { nodes { id version } }
}"""
KEY = """
mutation($team: ID!, $scope: ApiKeyScope!) {
  createApiKey(input: {teamId: $team, name: "ci", scopes: [$scope]}) { text }
}"""

NOBODYS = {"address": "{}@example.com", "name": "{}"}
"""Variables that are texts which nothing has yet."""


@dataclass
class Things:
    """One team with everything, and everybody who asks for it."""

    server: Server
    callers: dict[Caller, User | None]
    ids: dict[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def owner(self) -> User:
        owner = self.callers[Caller.OWNER]
        assert owner is not None
        return owner

    async def variables(self, operation: str) -> dict[str, str]:
        """Return what an operation's variables stand for."""
        return {name: await self.value(name) for name in re.findall(r"\$(\w+):", operation.partition("{")[0])}

    async def value(self, name: str) -> str:
        """Return what a variable stands for."""
        if name in NOBODYS:
            return NOBODYS[name].format(uuid.uuid4().hex)
        if name == "freshTeam":
            return await self.shared_team()
        if name == "freshGeneration":
            return await generated(self.server, self.ids)
        if name == "freshDeployment":
            return await deployed(self.server, self.ids)
        if name.startswith("fresh"):
            return await self._made(name.removeprefix("fresh").lower())
        if name not in self.ids:
            self.ids[name] = await self._made(name)
        return self.ids[name]

    async def _made(self, kind: str) -> str:
        assert kind in MADE, f"Say in `made` of a file of tests/slices how the owner makes a thing of the kind {kind}."
        call, name = MADE[kind]
        given = {name: await self.value(name) for name in re.findall(r"\$(\w+)", call)}
        declared = ", ".join(f"${name}: {'String!' if name in NOBODYS else 'ID!'}" for name in given)
        made = await self.owner.ask(
            f"mutation({declared}) {{ it: {call} {{ {name} {{ id }} userErrors {{ message }} }} }}", **given
        )
        return made["it"][name]["id"]

    async def shared_team(self) -> str:
        """Make a team of everybody who is a member."""
        team_id = await self.owner.team()
        for role in (Caller.ADMIN, Caller.EDITOR, Caller.VIEWER):
            member = self.callers[role]
            assert member is not None
            await self.owner.take_in(member, team_id, role.value)
        return team_id


async def built(server: Server) -> Things:
    """Make everything."""
    people: dict[Caller, User | None] = {caller: server.user() for caller in Caller}
    things = Things(server, {**people, Caller.ANONYMOUS: None}, {})
    owner, ids = things.owner, things.ids
    ids["team"] = await things.shared_team()
    for scope in ("READ", "WRITE", "ANALYTICS"):
        made = (await owner.ask(KEY, team=ids["team"], scope=scope))["createApiKey"]
        things.callers[Caller[f"{scope}_KEY"]] = User(server.url, made["text"])
    for kind in MADE:
        await things.value(kind)
    ids["generation"] = await owner.generate(ids["project"], "SCHEMA", prompt="A shop")
    await events(owner, ids["generation"])
    seen = await owner.ask(
        "query($project: ID!) {"
        " viewer { id } project(id: $project) { schema { id } activity(first: 1) { nodes { id } } } }",
        project=ids["project"],
    )
    ids["schema"], ids["owner"] = seen["project"]["schema"]["id"], seen["viewer"]["id"]
    ids["activity"] = seen["project"]["activity"]["nodes"][0]["id"]
    viewer = things.callers[Caller.VIEWER]
    assert viewer is not None
    ids["viewer"] = (await viewer.ask("{ viewer { id } }"))["viewer"]["id"]
    ids["deployment"] = await deployed(server, ids)
    ids["push"] = await pushed(server, ids)
    ids["domain"] = await with_domain(server, ids)
    ids["session"] = await recorded(things)
    return things


async def recorded(things: Things) -> str:
    """Record a session."""
    key = things.callers[Caller.ANALYTICS_KEY]
    assert key is not None
    event = {"id": "e1", "type": "SESSION_START", "timestamp": iso(utc_now()), "sessionId": "s1"}
    await key.ask(
        "mutation($event: AnalyticsEventInput!) { recordEvents(input: {events: [$event]}) { userErrors { message } } }",
        event=event,
    )
    seen = await things.owner.ask(
        "query($team: ID!) { sessions(teamId: $team) { nodes { id } } }", team=things.ids["team"]
    )
    return seen["sessions"]["nodes"][0]["id"]


async def deployed(server: Server, ids: dict[str, str]) -> str:
    """Store a deployment that has ended: a real one would be built."""
    deployment = Deployment(
        id=DeploymentId(new_id("deployment")),
        generation_id=GenerationId(ids["generation"]),
        platform=DeploymentPlatform.LOCAL,
        status=DeploymentStatus.CANCELED,
        **ended(ids),
    )
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        await process.services.deployments.table.put_new(deployment)
    return deployment.id


async def pushed(server: Server, ids: dict[str, str]) -> str:
    """Store a push of the generation: a real one would be at GitHub."""
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        generation = await process.services.generations.find(GenerationId(ids["generation"]))
        assert generation is not None
        push = push_of(generation)
        await process.services.pushes.table.put_new(push)
    return push.id


async def with_domain(server: Server, ids: dict[str, str]) -> str:
    """Store a domain: a real one would be at a platform."""
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        deployment = await process.services.deployments.find(DeploymentId(ids["deployment"]))
        assert deployment is not None
        domain = domain_of(deployment)
        await process.services.domains.table.put_new(domain)
    return domain.id


async def generated(server: Server, ids: dict[str, str]) -> str:
    """Store a generation that has ended."""
    generation = Generation(
        id=GenerationId(new_id("generation")),
        kind=GenerationKind.CHAT,
        prompt="Why?",
        status=GenerationStatus.FAILED,
        **ended(ids),
    )
    async with opened(server.config, dict(os.environ)) as process:  # noqa: TID251 - nothing of it is used here
        await process.services.generations.table.put_new(generation)
    return generation.id


def ended(ids: dict[str, str]) -> dict[str, Any]:
    """Return what a job's record has that has ended."""
    where = {"project_id": ProjectId(ids["project"]), "user_id": UserId(ids["owner"]), "team_id": TeamId(ids["team"])}
    return {**where, **dict.fromkeys(("created_at", "updated_at", "finished_at"), utc_now())}


@pytest.fixture(scope="module")
def things(server: Server) -> Iterator[Things]:
    yield asyncio.run(built(server))  # noqa: PT022 - kept for the module


async def over_http(
    http: httpx.AsyncClient, url: str, caller: User | None, operation: str, variables: dict[str, str]
) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {caller.token}"} if caller else {}
    return (await http.post(url, json={"query": operation, "variables": variables}, headers=headers)).json()


async def over_socket(things: Things, caller: User | None, entry: Entry, variables: dict[str, str]) -> dict[str, Any]:
    """Return a subscription's first result."""
    url, credentials = (
        f"ws{things.url.removeprefix('http')}",
        {"authorization": f"Bearer {caller.token}"} if caller else {},
    )
    payload = {"query": entry.operation, "variables": variables}
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": credentials}))
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        first = asyncio.ensure_future(socket.recv())
        async with asyncio.timeout(30):
            while entry.poke and not first.done():
                await things.value(entry.poke)
                await asyncio.wait({first}, timeout=0.2)
            message = json.loads(await first)
        return message["payload"] if message["type"] == "next" else {"errors": message["payload"]}


async def outcome(http: httpx.AsyncClient, things: Things, entry: Entry, caller: Caller) -> Outcome:
    """Ask as somebody, and say what comes of it."""
    variables, asking = await things.variables(entry.operation), things.callers[caller]
    if entry.operation.startswith("subscription"):
        answer = await over_socket(things, asking, entry, variables)
    else:
        answer = await over_http(http, things.url, asking, entry.operation, variables)
    if errors := answer.get("errors"):
        return Outcome(errors[0]["extensions"]["code"])
    result: Any = next(iter(answer["data"].values()))
    if result in (None, [None]):
        return Outcome.NULL
    if entry.operation.startswith("mutation"):
        assert {error["code"] for error in result["userErrors"]} <= entry.told, answer
    return Outcome.ALLOWED


def root_fields() -> list[str]:
    schema = sdl_schema()
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    return [f"{root.name}.{name}" for root in roots if root is not None for name in root.fields]


@pytest.mark.parametrize("field", sorted({*root_fields(), *ENTRIES}))
async def test_a_field_is_for_those_whom_the_matrix_says(things: Things, field: str) -> None:
    assert field in ENTRIES, (
        f'Nobody has said who may use {field}. Add it to the entries in a file of tests/slices: "{field}": '
        "Entry(<an operation that uses it on the team's things>, <SEE, EDIT, DELETE, MANAGE, OWN, … or a row(…)>)."
    )
    owner, field_type = sdl_schema().type_map.get(field.partition(".")[0]), field.partition(".")[2]
    assert isinstance(owner, GraphQLObjectType), f"{field} is not in the SDL any more: take it out of tests/slices."
    assert field_type in owner.fields, f"{field} is not in the SDL any more: take it out of tests/slices."
    entry = ENTRIES[field]
    refused = [caller for caller in Caller if entry.outcomes[caller] is not Outcome.ALLOWED]
    allowed = [caller for caller in Caller if caller not in refused]
    changes = entry.operation.startswith("mutation") and "fresh" not in entry.operation

    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        before = await settled(things) if changes else None
        answers = await asyncio.gather(*(outcome(http, things, entry, caller) for caller in refused))
        after = await settled(things) if changes else None
        found = dict(zip(refused, answers, strict=True))
        for caller in allowed:  # one after the other, since what they do may be the same
            found[caller] = await outcome(http, things, entry, caller)

    assert found == entry.outcomes
    assert before == after


async def settled(things: Things) -> Any:
    """Return the team with what it has, once nothing is under way in it."""
    async with asyncio.timeout(60):
        while True:
            seen = await things.owner.ask(SNAPSHOT, team=things.ids["team"])
            if '"QUEUED"' not in (text := json.dumps(seen)) and '"GENERATING"' not in text:
                return seen
