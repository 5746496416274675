"""A real redis-server for tests: on a free loopback port, killed and started again at will."""

import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_TOOLS = Path(__file__).parents[4] / ".tools" / "bin" / "redis-server"


def program() -> str:
    """Find redis-server: on the PATH, else where `make` puts it."""
    found = shutil.which("redis-server") or (str(_TOOLS) if _TOOLS.exists() else None)
    assert found, "The tests need a redis-server: on the PATH, or from `make setup`."
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@dataclass
class RedisServer:
    """One address; behind it a server, or nothing."""

    directory: Path
    port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process, "The server does not run."
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers; it loads a dump.rdb that it finds."""
        settings = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.directory), "appendonly": "no"}
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([program(), *arguments, "--save", ""], stdout=subprocess.PIPE)
        assert self._process.stdout
        for line in self._process.stdout:
            if b"Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start")

    def kill(self) -> None:
        """End the server without giving it time to save anything."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None
