"""Commands that are printed for copying: worded so that they work when pasted into a shell in the current folder."""

import os
import shlex
import sys
from pathlib import Path
from typing import Final

from services.config import process_environment
from services.core.frozen import frozen

DATA: Final = Path(".snapinfra")
"""Where everything is kept, unless --data or SNAPINFRA_DATA says otherwise."""

PORT: Final = 8000
"""Where the api listens, unless --port or PORT says otherwise."""

HOST: Final = "127.0.0.1"


LOCAL: Final = "LOCAL"
"""The platform that needs no account."""


def option(platform: str) -> str:
    """Return what a platform is called on the command line: `aws-ecs` for AWS_ECS."""
    return platform.lower().replace("_", "-")


def platform(option: str) -> str:
    """Return what the schema calls a platform of the command line."""
    return option.upper().replace("-", "_")


def integration(platform: str) -> str:
    """Return what the schema calls the integration that a platform takes, or that is called so itself."""
    return "AWS" if platform == "AWS_ECS" else platform


def data_setting() -> Path:
    """Return the data folder that the environment, or a file `.env`, says."""
    return Path(process_environment().get("SNAPINFRA_DATA") or DATA)


def port_setting() -> str:
    """Return the port that the environment, or a file `.env`, says: as it stands there."""
    return process_environment().get("PORT") or str(PORT)


def host_setting() -> str:
    """Return the address to listen on that the environment, or a file `.env`, says."""
    return process_environment().get("HOST") or HOST


def url_setting() -> str:
    """Return the endpoint of a server on this machine, as the settings say."""
    return url_of(port_setting())


def url_of(port: int | str, host: str = HOST) -> str:
    """Return the GraphQL endpoint of a server on this machine, as one would type it."""
    name = "localhost" if host in {"127.0.0.1", "0.0.0.0", "localhost"} else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/graphql"


URL: Final = url_of(PORT)


@frozen
class Target:
    """The server that a command is for, and who asks: what its options --url, --token and --data say."""

    url: str = URL
    data: Path = DATA
    token: str | None = None
    """None means the data folder's own."""

    def command(self, *arguments: str) -> str:
        """Word a command for this server; options that have their default, whatever the settings are, are left out."""
        options: list[str] = []
        if {self.url, url_setting()} != {URL}:
            options += ["--url", self.url]
        if self.token is not None:
            options += ["--token", self.token]
        elif {self.data, data_setting()} != {DATA}:
            options += ["--data", str(self.data)]
        return shlex.join([*_program(), *arguments, *options])

    def local_command(self, *arguments: str) -> str:
        """Word a command that asks no server, and works in the data folder."""
        options = ["--data", str(self.data)] if {self.data, data_setting()} != {DATA} else []
        return shlex.join([*_program(), *arguments, *options])


def _program() -> list[str]:
    """Return how this program was started, whether or not it is on the PATH."""
    started = Path(sys.argv[0])
    if started.name != "snapinfra":
        return [_shown(Path(sys.executable)), "-m", "cli"]
    return [_shown(started)]


def _shown(program: Path) -> str:
    """Return a path as short as it can be in the current folder; never a bare name, which would mean the PATH."""
    path, here = Path(os.path.abspath(program)), Path.cwd()  # noqa: PTH100 - resolve() would leave a virtual environment
    if not path.is_relative_to(here):
        return str(path)
    return f"./{path.name}" if path.parent == here else str(path.relative_to(here))
