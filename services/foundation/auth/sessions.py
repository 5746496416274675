"""Clerk's sessions: whether the one that a token came from still goes on.

A session token lives for 60 seconds and what it opened may live for hours; only Clerk knows whether its session ended.
https://clerk.com/docs/reference/backend-api (GET /sessions/{session_id})
"""

from http import HTTPStatus
from typing import Final

import httpx
import msgspec

from services.core.foreign_json import read_json
from services.core.frozen import frozen
from services.core.slices import HEADERS, TooLarge, UnknownCoding, content_of
from services.core.tls import trusted

_MOST_BYTES: Final = 64 * 1024


class _Session(msgspec.Struct, frozen=True):
    status: str


@frozen
class ClerkSessions:
    api_url: str
    secret: str | None
    """CLERK_SECRET_KEY; without it nobody can be asked."""

    async def is_active(self, session_id: str) -> bool | None:
        """Say whether a session goes on; None where nobody can tell at the moment."""
        if self.secret is None:
            return None
        try:
            headers = {"authorization": f"Bearer {self.secret}", **HEADERS}
            async with (
                httpx.AsyncClient(verify=trusted(), timeout=5, headers=headers) as http,
                http.stream("GET", f"{self.api_url}/v1/sessions/{session_id}") as answer,
            ):
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    return False
                answer.raise_for_status()
                session = msgspec.convert(read_json(await content_of(answer, most=_MOST_BYTES)), _Session)
        except (httpx.HTTPError, TooLarge, UnknownCoding, ValueError):
            return None
        return session.status == "active"
