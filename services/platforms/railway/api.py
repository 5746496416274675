"""Calls of Railway's API, and what its refusals mean."""

from http import HTTPStatus
from typing import Final, TypeVar

import msgspec

from services.core.frozen import frozen
from services.platforms.output import cleaned, shortened
from services.platforms.port import DeployFailed
from services.platforms.railway.answers import Deployment, OneDeployment, Place, Up, Who
from services.platforms.railway.documents import DEPLOYMENT, WHO, Document
from services.platforms.vendors.client import MOST_WORDS, Client, Refused, Unclear

T = TypeVar("T")

_QUICKLY: Final = 35
"""Seconds until something may be created again: Railway allows one project or service in 30."""


class _Extensions(msgspec.Struct, frozen=True):
    code: str = ""


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    extensions: _Extensions = _Extensions()


class _Reply(msgspec.Struct, frozen=True):
    data: object = None
    errors: list[_Error] = []


@frozen
class Api:
    client: Client

    async def ask(self, document: Document, type: type[T], **variables: object) -> T:
        """Return the data of an answer.

        Raises as `Client.call` does, and Refused with status 403, 404 or 400 for errors that come with status 200.
        """
        answer = await self.client.call(
            "POST", "/graphql/v2", body=document.body(variables), repeatable=document.is_repeatable
        )
        reply = answer.read(_Reply)
        if reply.errors:
            raise await self._refusal(reply.errors[0], document)
        try:
            return msgspec.convert(reply.data, type, strict=False)
        except msgspec.ValidationError:
            raise Unclear("The answer is not as it is documented.") from None

    async def up(self, place: Place, *, message: str, content: bytes) -> str:
        """Upload the source, which begins a deployment, and return its id (the command `railway up`)."""
        answer = await self.client.call(
            "POST",
            f"/project/{place.project_id}/environment/{place.environment_id}/up",
            content=content,
            params={"serviceId": place.service_id, "message": message},
            headers={"content-type": "application/gzip"},
        )
        return answer.read(Up).deployment_id

    async def deployment(self, deployment_id: str) -> Deployment:
        """Return a deployment. Raises DeployFailed where Railway has it no more."""
        try:
            return (await self.ask(DEPLOYMENT, OneDeployment, id=deployment_id)).deployment
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            raise DeployFailed("GONE", "Railway has this deployment no more: it was deleted there.") from None

    async def _refusal(self, error: _Error, document: Document) -> Exception:
        words = shortened(cleaned(error.message), MOST_WORDS)
        said, code = words.lower(), error.extensions.code
        if "not authorized" in said:  # said of a token and of a thing alike
            is_accepted = document is not WHO and await self._is_accepted()
            return Refused(HTTPStatus.FORBIDDEN, code, words, None) if is_accepted else self.client.not_accepted()
        if "not found" in said:
            return Refused(HTTPStatus.NOT_FOUND, code, words, None)
        if "too quickly" in said or "rate limit" in said:
            return DeployFailed("RATE_LIMITED", f"Railway asks to wait: {words}", again_after=_QUICKLY)
        if "problem processing" in said:
            return Unclear(words)
        return Refused(HTTPStatus.BAD_REQUEST, code, words, None)

    async def _is_accepted(self) -> bool:
        try:
            await self.ask(WHO, Who)
        except DeployFailed as failure:
            if failure.reason == "CREDENTIALS_REFUSED":
                return False
            raise
        return True


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal of Railway."""
    words = refused.words.rstrip(".") or f"it answers with status {refused.status}"
    said = refused.words.lower()
    if refused.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return DeployFailed("TOO_LARGE", "The code is larger than Railway takes.")
    if any(word in said for word in ("limit", "plan", "trial", "upgrade", "billing")):
        return DeployFailed("PLAN_LIMIT", f"The Railway account has reached a limit of its plan: {words}.")
    if refused.status == HTTPStatus.FORBIDDEN:
        message = f"The token may not do this at Railway: {words}. Use an account or workspace token."
        return DeployFailed("NOT_PERMITTED", message)
    if refused.status == HTTPStatus.NOT_FOUND:
        return DeployFailed("GONE", f"Something of the project was deleted at Railway: {words}.")
    return DeployFailed("REFUSED", f"Railway refuses this: {words}.")
