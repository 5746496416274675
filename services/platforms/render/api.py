"""A connection to Render's API with one key, and what its refusals mean."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urlencode

from services.core.frozen import frozen
from services.platforms.port import DeployFailed
from services.platforms.render.answers import Deploy, ListedOwner, Owner, Page
from services.platforms.vendors.client import Answer, Client, Refused

T = TypeVar("T")

_REPOSITORY: Final = re.compile(r"https://github\.com/[\w-]+/[\w.-]*\w", re.ASCII)

MOST: Final = 100
"""Of anything at once."""


@frozen
class Render:
    """Three limits beside each other: 20 services an hour, 30 looks at logs a minute, and the rest."""

    client: Client
    creating: Client
    logs: Client

    @property
    def scheme(self) -> str:
        """Return how sites are reached: as the API is."""
        return self.client.base_url.partition(":")[0]

    async def get(self, path: str, type: type[T], /, **params: str) -> T | None:
        """Return what is there; None where nothing is. Raises as `Client.call` does."""
        return await self.client.get(f"/v1{path}", type, headers=None, **params)

    async def call(
        self, method: str, path: str, *, body: object = None, missing_ok: bool = False, repeatable: bool = False
    ) -> Answer:
        """Make a call. Raises as `Client.call` does."""
        return await self.client.call(method, f"/v1{path}", body=body, missing_ok=missing_ok, repeatable=repeatable)

    async def create_service(self, body: object) -> Answer:
        """Create a service, whose first deploy begins with it. Raises as `Client.call` does."""
        return await self.creating.call("POST", "/v1/services", body=body)

    async def lines(self, asked: Mapping[str, str | Sequence[str]]) -> Page:
        """Return a page of logs. Raises as `Client.call` does."""
        return (await self.logs.call("GET", f"/v1/logs?{urlencode(asked, doseq=True)}")).read(Page)

    async def owners(self) -> list[Owner]:
        """Return the workspaces that the key reaches."""
        listed = await self.get("/owners", list[ListedOwner], limit=str(MOST))
        return [each.owner for each in listed or []]

    async def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return a deploy. Raises DeployFailed where Render has it no more."""
        deploy = await self.get(f"/services/{service_id}/deploys/{deploy_id}", Deploy)
        if deploy is None:
            raise DeployFailed("GONE", "Render has this deploy no more: its service was deleted there.")
        return deploy


@asynccontextmanager
async def connected(client: Client, creating: Client, logs: Client) -> AsyncGenerator[Render]:
    """Open a connection."""
    async with client, creating, logs:
        yield Render(client, creating, logs)


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal of Render."""
    words = refused.words.rstrip(".") or f"it answers with status {refused.status}"
    if "unfetchable" in refused.words or "api.github.com/repositories" in refused.words:
        return unreachable(refused.words)
    if refused.status == HTTPStatus.PAYMENT_REQUIRED:
        return DeployFailed("PLAN_LIMIT", f"Render wants the workspace to be paid for this: {words}.")
    if refused.status == HTTPStatus.FORBIDDEN:
        return DeployFailed("NOT_PERMITTED", f"The API key may not do this at Render: {words}.")
    return DeployFailed("REFUSED", f"Render refuses this: {words}.")


def unreachable(words: str) -> DeployFailed:
    """Say what to do for a repository that Render can't read, which words may name."""
    address = _REPOSITORY.search(words)
    repository = f"the repository {address[0]}" if address else "the repository"
    message = (
        f"Render can't read {repository}. Connect GitHub with the workspace at dashboard.render.com, give Render's"
        " GitHub app access to the repository (github.com/settings/installations), and redeploy."
    )
    return DeployFailed("REPOSITORY_UNREACHABLE", message)
