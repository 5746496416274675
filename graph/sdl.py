"""`GET /schema.graphql`: the schema as a document, for tools that read a file rather than introspect."""

import asyncio
import gzip
import hashlib
from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from graph.http import JSON, problem_refusal
from graph.messages import Answer
from graph.schema import sdl
from graph.transport import address_of
from services.bootstrap import Services
from services.core.errors import Limited
from services.core.frozen import frozen

PATH: Final = "/schema.graphql"

_HEADERS: Final = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-cache",  # kept, and asked about each time: a deployment may change it
    "vary": "Accept-Encoding",
}


@frozen
class _Document:
    plain: bytes
    compressed: bytes
    digest: str


async def schema_document(request: Request) -> Response:
    """Answer with the schema, or that it is still the one that the client has: as often as its address may ask."""
    services: Services = request.app.state.services
    try:
        services.throttle.take(address_of(request.scope))
    except Limited as limited:
        return _response(problem_refusal(limited, JSON))
    document = await asyncio.to_thread(_document)  # which takes 40 ms, the first time
    is_compressed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {**_HEADERS, "etag": f'W/"{document.digest}"'}
    if document.digest in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if is_compressed:
        headers["content-encoding"] = "gzip"
    return Response(document.compressed if is_compressed else document.plain, headers=headers)


@cache
def _document() -> _Document:
    """Write the schema once for a process: it is the same for everybody."""
    plain = sdl().encode()
    return _Document(plain, gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest()[:32])


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)
