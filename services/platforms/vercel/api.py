"""A connection to Vercel with one token: its API, and the part of its dashboard that has the logs of requests."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec

from services.core.frozen import frozen
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Answer, Client, Refused

URL: Final = "https://api.vercel.com"
DASHBOARD: Final = "https://vercel.com"
"""Has what Vercel's own CLI reads logs of requests from, which the API only streams while they happen."""

DEPLOYMENTS: Final = "/v13/deployments"

T = TypeVar("T")


class User(msgspec.Struct, frozen=True, rename="camel"):
    username: str
    default_team_id: str | None = None
    """The team that an account without projects of its own works in."""


class _Account(msgspec.Struct, frozen=True):
    user: User


class _Trouble(msgspec.Struct, frozen=True, rename="camel"):
    invalid_token: bool = False


class _Body(msgspec.Struct, frozen=True):
    error: _Trouble = _Trouble()


@frozen
class Vercel:
    """Every call is on behalf of the user's team."""

    client: Client
    creating: Client
    """For new deployments: their limit may last for a day, in which what runs is still looked at."""
    dashboard: Client
    user: User

    @property
    def scheme(self) -> str:
        """Return how sites are reached: as the API is."""
        return self.client.base_url.partition(":")[0]

    async def get(self, path: str, type: type[T], **params: str) -> T | None:
        """Return what is there; None where nothing is. Raises as `Client.call` does."""
        return await self.client.get(path, type, headers=None, **self._scoped(params))

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str] | None = None,
        missing_ok: bool = False,
        repeatable: bool = False,
    ) -> Answer:
        """Make a call. Raises as `Client.call` does."""
        return await self.client.call(
            method, path, body=body, params=self._scoped(params or {}), missing_ok=missing_ok, repeatable=repeatable
        )

    async def create(self, body: object) -> Answer:
        """Ask for a deployment, never one that was there. Raises as `Client.call` does."""
        params = self._scoped({"forceNew": "1", "skipAutoDetectionConfirmation": "1"})
        return await self.creating.call("POST", DEPLOYMENTS, body=body, params=params)

    async def upload(self, digest: str, content: bytes) -> None:
        """Send a file, which a deployment then names by its SHA-1. Raises as `Client.call` does."""
        headers = {"content-type": "application/octet-stream", "x-vercel-digest": digest}
        scope = self._scoped({})
        await self.client.call("POST", "/v2/files", content=content, params=scope, headers=headers, repeatable=True)

    async def requests(self, type: type[T], **params: str) -> T | None:
        """Return a page of the logs of requests. Raises as `Client.call` does."""
        return await self.dashboard.get("/api/logs/request-logs", type, headers=None, **self._scoped(params))

    def _scoped(self, params: Mapping[str, str]) -> Mapping[str, str]:
        team = self.user.default_team_id
        return {**params, "teamId": team} if team else params


@asynccontextmanager
async def connected(client: Client, creating: Client, dashboard: Client) -> AsyncGenerator[Vercel]:
    """Open a connection for whoever the token is of. Raises as `Client.call` does."""
    async with client, creating, dashboard:
        account = await client.get("/v2/user", _Account)
        if account is None:
            raise DeployFailed("CREDENTIALS_REFUSED", "Vercel knows nobody by the credentials of the integration.")
        yield Vercel(client, creating, dashboard, account.user)


def milliseconds(moment: datetime) -> str:
    """Write a moment as Vercel does."""
    return str(round(moment.timestamp() * 1000))


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal (vercel.com/docs/rest-api/reference/errors)."""
    words = refused.words.rstrip(".") or f"it answers with status {refused.status}"
    if refused.status == HTTPStatus.FORBIDDEN and _is_about_the_token(refused.body):
        return DeployFailed(
            "CREDENTIALS_REFUSED",
            "Vercel does not accept the credentials of the integration: replace them with new ones.",
        )
    if refused.status == HTTPStatus.PAYMENT_REQUIRED:
        return DeployFailed("PLAN_LIMIT", f"The plan of the Vercel account does not allow this: {words}.")
    if refused.status == HTTPStatus.FORBIDDEN:
        return DeployFailed("NOT_PERMITTED", f"The Vercel account may not do this: {words}.")
    return DeployFailed("REFUSED", f"Vercel refuses this: {words}.")


def _is_about_the_token(body: object) -> bool:
    try:
        return msgspec.convert(body, _Body).error.invalid_token
    except msgspec.ValidationError:
        return False
