"""A fake of Clerk's API: an HTTP server that knows sessions."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "sk_test_of_the_fake"


@dataclass
class FakeClerk:
    url: str = ""
    sessions: dict[str, str] = field(default_factory=dict[str, str])
    """Their statuses by their ids."""
    is_down: bool = False


@contextmanager
def fake_clerk() -> Generator[FakeClerk]:
    """Run the fake for the length of the block."""
    fake = FakeClerk()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = fake.sessions.get(self.path.removeprefix("/v1/sessions/"))
            if fake.is_down or self.headers["authorization"] != f"Bearer {SECRET}":
                self.send_response(500)
            else:
                self.send_response(200 if status else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"object": "session", "status": status}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
