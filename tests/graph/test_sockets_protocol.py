"""The promise that a socket says what Strawberry's handler of the protocol says, whatever the client does in order."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from graph.app import create_app
from graph.encoding import encoded
from graph.sockets import PROTOCOL
from resolvers.context import Context
from services.bootstrap import Services
from services.core.actor import Actor
from services.core.clock import utc_now
from services.foundation.auth.tokens import Subject, issue_dev_token
from services.generations import events
from services.generations.model import GenerationKind, GenerationStatus
from services.generations.service import NewGeneration
from services.projects.service import NewProject
from tests.graph.oracle import strawberrys_schema
from tests.snapinfra import GENERATION, SECRET

USER: Final = "user_protocol"
STREAM: Final = [
    events.AttemptStarted(attempt=1, provider="scaffold", model="m", resets_text=True),
    events.TokenDelta(text="é", offset=0),
    events.FileStarted(path="a.ts"),
]
ENDED: Final = [*STREAM, events.GenerationFinished(status=GenerationStatus.FAILED)]

ASKED: Mapping[str, tuple[dict[str, Any], int]] = {
    "query": ({"query": "{ viewer { id } }"}, 2),
    "nothing of ours": ({"query": "query A { __typename }", "operationName": ""}, 2),
    "introspection": ({"query": "{ __schema { queryType { name } } }"}, 2),
    "error of a field": ({"query": '{ project(id: "project_1") { id } viewer { id } }'}, 2),
    "mutation": ({"query": 'mutation { createProject(input: {name: ""}) { userErrors { code message } } }'}, 2),
    "unknown field": ({"query": "{ nothing }"}, 1),
    "several operations": ({"query": "query A { __typename } query B { __typename }"}, 1),
    "a variable too few": ({"query": "query($id: ID!) { project(id: $id) { id } }"}, 1),
    "a variable too few for a stream": ({"query": GENERATION}, 1),
    "stream of nobody": ({"query": GENERATION, "variables": {"id": "generation_1"}}, 2),
    "no cursor": ({"query": GENERATION, "variables": {"id": "ENDED", "after": "no cursor"}}, 2),
    "ended stream": ({"query": GENERATION, "variables": {"id": "ENDED"}}, len(ENDED) + 1),
    "stream": ({"query": GENERATION, "variables": {"id": "OPEN"}}, len(STREAM)),
}
"""What is asked, and how many messages answer it. A stream stays open."""


class Stock(GraphQL[Context, None]):
    """Strawberry's endpoint, with the contexts that ours makes of who is there."""

    class Handler(BaseGraphQLTransportWSHandler[Context, None]):
        """As it is, but that it ends no socket for one operation, and that a result without data has none."""

        @staticmethod
        def _get_pre_execution_close_reason(error: GraphQLError) -> None:
            del error

        async def send_message(self, message: Any) -> None:
            payload = message.get("payload")
            if message["type"] == "next" and not any("path" in error for error in payload.get("errors", [{"path": 1}])):
                del payload["data"]
            await super().send_message(message)

    graphql_transport_ws_handler_class = Handler

    def __init__(self, services: Services, actor: Actor) -> None:
        protocols = [GRAPHQL_TRANSPORT_WS_PROTOCOL]
        super().__init__(strawberrys_schema(), subscription_protocols=protocols, allowed_origins=["*"])
        self.services, self.actor = services, actor

    def encode_json(self, data: object) -> str:
        return encoded(data).decode()  # knows what is encoded already

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        del request, response
        return Context(self.services, signed_in=self.actor)


