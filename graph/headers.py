"""The headers that every answer has, so that a browser does nothing with it that we did not mean."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # for browsers that do not know frame-ancestors
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",  # does not concern requests that CORS allows
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
"""What an answer of the api may load or run, should anything show it as a page."""

PAGE: Final = (
    "default-src 'none'; "
    "script-src 'self'; "
    "worker-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; "  # Monaco, the editor, writes styles into the page
    "font-src 'self' data:; "
    "img-src 'self' data:; "
    "connect-src 'self'; "  # the WebSocket at the same host as well
    "base-uri 'none'; "
    "form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What GraphiQL and the console may: themselves, and nothing from elsewhere. GraphiQL's workers have the policy that
their scripts come with."""

HSTS: Final = "max-age=31536000; includeSubDomains"
"""For a year, browsers come by TLS only."""


def always(*, secure: bool) -> dict[str, str]:
    """Return what every answer has; `secure` says that clients come by TLS."""
    return {**ALWAYS, **({"strict-transport-security": HSTS} if secure else {})}


class SecureHeaders:
    """Adds the headers. Parts of pages are below the paths `pages`; `secure` says that clients come by TLS."""

    def __init__(self, app: ASGIApp, *, pages: tuple[str, ...], secure: bool) -> None:
        self.app = app
        self.pages = pages
        self.headers = always(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = PAGE if scope["path"].startswith(self.pages) else NOTHING

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", policy)
                headers.update(self.headers)
            await send(message)

        await self.app(scope, receive, answer)
