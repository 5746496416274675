"""The public keys that tokens are checked with: one given as PEM, or a JWKS that is fetched and kept.

The set is served stale while it is fetched anew, and an unknown key id causes at most one fetch per cooldown, so
neither an outage of the identity provider nor a flood of made-up key ids stops anybody.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import httpx
import jwt
import msgspec

from services.core.errors import Unavailable
from services.core.foreign_json import read_json
from services.core.frozen import frozen
from services.core.slices import HEADERS, TooLarge, UnknownCoding, content_of
from services.core.tls import trusted

FRESH: Final = 300.0
"""Seconds after which the set is fetched anew, while the old one goes on serving."""

COOLDOWN: Final = 30.0
"""Seconds between two fetches."""

MOST_BYTES: Final = 256 * 1024
"""Of a set; those of identity providers have a few kilobytes."""


class KeySet(Protocol):
    async def key_for(self, key_id: str | None) -> Any:
        """Return the public key with this id. Raises jwt.PyJWTError where there is none, and KeysUnavailable."""
        ...

    async def ready(self) -> None:
        """Return where tokens can be checked. Raises KeysUnavailable."""
        ...


class KeysUnavailable(Unavailable):
    """No key set could be fetched yet."""

    def __init__(self, url: str, fault: str) -> None:
        super().__init__("Tokens can't be checked just now; try again.")
        self._reason = f"the key set at {url} (CLERK_JWKS_URL) can't be read: {fault}"

    @property
    def reason(self) -> str:
        return self._reason


@frozen
class PemKey:
    """One key, known beforehand; no network."""

    pem: str

    async def key_for(self, key_id: str | None) -> Any:  # noqa: ARG002 - one key for all
        return self.pem

    async def ready(self) -> None:
        return


@dataclass(slots=True)
class JwksKeys:
    """A key set at a URL (RFC 7517)."""

    url: str
    _keys: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _fetched: float = float("-inf")
    _tried: float = float("-inf")
    _fetching: "asyncio.Task[None] | None" = None
    _fault: str = "it was not asked for yet"

    async def ready(self) -> None:
        if not self._keys:
            await self._refresh(key_id=None)
        if not self._keys:
            raise KeysUnavailable(self.url, self._fault)

    async def key_for(self, key_id: str | None) -> Any:
        await self._refresh(key_id)
        if not self._keys:
            raise KeysUnavailable(self.url, self._fault)
        if key_id is None or key_id not in self._keys:
            raise jwt.InvalidKeyError("no such key")
        return self._keys[key_id]

    async def _refresh(self, key_id: str | None) -> None:
        """Fetch the set where it is due; wait for it only where the key is not known."""
        is_known = key_id in self._keys
        clock = asyncio.get_running_loop().time()
        if (not is_known or clock - self._fetched > FRESH) and clock - self._tried > COOLDOWN:
            self._tried = clock
            self._fetching = asyncio.create_task(self._fetch())
        if not is_known and self._fetching is not None:
            await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            async with (
                httpx.AsyncClient(verify=trusted(), timeout=5) as client,
                client.stream("GET", self.url, headers=HEADERS) as answer,
            ):
                answer.raise_for_status()
                content = read_json(await content_of(answer, most=MOST_BYTES))
            keys = jwt.PyJWKSet.from_dict(msgspec.convert(content, dict[str, Any])).keys
        except (httpx.HTTPError, TooLarge, UnknownCoding, ValueError, jwt.PyJWTError) as error:
            self._fault = str(error) or type(error).__name__
            return  # the old set goes on serving; the next request after the cooldown tries again
        self._keys = {key.key_id: key.key for key in keys if key.key_id}
        self._fetched = asyncio.get_running_loop().time()