class Conversation:
    """A client of an ASGI application's socket, which keeps what was said: of each operation, and of none."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self.heard = 0
        self.is_closed = False
        self.of_none = list[Any]()
        self.by_operation: defaultdict[str, list[Any]] = defaultdict(list)

    @asynccontextmanager
    async def held(self, app: ASGIApp, token: str) -> AsyncGenerator[None]:
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/graphql",
            "client": ("127.0.0.1", 5),
            "headers": [(b"host", b"localhost"), (b"authorization", f"Bearer {token}".encode())],
            "subprotocols": [PROTOCOL],
            "state": {},
        }
        self._said.put_nowait({"type": "websocket.connect"})
        task = asyncio.ensure_future(app(scope, self._said.get, self._hear))
        try:
            yield
        finally:
            self._said.put_nowait({"type": "websocket.disconnect", "code": 1005})
            await task

    def say(self, message: Mapping[str, Any]) -> None:
        self._said.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def heard_in_all(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self.heard < count and not self.is_closed:  # noqa: ASYNC110 - two applications tell of nothing
                await asyncio.sleep(0.002)

    async def _hear(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.of_none.append(message.get("subprotocol"))
            return
        self.heard += 1
        if message["type"] == "websocket.close":
            self.is_closed = True
            self.of_none.append((message["code"], message["reason"]))
            self._said.put_nowait({"type": "websocket.disconnect", "code": message["code"]})
            return
        said = json.loads(message["text"])
        (self.by_operation[said["id"]] if "id" in said else self.of_none).append(said)


Script = list[tuple[dict[str, Any], int]]
"""What the client says, and how many messages answer it; a close is one."""


def script(seed: int, ids: Mapping[str, str]) -> Script:
    """Write what a client says, until it says what ends the socket."""
    draw = random.Random(seed)  # noqa: S311 - a script, not a secret
    steps, following = Script(), set[str]()
    if draw.random() < 0.1:
        return [(subscribe("1", "query", ids), 1)]
    steps.append(({"type": "connection_init", "payload": draw.choice([{}, {"a": 1}])}, 1))
    for number in range(draw.randrange(2, 9)):
        match draw.random():
            case chance if chance < 0.1:
                steps.append(({"type": "ping"}, 1))
            case chance if chance < 0.2:
                steps.append(({"type": "pong", "payload": {}}, 0))
            case chance if chance < 0.35:
                ended = draw.choice([*following, "unknown"])
                following.discard(ended)
                steps.append(({"type": "complete", "id": ended}, 0))
            case chance if chance < 0.4:
                return [*steps, ({"type": "connection_init"}, 1)]
            case chance if chance < 0.45 and following:
                return [*steps, (subscribe(draw.choice([*following]), "query", ids), 1)]
            case _:
                name, identity = draw.choice(sorted(ASKED)), draw.choice(["é", "1", f"id-{number}"])
                if identity not in following:
                    following |= {identity} if name == "stream" else set()
                    steps.append((subscribe(identity, name, ids), ASKED[name][1]))
    return steps


def subscribe(identity: str, name: str, ids: Mapping[str, str]) -> dict[str, Any]:
    payload = dict(ASKED[name][0])
    if "variables" in payload:
        payload["variables"] = {key: ids.get(value, value) for key, value in payload["variables"].items()}
    return {"type": "subscribe", "id": identity, "payload": payload}


async def transcript(app: ASGIApp, token: str, steps: Script) -> tuple[list[Any], dict[str, list[Any]]]:
    conversation, expected = Conversation(), 0
    async with conversation.held(app, token):
        for message, answers in steps:
            conversation.say(message)
            expected += answers
            await conversation.heard_in_all(expected)
        await asyncio.sleep(0.01)  # for a word too many
    return conversation.of_none, dict(conversation.by_operation)


@pytest.fixture
async def ids(services: Services) -> dict[str, str]:
    """Make a generation that goes on, and one that has ended."""
    actor = await services.users.actor(Subject(USER))
    project = await services.projects.create(NewProject(name="Users", description="Users"), by=actor)
    made = dict[str, str]()
    for name, happened in (("OPEN", STREAM), ("ENDED", ENDED)):
        new = NewGeneration(project_id=project.id, kind=GenerationKind.SCHEMA, prompt="Users")
        generation = await services.generations.create(new, by=actor)
        data = [events.encode(event) for event in happened]
        close = happened is ENDED
        await services.generations.event_log.append(generation.id, data, attempt=1, producer_seq=1, close=close)
        made[name] = generation.id
    return made


async def test_every_script_of_the_protocol_gives_the_same_transcript(services: Services, ids: dict[str, str]) -> None:
    actor = await services.users.actor(Subject(USER))
    token = issue_dev_token(USER, secret=SECRET, lifetime=services.config.jwt_lifetime, now=utc_now)
    ours, theirs = create_app(services), Stock(services, actor)
    messages = 0
    for seed in range(80):
        steps = script(seed, ids)
        said, expected = [await transcript(app, token, steps) for app in (ours, theirs)]

        assert said == expected, (seed, steps)
        messages += len(said[0]) + sum(map(len, said[1].values()))
    assert messages > 500
