"""The ASGI application: GraphQL over HTTP and WebSocket, GraphiQL, health, webhooks."""

from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from graph.access_log import RequestIds
from graph.edge import LEAST_COMPRESSED, LEVEL, Edge
from graph.headers import PAGE, SecureHeaders
from graph.http import Coded, TooLong, bounded
from graph.messages import Incoming
from graph.origins import Cors, Origins
from graph.sdl import PATH as SCHEMA
from graph.sdl import schema_document
from graph.transport import GraphQLTransport
from graph.turns import Turnstile
from services.bootstrap import Services
from services.core.clock import iso
from services.core.errors import Invalid, NotFound, Problem, Unauthenticated

STATIC: Final = Path(__file__).parent / "static"
"""GraphiQL as built from npm (`make .make/graphiql`)."""

CONSOLE: Final = Path(__file__).parent / "console" / "dist"
"""The console as built from npm (`make .make/console`)."""

MOST_BODY: Final = 1_000_000
"""Bytes of a webhook's body."""

_STATUS: Final[dict[type[Problem], int]] = {Unauthenticated: 401, Invalid: 400, NotFound: 404}


def create_app(services: Services) -> Edge:
    """Make the application."""
    origins, turnstile = Origins(services.config), Turnstile()
    routes: list[BaseRoute] = [
        Route("/", _home),
        Route("/graphql", _graphiql),
        Route(SCHEMA, schema_document),
        Route("/api/health", _health),
        Route("/api/live", _live),
        Route("/api/webhooks/clerk", _clerk, methods=["POST"]),
    ]
    if STATIC.is_dir():
        routes.append(Mount("/graphiql", StaticFiles(directory=STATIC)))
    if CONSOLE.is_dir():
        routes.append(Mount("/console", StaticFiles(directory=CONSOLE)))
    middleware = [
        Middleware(RequestIds),
        Middleware(SecureHeaders, pages=("/graphiql/", "/console/"), secure=not services.config.development),
        Middleware(Cors, origins=origins),
        Middleware(GZipMiddleware, minimum_size=LEAST_COMPRESSED, compresslevel=LEVEL),
    ]
    others = Starlette(routes=routes, middleware=middleware)
    others.state.services = services
    return Edge(others, GraphQLTransport(services, origins, turnstile), turnstile)


async def _home(request: Request) -> Response:
    """Show the console, or GraphiQL where it is not built."""
    del request
    page = CONSOLE / "index.html"
    return _page(page) if page.is_file() else RedirectResponse("/graphql")


async def _graphiql(request: Request) -> Response:
    del request
    page = STATIC / "index.html"
    if not page.is_file():
        return PlainTextResponse("GraphiQL is not built here: run `make dev`.", status_code=404)
    return _page(page)


def _page(file: Path) -> Response:
    return FileResponse(file, headers={"cache-control": "no-cache", "content-security-policy": PAGE})


async def _health(request: Request) -> Response:
    services: Services = request.app.state.services
    report = await services.health.report()
    body: dict[str, Any] = {
        "status": "healthy" if report.healthy else "unhealthy",
        "uptime": round(report.uptime, 3),
        "timestamp": iso(report.timestamp),
        "services": dict(report.services),
    }
    return JSONResponse(body, status_code=200 if report.healthy else 503)


async def _live(request: Request) -> Response:
    """Say that this process answers, whatever it depends on."""
    del request
    return JSONResponse({"status": "alive"}, headers={"cache-control": "no-store"})


async def _clerk(request: Request) -> Response:
    """Receive a webhook of Clerk's. Whatever is not 2xx, Clerk sends again."""
    services: Services = request.app.state.services
    try:
        body = await bounded(Incoming(request.scope, request.receive), most=MOST_BODY)
        await services.accounts.receive(body, request.headers)
    except Coded:
        return PlainTextResponse("The message must be sent as it is.", status_code=415)
    except TooLong:
        return PlainTextResponse("The message is too long.", status_code=413)
    except Problem as problem:
        return PlainTextResponse(problem.message, status_code=_STATUS.get(type(problem), 503))
    return Response(status_code=204)
