"""The checking of tokens: Clerk's RS256 session tokens, and HS256 tokens of our own in development.

Clerk's rules: https://clerk.com/docs/guides/sessions/manual-jwt-verification (iss, exp, nbf, azp where there is one,
sts). The algorithm is fixed per kind of token, never taken from the token (RFC 8725, 3.1).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import jwt

from services.core.clock import Clock, moment_at, utc_now
from services.core.errors import Unauthenticated
from services.core.frozen import frozen
from services.core.recent import Recent
from services.core.text import address_in, is_storable
from services.foundation.auth.jwks import KeySet

LEEWAY: Final = 5
"""Seconds that clocks may differ."""

MOST_REMEMBERED: Final = 10_000
"""Tokens that a process remembers to have checked."""

REMEMBERED_FOR: Final = timedelta(minutes=1)
"""How long: a key that is taken back counts until then for the tokens that it has signed."""

ACTIVE: Final = "active"
"""The `sts` of a session that has all that the application asks for; tokens from before there was one have none."""

_LOCAL: Final = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\]|[a-z0-9-]{1,63}\.localhost)(:\d{1,5})?", re.ASCII)

DEV_ISSUER: Final = "snapinfra-dev"


_UNREADABLE: Final = (ValueError, TypeError, ArithmeticError, RecursionError)
"""What reading a token may raise besides PyJWT's own errors, where its header or claims are of other types than the
standard's (RFC 7515, 4.1; RFC 7519, 4.1): nobody has signed it, or who did has written something else."""


@frozen
class Subject:
    """Who a credential says is asking. `expires_at` of None means the credential does not expire."""

    user_id: str
    email: str | None = None
    expires_at: datetime | None = None
    session_id: str | None = None
    """The identity provider's session that the token came from, which outlives it."""


class Verifier(Protocol):
    """Checks one kind of token."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a valid token; raises jwt.PyJWTError for any other."""
        ...


@frozen(kw_only=True)
class ClerkVerifier:
    """Checks Clerk session tokens with Clerk's public keys."""

    keys: KeySet
    issuer: str
    authorized_parties: Sequence[str]
    """Origins of the pages for which Clerk may have made a token; `*` for any."""
    local: bool = False
    """Whether pages of this machine are authorized, too."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        key_id = jwt.get_unverified_header(token).get("kid")
        key = await self.keys.key_for(None if key_id is None else _text(key_id))
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=self.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "nbf", "iss", "sub"], "verify_aud": False},
        )
        party = claims.get("azp")
        if party is not None and not self._is_authorized(_text(party)):
            raise Unauthenticated("The token was made for a page that may not sign in here.")
        if claims.get("sts", ACTIVE) != ACTIVE:
            raise Unauthenticated("Your sign-in is not complete: finish what Clerk asks for, then try again.")
        return claims

    def _is_authorized(self, party: str) -> bool:
        """Say whether a page may sign in. Tokens that name none, as those of programs, are not asked for one."""
        origin = party.lower().rstrip("/")
        parties = {each.lower().rstrip("/") for each in self.authorized_parties}
        return "*" in parties or origin in parties or (self.local and _LOCAL.fullmatch(origin) is not None)


@frozen
class DevVerifier:
    """Checks the tokens that `snapinfra token` makes."""

    secret: str
    previous: str | None = None
    """Another secret whose tokens hold."""

    async def claims(self, token: str) -> Mapping[str, Any]:
        try:
            return self._claims(token, self.secret)
        except jwt.InvalidSignatureError:
            if self.previous is None:
                raise
            return self._claims(token, self.previous)

    def _claims(self, token: str, secret: str) -> Mapping[str, Any]:
        return jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            issuer=DEV_ISSUER,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False},
        )


def _memory() -> Recent[Subject]:
    return Recent(lifetime=REMEMBERED_FOR, most=MOST_REMEMBERED, now=utc_now)


@frozen
class Authenticator:
    """Turns the credentials of a request or socket into a subject."""

    verifiers: Mapping[str, Verifier]
    """By the algorithm of the token's header."""
    dev_users: bool
    """Whether `x-dev-user-id` is believed."""
    checked: Recent[Subject] = field(default_factory=_memory)
    """By the digest of a token, whom it names: what its signature costs to check is paid once a minute."""

    async def subject(self, *, authorization: str | None, dev_user_id: str | None) -> Subject | None:
        """Return who is asking, or None without credentials. Raises Unauthenticated for those that do not hold."""
        if authorization:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Unauthenticated("The Authorization header must be 'Bearer <token>'.")
            return await self._bearer(token.strip())
        if dev_user_id:
            if not self.dev_users:
                raise Unauthenticated("x-dev-user-id is believed only in development. Send a bearer token.")
            return Subject(dev_user(dev_user_id))
        return None

    async def ready(self) -> None:
        """Return where Clerk's tokens can be checked, or are not asked for. Raises KeysUnavailable."""
        for verifier in self.verifiers.values():
            if isinstance(verifier, ClerkVerifier):
                await verifier.keys.ready()

    async def _bearer(self, token: str) -> Subject:
        try:
            digest, read_at = hashlib.sha256(token.encode()).hexdigest(), self.checked.now()
            known = self.checked.get(digest)
            if known is not None and known.expires_at is not None and read_at < known.expires_at:
                return known
            verifier = self.verifiers.get(_text(jwt.get_unverified_header(token).get("alg")))
            if verifier is None:
                raise jwt.InvalidAlgorithmError
            subject = _subject(await verifier.claims(token))
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired.") from None
        except (jwt.PyJWTError, *_UNREADABLE):
            raise Unauthenticated("The token is not valid here.") from None
        self.checked.put(digest, subject, read_at=read_at)
        return subject


def _subject(claims: Mapping[str, Any]) -> Subject:
    """Return whom claims name. Raises ValueError where one is not what it has to be."""
    session_id = claims.get("sid")
    return Subject(
        user_id=_text(claims["sub"]),
        email=address_in(claims.get("email")),
        expires_at=moment_at(float(claims["exp"])),
        session_id=None if session_id is None else _text(session_id),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not is_storable(value):
        raise ValueError("Text is needed here.")
    return value


def dev_user(name: str) -> str:
    """Return the user id of a development user: `alice` is `user_alice`."""
    return name if name.startswith("user_") else f"user_{name}"


def issue_dev_token(name: str, *, secret: str, lifetime: timedelta, now: Clock) -> str:
    """Make the token of a development user."""
    moment = now()
    return jwt.encode(
        {"iss": DEV_ISSUER, "sub": dev_user(name), "iat": moment, "exp": moment + lifetime}, secret, algorithm="HS256"
    )
