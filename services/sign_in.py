"""Signing in, and staying signed in: from a request's headers to an actor, as long as that holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from services.api_keys.service import ApiKeys
from services.api_keys.text import BRAND
from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Unauthenticated
from services.core.frozen import frozen
from services.core.ids import ApiKeyId
from services.core.policy import keeps
from services.foundation.auth.access import AccessChange
from services.foundation.auth.sessions import ClerkSessions
from services.foundation.auth.tokens import Authenticator, Subject
from services.users import Users

SESSION_LOOK: Final = timedelta(minutes=1)
"""How often a session is asked for after its token has expired."""

UNCONFIRMED: Final = timedelta(hours=1)
"""How long somebody stays signed in while nobody can tell whether their session goes on."""

_LESS: Final = "Your access has changed: connect again."


@frozen
class Credential:
    """What somebody has signed in with, and who that makes them."""

    actor: Actor
    subject: Subject | None
    """Of a token; None for an API key."""
    key_id: ApiKeyId | None
    confirmed_at: datetime
    """When it was last known to hold."""
    holds_until: datetime | None
    """When to look at it again, if nothing happens before; None: it does not end by itself."""

    @property
    def names(self) -> frozenset[str]:
        """Whose changes of access concern it."""
        session = self.subject.session_id if self.subject else None
        return frozenset(filter(None, (self.actor.user_id, self.key_id, session, *self.actor.roles)))


@frozen(kw_only=True)
class SignIn:
    auth: Authenticator
    users: Users
    keys: ApiKeys
    sessions: ClerkSessions
    now: Clock

    async def credential(self, headers: Mapping[str, str]) -> Credential | None:
        """Return who is asking, or None without credentials. Raises Unauthenticated for those that do not hold.

        Names of headers are in lower case. An API key comes as `x-api-key` or as a bearer token.
        """
        authorization = headers.get("authorization")
        text = headers.get("x-api-key") if authorization is None else _key_in(authorization)
        now = self.now()
        if text:
            key, actor = await self.keys.enter(text)
            return Credential(actor, None, key.id, now, key.expires_at)
        dev_user_id = headers.get("x-dev-user-id")
        if dev_user_id and not authorization and _from_a_page(headers):
            raise Unauthenticated("x-dev-user-id is not believed from a page: send a token (`snapinfra token`).")
        subject = await self.auth.subject(authorization=authorization, dev_user_id=dev_user_id)
        if subject is None:
            return None
        return Credential(await self.users.actor(subject), subject, None, now, subject.expires_at)

    async def again(self, credential: Credential) -> Credential:
        """Return a credential as it holds now.

        Raises Unauthenticated where it has ended, or where its actor may do less than before: then they sign in anew
        and ask again for what they have open.
        """
        if credential.key_id is not None:
            now = replace(credential, actor=await self.keys.actor_of(credential.key_id), confirmed_at=self.now())
        elif credential.subject is not None:
            now = await self._session(credential, credential.subject)
            now = replace(now, actor=await self.users.actor(credential.subject))
        else:
            now = credential
        if not keeps(credential.actor, now.actor):
            raise Unauthenticated(_LESS)
        return now

    async def after(self, change: AccessChange, credential: Credential) -> Credential:
        """Return a credential as it holds after a change of access. Raises Unauthenticated as `again` does."""
        if credential.subject is not None and change.subject == credential.subject.session_id:
            raise Unauthenticated("The session has ended.")
        if change.subject in credential.actor.roles and change.spared not in credential.actor.roles:
            raise Unauthenticated(_LESS)
        return await self.again(credential)

    async def _session(self, credential: Credential, subject: Subject) -> Credential:
        now = self.now()
        if subject.expires_at is None or now < subject.expires_at:
            return credential
        if subject.session_id is None:
            raise Unauthenticated("The token has expired.")
        active = await self.sessions.is_active(subject.session_id)
        if active is False:
            raise Unauthenticated("The session has ended.")
        confirmed_at = now if active else credential.confirmed_at
        if now - confirmed_at >= UNCONFIRMED:
            raise Unauthenticated("The token has long expired: connect again with a new one.")
        return replace(credential, confirmed_at=confirmed_at, holds_until=now + SESSION_LOOK)


def _from_a_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser sent a request for a page: whichever that is, it knows no secret of who looks at it."""
    return "origin" in headers or "sec-fetch-site" in headers


def _key_in(authorization: str) -> str | None:
    token = authorization.partition(" ")[2].strip()
    return token if token.startswith(BRAND) else None
