"""Testing credentials: one cheap request to each service that only its user may make."""

import asyncio
from collections.abc import Mapping
from dataclasses import field
from typing import Final, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKeys

from services.core.clock import Clock
from services.core.credentials import AwsKeys, Credentials, Token
from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.foundation.outbound.client import TOTAL_TIMEOUT, Outbound, Reply, Unreachable
from services.integrations.model import CredentialTest, IntegrationTestState, IntegrationType
from services.platforms.output import cleaned, shortened
from services.platforms.port import DeployFailed, Identity

BASE_URLS: Final[Mapping[IntegrationType, str]] = {
    IntegrationType.GROQ: "https://api.groq.com/openai/v1",
    IntegrationType.OPENAI: "https://api.openai.com/v1",
    IntegrationType.VERCEL: "https://api.vercel.com",
    IntegrationType.RENDER: "https://api.render.com/v1",
    IntegrationType.HEROKU: "https://api.heroku.com",
    IntegrationType.RAILWAY: "https://backboard.railway.com",
    IntegrationType.AWS: "https://sts.us-east-1.amazonaws.com",
    IntegrationType.GITHUB: "https://api.github.com",
}

_PATHS: Final[Mapping[IntegrationType, str]] = {
    IntegrationType.GROQ: "/models",
    IntegrationType.OPENAI: "/models",
    IntegrationType.VERCEL: "/v2/user",
    IntegrationType.RENDER: "/owners?limit=1",
    IntegrationType.HEROKU: "/account",
    IntegrationType.RAILWAY: "/graphql/v2",
    IntegrationType.AWS: "/",
    IntegrationType.GITHUB: "/user",
}
_HEADERS: Final[Mapping[IntegrationType, Mapping[str, str]]] = {
    IntegrationType.HEROKU: {"accept": "application/vnd.heroku+json; version=3"},
    IntegrationType.GITHUB: {"accept": "application/vnd.github+json"},
    IntegrationType.RAILWAY: {"content-type": "application/json"},
    IntegrationType.AWS: {"content-type": "application/x-www-form-urlencoded"},
}
_BODIES: Final[Mapping[IntegrationType, bytes]] = {
    IntegrationType.RAILWAY: b'{"query":"{ projects(first: 1) { edges { node { id } } } }"}',
    IntegrationType.AWS: b"Action=GetCallerIdentity&Version=2011-06-15",
}
_REFUSALS: Final = {401, 403}


MOST_NAME: Final = 200
"""Characters of what a service calls whose credentials they are."""

_REASONS: Final = {"CREDENTIALS_REFUSED", "NOT_PERMITTED"}


class Checker(Protocol):
    """A deploy target that says whose credentials they are (services/platforms/port.py)."""

    async def check(self, credentials: Credentials) -> Identity: ...


@frozen
class CredentialTester:
    outbound: Outbound
    now: Clock
    base_urls: Mapping[IntegrationType, str] = field(default_factory=lambda: BASE_URLS)
    checkers: Mapping[IntegrationType, Checker] = field(default_factory=dict[IntegrationType, Checker])
    """Those that also deploy; the others are asked here."""

    async def test(
        self, kind: IntegrationType, credentials: Credentials, *, base_url: str | None, team_id: TeamId
    ) -> CredentialTest:
        """Ask the service whether it accepts a team's credentials."""
        if (checker := self.checkers.get(kind)) is not None:
            return await self._checked(kind, checker, credentials)
        url = (base_url or self.base_urls[kind]).rstrip("/") + _PATHS[kind]
        body = _BODIES.get(kind, b"")
        method = "POST" if body else "GET"
        headers = {"user-agent": "Snapinfra/1", **_HEADERS.get(kind, {})}
        headers |= _authorization(credentials, method, url, headers, body)
        try:
            reply = await self.outbound.request(method, url, team_id=team_id, headers=headers, content=body)
        except Unreachable as failure:
            return self._result(IntegrationTestState.FAILED, str(failure))
        return self._read(kind, reply)

    async def _checked(self, kind: IntegrationType, checker: Checker, credentials: Credentials) -> CredentialTest:
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT):
                identity = await checker.check(credentials)
        except TimeoutError:
            return self._result(IntegrationTestState.FAILED, "There was no answer in time.")
        except DeployFailed as failure:
            if failure.reason in _REASONS:
                return self._result(IntegrationTestState.REFUSED, f"{kind.value} does not accept these credentials.")
            is_certain = failure.reason == "WORKSPACE_UNKNOWN"
            state = IntegrationTestState.REFUSED if is_certain else IntegrationTestState.FAILED
            return self._result(state, failure.message)
        name = shortened(cleaned(identity.name), MOST_NAME)
        return self._result(IntegrationTestState.PASSED, f"{kind.value} accepts these credentials, as {name}.")

    def _read(self, kind: IntegrationType, reply: Reply) -> CredentialTest:
        refused = reply.status in _REFUSALS or (kind is IntegrationType.RAILWAY and _has_errors(reply))
        if refused:
            return self._result(IntegrationTestState.REFUSED, f"{kind.value} does not accept these credentials.")
        if 200 <= reply.status < 300:  # noqa: PLR2004 - success, as HTTP has it
            return self._result(IntegrationTestState.PASSED, f"{kind.value} accepts these credentials.")
        return self._result(IntegrationTestState.FAILED, f"{kind.value} answered with status {reply.status}.")

    def _result(self, state: IntegrationTestState, message: str) -> CredentialTest:
        return CredentialTest(state, message, self.now())


def _authorization(
    credentials: Credentials, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> dict[str, str]:
    match credentials:
        case Token(token):
            return {"authorization": f"Bearer {token}"}
        case AwsKeys(access_key_id, secret, session):
            request = AWSRequest(method, url, dict(headers), body)
            SigV4Auth(SigningKeys(access_key_id, secret, session), "sts", "us-east-1").add_auth(request)
            return {name.lower(): value for name, value in request.headers.items()}


def _has_errors(reply: Reply) -> bool:
    """Say whether a GraphQL answer is a refusal: those have status 200."""
    try:
        answer = read_json(reply.body)
    except UnreadableJson:
        return False
    return isinstance(answer, dict) and bool(answer.get("errors"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON
