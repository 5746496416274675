"""Clerk's sessions: whether the one that a token came from still goes on.

A session token lives for 60 seconds and what it opened may live for hours; only Clerk knows whether its session ended.
https://clerk.com/docs/reference/backend-api (GET /sessions/{session_id})
"""

from http import HTTPStatus

import httpx

from services.core.frozen import frozen
from services.core.tls import trusted


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
            headers = {"authorization": f"Bearer {self.secret}"}
            async with httpx.AsyncClient(verify=trusted(), timeout=5, headers=headers) as http:
                answer = await http.get(f"{self.api_url}/v1/sessions/{session_id}")
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return False
            return answer.raise_for_status().json()["status"] == "active"
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None
