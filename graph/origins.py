"""Which hosts the api answers for, and pages of which origins may call it, by HTTP and on a socket.

A browser takes a page for the api's own where it came by the same name. Whoever owns that name can make it lead to this
machine once the page is there ("DNS rebinding"): so the names that the api answers for are an allow-list.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin

from graph.codes import RequestCode
from graph.http import JSON, refusal
from graph.messages import Answer
from services.config import Config

MISDIRECTED: Final = 421
"""Status of a request for a host that the api does not answer for (RFC 9110, 15.5.20)."""

MOST_KNOWN: Final = 1_000
"""Hosts that are known to be answered for, of LONGEST_KNOWN characters at most: names without a dot are anybody's."""

LONGEST_KNOWN: Final = 261
"""Of a name and its port (RFC 1035, 2.3.4)."""

MOST_TOLD: Final = 100
"""Hosts, and origins, of which the log tells that they were refused."""

log = logging.getLogger("snapinfra.access")


@dataclass(slots=True)
class Refusals:
    """What a setting does not list, and was therefore refused: told once each."""

    setting: str
    what: str
    _told: set[str] = field(default_factory=set[str])

    def tell(self, value: str) -> None:
        value = value[:200]
        if value not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(value)
            log.warning("%s does not list the %s %r: its requests are refused", self.setting, self.what, value)


@dataclass(slots=True)
class Origins:
    """The origins whose pages may call: those of the settings, and in development those of this machine."""

    config: Config
    _refusals: Refusals = field(default_factory=lambda: Refusals("CORS_ORIGIN", "origin"))

    def allow(self, origin: str) -> bool:
        """Tell whether pages of another origin than ours may call. Who may not is told of once."""
        allowed = self.config.cors_origins
        if "*" in allowed or origin.lower() in allowed or (self.config.development and _is_local(origin)):
            return True
        self._refusals.tell(origin)
        return False


EXPOSED: Final = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after", "x-request-id")
"""Headers of answers that pages may read."""


class Cors(CORSMiddleware):
    """Answers to pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

    def __init__(self, app: ASGIApp, *, origins: Origins) -> None:
        super().__init__(
            app,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "last-event-id", "x-api-key", "x-request-id"],
            expose_headers=EXPOSED,
            max_age=600,
        )
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        foreign = scope["type"] == "http" and foreign_origin(Headers(scope=scope)) is not None
        await (super().__call__ if foreign else self.app)(scope, receive, send)

    def is_allowed_origin(self, origin: str) -> bool:
        return self.origins.allow(origin)


@dataclass(slots=True)
class Hosts:
    """Refuses requests for hosts that the api does not answer for.

    It does for `names`, for addresses, for this machine, and for names without a dot: those are of a local network, and
    nobody can buy one.
    """

    names: tuple[str, ...]
    _known: set[str] = field(default_factory=set[str])
    """Hosts that it has answered for."""
    _refusals: Refusals = field(default_factory=lambda: Refusals("ALLOWED_HOSTS", "host"))

    def refusal(self, scope: Scope) -> Answer | None:
        """Return what a request is told that the api does not answer; None for those that it does."""
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if all(host in self._known or self._answers_for(host) for host in hosts):
            if len(self._known) < MOST_KNOWN:
                self._known.update(host for host in hosts if len(host) <= LONGEST_KNOWN)
            return None
        self._refusals.tell(", ".join(hosts))
        error = GraphQLError("This server does not answer for this host.", extensions={"code": RequestCode.BAD_REQUEST})
        return refusal([error], JSON, status=MISDIRECTED, connection="close")

    def _answers_for(self, host: str) -> bool:
        if not host or "*" in self.names:
            return True
        name = _name_in(f"//{host}")
        return name is not None and (_is_of_here(name) or "." not in name or self._is_named(name))

    def _is_named(self, name: str) -> bool:
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:])) for allowed in self.names
        )


def foreign_origin(headers: Mapping[str, str]) -> str | None:
    """Return the origin of the page that sent a request; None where it is ours, or no page sent it."""
    origin = headers.get("origin")
    return None if origin is None or is_same_origin(origin, headers.get("host")) else origin


def _is_local(origin: str) -> bool:
    """Tell whether a page's origin is this machine."""
    name = _name_in(origin)
    return name is not None and origin.startswith(("http://", "https://")) and _is_loopback(name)


def _name_in(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        name = parts.hostname if parts.port != 0 else None  # a port that is none raises
    except ValueError:
        return None
    return name.removesuffix(".") if name else None


def _is_of_here(name: str) -> bool:
    """Tell whether a name leads here whatever anybody does: it is an address, or this machine's."""
    try:
        return bool(ip_address(name))
    except ValueError:
        return _is_loopback(name)


def _is_loopback(name: str) -> bool:
    """Tell whether a name is this machine's (RFC 6761, 6.3), or an address of it."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
