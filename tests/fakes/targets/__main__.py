"""Runs a fake target on this machine, for trying deployments by hand: python -m tests.fakes.targets heroku.

It prints the settings for `snapinfra dev`, and the token that it accepts. Ctrl-C stops it, and what it runs.
"""

import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from cli.commands import option, platform
from tests.fakes.targets.kinds import KINDS
from tests.fakes.targets.machine import Machine


def main() -> None:
    name = platform(sys.argv[1]) if len(sys.argv) > 1 else ""
    if name not in KINDS:
        sys.exit(f"Which one? One of: {', '.join(map(option, sorted(KINDS)))}")
    kind = KINDS[name]
    with tempfile.TemporaryDirectory() as folder:
        fake = kind.fake()
        fake.host = Machine(Path(folder))
        with suppress(KeyboardInterrupt), fake:
            settings = "\n".join(f"{key}={value}" for key, value in kind.settings(fake).items())
            print(f"{settings}\nCredentials: {kind.integrations(fake)}", flush=True)  # noqa: T201 - its output
            threading.Event().wait()


main()
