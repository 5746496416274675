"""A way to the emulator on which a role's policy is enforced: what it does not allow is AccessDenied, as on AWS."""

import http.client
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from tests.infra.policies import Policy, allows
from tests.infra.requests import Account, Asked, asked

_OWN: Final = frozenset({"connection", "transfer-encoding", "keep-alive"})
"""Headers that are about one connection."""


@dataclass
class Guard:
    """`seen` are the permissions that the process has asked for, `refused` those of them that it does not have.

    What is about the tables of backends passes: in production they are in the team's account, under keys of its own.
    """

    policy: Policy
    account: Account
    aliases: tuple[str, ...]
    """Of the key that requests to KMS are about."""
    own: frozenset[str]
    """The tables of the stage."""
    url: str = ""
    seen: set[Asked] = field(default_factory=set[Asked])
    refused: set[Asked] = field(default_factory=set[Asked])

    def judge(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bool:
        """Return whether a request may be made."""
        needed = {each for each in asked(method, target, headers, body, self.account) if not self._is_backends(each)}
        context = {"kms:ResourceAliases": self.aliases}
        denied = {each for each in needed if not allows(self.policy, each.action, each.arn, context)}
        self.seen.update(needed)
        self.refused |= denied
        return not denied

    def _is_backends(self, each: Asked) -> bool:
        service, _, _ = each.action.partition(":")
        table = each.arn.partition(":table/")[2].partition("/")[0]
        return service == "cloudformation" or (service == "dynamodb" and table not in self.own)


@contextmanager
def guarding(emulator: str, guard: Guard) -> Generator[Guard]:
    """Serve the way to an emulator; `guard.url` is its address."""
    there = urlsplit(emulator)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if not guard.judge(self.command, self.path, headers, body):
                self._answer(403, {"content-type": "application/json"}, b'{"__type": "AccessDeniedException"}')
                return
            connection = http.client.HTTPConnection(there.hostname or "", there.port, timeout=60)
            kept = {name: value for name, value in headers.items() if name not in _OWN}
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            self._answer(answer.status, dict(answer.getheaders()), answer.read())
            connection.close()

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {*_OWN, "content-length"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length", headers.get("content-length")) if self.command == "HEAD" else None
            self.send_header("content-length", length or str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _pass  # noqa: N815 - the names that the server looks for

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    guard.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield guard
    finally:
        server.shutdown()
        server.server_close()
