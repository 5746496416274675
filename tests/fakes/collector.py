"""A collector of OpenTelemetry's protocol over HTTP: it keeps the spans that it is sent, or answers as told.

Messages are read by the classes that are generated from the protocol's own definition (opentelemetry-proto). It runs in
threads of its own:

    with Collector() as collector:
        ...
        spans = await collector.trace_with("process")
"""

import asyncio
import gzip
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from services.core.frozen import frozen

PATIENCE = 60.0


@frozen
class Seen:
    """A span."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    attributes: dict[str, str]
    has_failed: bool


@dataclass
class Collector:
    statuses: deque[int] = field(default_factory=deque[int])
    """Of the next answers; afterwards 200."""
    silent: bool = False
    """Never answer; connections stay open until the collector closes."""
    spans: list[Seen] = field(default_factory=list[Seen])
    paths: set[str] = field(default_factory=set[str])
    _closing: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    async def trace_with(self, name: str, *, times: int = 1) -> list[Seen]:
        """Return the trace that has a span of that name so many times, once it is there."""
        async with asyncio.timeout(PATIENCE):
            while True:
                named = [span.trace for span in list(self.spans) if span.name == name]
                for trace in named:
                    if named.count(trace) >= times:
                        return [span for span in list(self.spans) if span.trace == trace]
                await asyncio.sleep(0.1)

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector.silent:
                    collector._closing.wait()
                    return
                status = collector.statuses.popleft() if collector.statuses else 200
                if status == 200:
                    packed = self.headers.get("content-encoding") == "gzip"
                    collector._take(self.path, gzip.decompress(body) if packed else body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, body: bytes) -> None:
        self.paths.add(path)
        if path != "/v1/traces":
            return
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = {each.key: each.value.string_value for each in sent.resource.attributes}["service.name"]
            for span in (span for scope in sent.scope_spans for span in scope.spans):
                attributes = {
                    each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes
                }
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                self.spans.append(Seen(*ids, service, span.name, attributes, span.status.code == 2))
