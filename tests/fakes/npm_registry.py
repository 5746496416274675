"""A fake npm registry: an HTTP server with a few small packages, nice ones and others.

with FakeRegistry([Package("nice")]) as registry:
    network = {"NPM_CONFIG_REGISTRY": registry.url}
"""

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from services.core.frozen import frozen


@frozen
class Package:
    """A package at version 1.0.0. `more` are further entries of its package.json, such as scripts."""

    name: str
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def manifest(self) -> dict[str, Any]:
        return {"name": self.name, "version": "1.0.0", **self.more}

    def tarball(self) -> bytes:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, text in {"package.json": json.dumps(self.manifest), **self.files}.items():
                info = tarfile.TarInfo(f"package/{path}")
                info.size, info.mode = len(text.encode()), 0o644
                archive.addfile(info, io.BytesIO(text.encode()))
        return packed.getvalue()


class FakeRegistry:
    """`asked` are the paths of all requests; `gate` holds every answer back while it is cleared."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self._packages = {package.name: package for package in packages}
        self._tarballs = {package.name: package.tarball() for package in self._packages.values()}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str) -> bytes | None:
        self.asked.append(path)
        self.gate.wait()
        name = path.strip("/")
        if name.endswith(".tgz"):
            return self._tarballs.get(name.removesuffix(".tgz"))
        package = self._packages.get(name)
        return None if package is None else json.dumps(self._packument(package)).encode()

    def _packument(self, package: Package) -> dict[str, Any]:
        integrity = base64.b64encode(hashlib.sha512(self._tarballs[package.name]).digest()).decode()
        dist = {"tarball": f"{self.url}{package.name}.tgz", "integrity": f"sha512-{integrity}"}
        return {
            "name": package.name,
            "dist-tags": {"latest": "1.0.0"},
            "versions": {"1.0.0": {**package.manifest, "dist": dist}},
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = registry.answer(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler
