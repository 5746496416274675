"""This file is signing in: from the headers of a request, or a socket's first message, to an actor."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.api_keys.service import ApiKeys
from services.api_keys.text import BRAND
from services.auth.tokens import Authenticator
from services.core.actor import Actor
from services.users import Users


@dataclass(frozen=True, slots=True)
class SignIn:
    auth: Authenticator
    users: Users
    keys: ApiKeys

    async def actor(self, headers: Mapping[str, str]) -> Actor | None:
        """Return who is asking, or None without credentials. Raises Unauthenticated for those that do not hold.

        Names of headers are in lower case. An API key comes as `x-api-key` or as a bearer token.
        """
        authorization = headers.get("authorization")
        key = headers.get("x-api-key") if authorization is None else _key_in(authorization)
        if key:
            return await self.keys.actor(key)
        subject = await self.auth.subject(authorization=authorization, dev_user_id=headers.get("x-dev-user-id"))
        return None if subject is None else await self.users.actor(subject)


def _key_in(authorization: str) -> str | None:
    token = authorization.partition(" ")[2].strip()
    return token if token.startswith(BRAND) else None
