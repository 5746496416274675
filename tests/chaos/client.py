"""A GraphQL client under fire: it asks any api until one answers, with ids that make a retry safe."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

import httpx

from cli.operations import CONNECT
from services.config import Config
from services.core.clock import utc_now
from services.core.frozen import frozen
from services.foundation.auth.tokens import issue_dev_token
from tests.chaos.checker import Stored, numbered
from tests.chaos.tally import Tally
from tests.snapinfra import SECRET

PATIENCE: Final = 90.0
"""Seconds after which an answer is given up."""

_AGAIN: Final = {"INTERNAL", "UNAVAILABLE", "CONFLICT"}

_PROJECT: Final = """
mutation($input: CreateProjectInput!) { createProject(input: $input) { project { id } userErrors { code message } } }
"""
_GENERATE: Final = """
mutation($input: GenerateInput!) { generate(input: $input) { generation { id } userErrors { code message } } }
"""
_DEPLOY: Final = """
mutation($input: CreateDeploymentInput!) {
  createDeployment(input: $input) { deployment { id } userErrors { code message } }
}
"""
_CANCEL: Final = """
mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { id } } }
"""
_CANCEL_DEPLOYMENT: Final = """
mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { deployment { id } } }
"""
_DEPLOYED: Final = """
query($id: ID!, $after: String) {
  deployment(id: $id) {
    status reason message finishedAt
    logs(first: 100, after: $after) { nodes { id stream level message } pageInfo { hasNextPage endCursor } }
  }
}
"""
_STORED: Final = """
query($id: ID!) {
  generation(id: $id) { status reason message attempt finishedAt text missingFiles files { path content } }
}
"""


class Unanswered(Exception):
    """No api gave an answer, or one that cannot be right."""


@frozen
class Client:
    """What the load asks for. Every error is counted and the question asked again, of any api."""

    urls: Sequence[str]
    http: httpx.AsyncClient
    chance: Random
    tally: Tally

    async def project(self, token: str, description: str) -> str:
        made = await self._ask(
            token,
            _PROJECT,
            input={"name": "Chaos", "description": description, "clientMutationId": self._new_id()},
        )
        return made["createProject"]["project"]["id"]

    async def generate(self, token: str, project_id: str, kind: str, *, most_tokens: int | None = None) -> str:
        made = await self._ask(
            token,
            _GENERATE,
            input={
                "projectId": project_id,
                "kind": kind,
                "options": {"maxTokens": most_tokens},
                "clientMutationId": self._new_id(),
            },
        )
        return made["generate"]["generation"]["id"]

    async def connect(self, token: str, kind: str, credentials: Mapping[str, Any]) -> None:
        """Create an integration."""
        await self._ask(token, CONNECT, type=kind, credentials=credentials)

    async def deploy(self, token: str, project_id: str, generation_id: str, platform: str) -> str:
        made = await self._ask(
            token,
            _DEPLOY,
            input={
                "projectId": project_id,
                "generationId": generation_id,
                "platform": platform,
                "clientMutationId": self._new_id(),
            },
        )
        return made["createDeployment"]["deployment"]["id"]

    async def cancel(self, token: str, job_id: str) -> None:
        """Ask a generation or deployment to stop; one that has ended stays as it is."""
        await self._ask(token, _CANCEL_DEPLOYMENT if job_id.startswith("deployment_") else _CANCEL, id=job_id)

    async def stored(self, token: str, job_id: str) -> tuple[Stored, bool]:
        """Return a generation or deployment, and whether it has ended."""
        if job_id.startswith("deployment_"):
            return await self._deployed(token, job_id)
        found = (await self._ask(token, _STORED, id=job_id))["generation"]
        stored = Stored(
            found["status"],
            found["attempt"],
            found["reason"],
            found["message"],
            found["text"],
            {file["path"]: file["content"] for file in found["files"]},
            missing=tuple(found["missingFiles"]),
        )
        return stored, found["finishedAt"] is not None

    async def _deployed(self, token: str, deployment_id: str) -> tuple[Stored, bool]:
        lines, after, more = list[str](), None, True
        found: dict[str, Any] = {}
        while more:
            found = (await self._ask(token, _DEPLOYED, id=deployment_id, after=after))["deployment"]
            page = found["logs"]["pageInfo"]
            lines += map(numbered, found["logs"]["nodes"])
            after, more = page["endCursor"], page["hasNextPage"]
        stored = Stored(found["status"], 0, found["reason"], found["message"], lines=tuple(lines))
        return stored, found["finishedAt"] is not None

    async def _ask(self, token: str, query: str, **variables: Any) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    answer = await self._once(token, query, variables)
                    if answer is not None:
                        return answer
                    await asyncio.sleep(self.chance.uniform(0.05, 0.5))
        except TimeoutError:
            raise Unanswered(f"No api has answered for {PATIENCE:.0f} s: {query.strip():.40}") from None

    async def _once(self, token: str, query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """Return the data, or None where it is worth asking again."""
        try:
            answer = await self.http.post(
                self.chance.choice(self.urls),
                json={"query": query, "variables": variables},
                headers={"authorization": f"Bearer {token}"},
            )
            body = answer.json()
        except (httpx.HTTPError, ValueError):
            return None
        errors = _errors(body)
        for error in errors:
            code = error.get("code") or error.get("extensions", {}).get("code")
            self.tally.errors[f"request: {code}: {error['message']}"] += 1
            if code not in _AGAIN:
                raise Unanswered(f"{code}: {error['message']}")
        return None if errors else body["data"]

    def _new_id(self) -> str:
        return f"chaos-{self.chance.getrandbits(64):016x}"


def token_for(name: str, config: Config) -> str:
    return issue_dev_token(name, secret=SECRET, lifetime=config.jwt_lifetime, now=utc_now)


def _errors(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the errors of an answer, those of the user among them."""
    errors: list[dict[str, Any]] = list(body.get("errors") or [])
    data: dict[str, dict[str, Any] | None] = body.get("data") or {}
    for payload in data.values():
        if payload is not None:
            errors += payload.get("userErrors") or []
    return errors
