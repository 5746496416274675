"""The promise that GraphQL's requests are answered at the entrance as they would be behind Starlette's middleware."""

import itertools
import zlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from graph.access_log import RequestIds
from graph.app import create_app
from graph.edge import LEAST_COMPRESSED, LEVEL, LONG, Edge
from graph.headers import SecureHeaders
from graph.messages import Incoming
from graph.origins import Cors, Origins
from graph.transport import GraphQLTransport
from graph.turns import Turnstile
from services.bootstrap import Services, opened
from services.config import Config
from tests.snapinfra import provisioned

APP = "https://app.example"
LONG_QUERY = "{ __schema { types { name kind description fields { name description } } } }"
QUERIES: Mapping[str, Any] = {
    "short": {"query": "{ __typename }"},
    "long": {"query": "{ __schema { types { name } } }"},
    "very long": {"query": LONG_QUERY},
    "refused": {"query": "{ viewer { id } }"},
    "no query": {},
}
ORIGINS = [None, "http://api.test", APP, "https://other.example", "null"]
ACCEPTED = [None, "gzip", "br, gzip", "identity"]
NEVER_THE_SAME = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset", "content-length"}


class Behind:
    """GraphQL as an ASGI application, without what an entrance does."""

    def __init__(self, transport: GraphQLTransport) -> None:
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._transport.answer(Incoming(scope, receive))
        await answer(scope, receive, send)


@pytest.fixture(scope="module")
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    data = str(tmp_path_factory.mktemp("data"))
    return provisioned(emulator, SNAPINFRA_DATA=data, CORS_ORIGIN=APP, ALLOWED_HOSTS="api.test")


@pytest.fixture
async def both(config: Config) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Clients of ours and of the same behind Starlette's middleware."""
    async with opened(config, {}) as process:
        apps = [create_app(process.services), behind_starlette(process.services)]
        clients = [httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.test") for app in apps]
        async with clients[0] as ours, clients[1] as theirs:
            yield ours, theirs


def behind_starlette(services: Services) -> Starlette:
    origins = Origins(services.config)
    return Starlette(
        routes=[Route("/graphql", Behind(GraphQLTransport(services, origins, Turnstile())))],
        middleware=[
            Middleware(RequestIds),
            Middleware(SecureHeaders, pages=("/graphiql/", "/console/"), secure=not services.config.development),
            Middleware(Cors, origins=origins),
            Middleware(GZipMiddleware, minimum_size=LEAST_COMPRESSED, compresslevel=LEVEL),
        ],
    )


@pytest.mark.parametrize("name", QUERIES)
async def test_whatever_is_asked_the_answer_is_that_of_starlettes_middleware(
    both: tuple[httpx.AsyncClient, httpx.AsyncClient], name: str
) -> None:
    for origin, accepted, request_id in itertools.product(ORIGINS, ACCEPTED, [None, "request-1234", "no good!"]):
        given = {"origin": origin, "accept-encoding": accepted, "x-request-id": request_id}
        headers = {header: value for header, value in given.items() if value is not None}
        ours, theirs = [await client.post("/graphql", json=QUERIES[name], headers=headers) for client in both]

        assert seen(ours) == seen(theirs), headers
        assert (ours.headers["x-request-id"] == request_id) == (request_id == "request-1234")
        assert int(ours.headers["content-length"]) == ours.num_bytes_downloaded


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("origin", [None, APP, "https://other.example"])
async def test_whatever_the_method_the_answer_is_that_of_starlettes_middleware(
    both: tuple[httpx.AsyncClient, httpx.AsyncClient], method: str, origin: str | None
) -> None:
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for more, query in itertools.product([{}, preflight], ["", "?query={__typename}"]):
        headers = {**more, **({"origin": origin} if origin else {})}
        ours, theirs = [await client.request(method, f"/graphql{query}", headers=headers) for client in both]
        assert seen(ours) == seen(theirs), (headers, query)


async def test_what_is_long_is_compressed_and_the_very_long_too(
    both: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    for name in ("long", "very long"):
        body = await both[0].post("/graphql", json=QUERIES[name], headers={"accept-encoding": "identity"})
        async with both[0].stream("POST", "/graphql", json=QUERIES[name], headers={"accept-encoding": "gzip"}) as raw:
            compressed = b"".join([part async for part in raw.aiter_raw()])

        assert zlib.decompress(compressed, wbits=zlib.MAX_WBITS | 16) == body.content
        assert len(compressed) < len(body.content) / 3
        assert (len(body.content) >= LONG) == (name == "very long")


@pytest.mark.parametrize("path", ["/graphql", "/api/live", "/"])
async def test_for_another_host_nothing_is_answered_whatever_the_path(services: Services, path: str) -> None:
    transport = httpx.ASGITransport(create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as http:
        answer = await http.get(path, headers={"origin": APP})

    assert answer.status_code == 421
    assert answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert "access-control-allow-origin" not in answer.headers


def seen(answer: httpx.Response) -> Any:
    """Return what differs from answer to answer only by a mistake."""
    headers = {name: value for name, value in answer.headers.items() if name not in NEVER_THE_SAME}
    return answer.status_code, sorted(headers.items()), answer.content


def test_the_application_is_the_entrance(services: Services) -> None:
    assert isinstance(create_app(services), Edge)
