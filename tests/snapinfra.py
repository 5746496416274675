"""A Snapinfra for tests: an api and a worker in a thread of their own, and a client to ask them."""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import httpx
import uvloop
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from cli.client import Client
from cli.serving import hosting, provision_stage
from services.config import Config, read
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.core.tls import trusted
from services.foundation.auth.tokens import issue_dev_token
from services.foundation.aws.emulator import free_port

NPM: Final = Path(__file__).parents[1] / ".make" / "npm"
"""npm's cache and what it has installed, for all tests of this machine."""
SECRET: Final = "tests-and-nothing-else-know-this-secret"


@frozen
class Server:
    """A running server."""

    config: Config

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/graphql"

    def user(self, name: str | None = None) -> "User":
        """Return a client for a user; without a name one whom nobody has seen before."""
        name = name or uuid.uuid4().hex
        token = issue_dev_token(name, secret=SECRET, lifetime=self.config.jwt_lifetime, now=utc_now)
        return User(self.url, token)


@frozen
class User(Client):
    """A client that shows errors as they are."""

    async def result(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer, with its errors."""
        async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
            answer = await http.post(
                self.url,
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {self.token}"},
            )
        return answer.json()

    async def project(self, **fields: Any) -> dict[str, Any]:
        """Create a project."""
        created = await self.ask(
            "mutation($input: CreateProjectInput!) { createProject(input: $input)"
            " { project { id version status } userErrors { message } } }",
            input={"name": "Users", "description": "Build a user management API with teams and roles", **fields},
        )
        return created["createProject"]["project"]

    async def generate(self, project_id: str, kind: str, **fields: Any) -> str:
        """Ask for a generation and return its id."""
        asked = await self.ask(
            "mutation($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { message } } }",
            input={"projectId": project_id, "kind": kind, **fields},
        )
        return asked["generate"]["generation"]["id"]

    async def deploy(self, project_id: str, generation_id: str, *, platform: str = "LOCAL", **config: Any) -> str:
        """Ask for a deployment and return its id."""
        asked = await self.ask(
            "mutation($input: CreateDeploymentInput!) { createDeployment(input: $input)"
            " { deployment { id } userErrors { message } } }",
            input={"projectId": project_id, "generationId": generation_id, "platform": platform, "config": config},
        )
        return asked["createDeployment"]["deployment"]["id"]

    async def team(self, name: str = "Crew") -> str:
        """Make a team and return its id."""
        made = await self.ask(
            "mutation($name: String!) { createTeam(input: {name: $name}) { team { id } } }", name=name
        )
        return made["createTeam"]["team"]["id"]

    async def take_in(self, other: "User", team_id: str, role: str) -> None:
        """Make another user a member of a team."""
        invited = await self.ask(
            "mutation($input: InviteMemberInput!) { inviteMember(input: $input) { token userErrors { message } } }",
            input={"teamId": team_id, "email": "somebody@example.com", "role": role},
        )
        await other.ask(
            "mutation($token: String!) { acceptInvitation(input: {token: $token}) { userErrors { message } } }",
            token=invited["inviteMember"]["token"],
        )

    @asynccontextmanager
    async def socket(self) -> "AsyncGenerator[Any]":
        """Open a socket and sign in."""
        url = "ws" + self.url.removeprefix("http")
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None) as socket:
            payload = {"Authorization": f"Bearer {self.token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            yield socket

    async def follow(self, query: str, **variables: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield a subscription's results as they are, once, without resuming."""
        async with self.socket() as socket:
            payload = {"query": query, "variables": variables}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
            try:
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return
                    if message["type"] == "error":
                        yield {"errors": message["payload"]}
                        return
                    if message["type"] == "next":
                        yield message["payload"]
            finally:
                socket.transport.abort()  # as a laptop that closes: no handshake


GENERATION: Final = """
subscription($id: ID!, $after: String) {
  generationEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on AttemptStarted { attempt provider model resetsText leftOut }
    ... on TokenDelta { text offset }
    ... on FileStarted { path }
    ... on FileDelta { path text }
    ... on FileCompleted { path sha256 bytes }
    ... on FileDiscarded { path discardReason }
    ... on FileKept { path sha256 bytes }
    ... on FileRemoved { path }
    ... on CheckFinished { name checkState output }
    ... on UsageUpdated { inputTokens outputTokens }
    ... on AttemptFailed { code message willRetry }
    ... on GenerationFinished { status reason message generation { id status } }
    ... on StreamGap { fromSeq toSeq }
  }
}"""


async def events(
    user: User, generation_id: str, *, after: str | None = None, most: int | None = None, patience: float = 60
) -> list[Any]:
    """Return a generation's events after a cursor, to its end or until there are `most`."""
    found: list[Any] = []
    async with asyncio.timeout(patience), aclosing(user.follow(GENERATION, id=generation_id, after=after)) as results:
        async for result in results:
            assert "errors" not in result, result
            found.append(result["data"]["generationEvents"])
            if len(found) == most:
                break
    return found


def rebuilt(happened: list[Any], base: Mapping[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """Rebuild text and whole files from events, as a client does that has the files of the base."""
    text, files, parts = "", dict[str, str](), dict[str, str]()
    for event in happened:
        match event["__typename"]:
            case "AttemptStarted" if event["resetsText"]:
                text, files, parts = "", {}, {}
            case "TokenDelta":
                assert event["offset"] == len(text)
                text += event["text"]
            case "FileStarted":
                parts[event["path"]] = ""
            case "FileDelta":
                parts[event["path"]] += event["text"]
            case "FileCompleted":
                files[event["path"]] = parts[event["path"]]
            case "FileKept":
                files[event["path"]] = (base or {})[event["path"]]
            case "FileRemoved":
                del files[event["path"]]
            case _:
                pass
    return text, files


def settings(emulator: str, **variables: str) -> Config:
    """Return settings for a stage of its own on the emulator."""
    return read(
        {
            "SNAPINFRA_ENV": "development",
            "SNAPINFRA_STAGE": uuid.uuid4().hex[:12],
            "AWS_ENDPOINT_URL": emulator,
            "PORT": str(free_port()),
            "JWT_SECRET": SECRET,
            "NPM_FOLDER": str(NPM),
            "SCAFFOLD_TOKENS_PER_SECOND": "0",
            "ADMIN_USERS": "root",
            "CODE_CHECKS": "false",
            "AI_REQUESTS_PER_MINUTE": "0",
            "API_RATE_PER_MINUTE": "0",
            "JOB_POLL_SECONDS": "1",
            "JOB_LEASE_SECONDS": "20",
            "DRAIN_GRACE_SECONDS": "1",
            "ALLOW_PRIVATE_ADDRESSES": "true",
            **variables,
        }
    )


def provisioned(emulator: str, **variables: str) -> Config:
    """Provision a stage of its own on the emulator, and return its settings."""
    config = settings(emulator, **variables)
    provision_stage(config)
    return config


@contextmanager
def serving(config: Config) -> Generator[Server]:
    """Provision a stage and run an api and a worker on it, in a thread of their own."""
    provision_stage(config)
    up, done, failures = Event(), Event(), list[BaseException]()

    async def run() -> None:
        async with hosting(config, dict(os.environ)):  # noqa: TID251 - what npm needs of the test run's environment
            up.set()
            await asyncio.to_thread(done.wait)

    def thread_body() -> None:
        try:
            uvloop.run(run())
        except BaseException as error:  # noqa: BLE001 - shown in the test's thread
            failures.append(error)
            up.set()

    thread = Thread(target=thread_body, name="snapinfra")
    thread.start()
    up.wait()
    try:
        if not failures:
            yield Server(config)
    finally:
        done.set()
        thread.join()
        if failures:
            raise failures[0]
