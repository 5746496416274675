"""Runs a fake target on this machine, for trying deployments by hand: python -m tests.fakes.targets heroku.

It prints the settings for `snapinfra dev`, and the token that it accepts. Ctrl-C stops it, and what it runs.
"""

import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.machine import Machine

FAKES = {"heroku": FakeHeroku}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in FAKES:
        sys.exit(f"Which one? One of: {', '.join(sorted(FAKES))}")
    with tempfile.TemporaryDirectory() as folder:
        fake = FAKES[name]()
        fake.host = Machine(Path(folder))
        with suppress(KeyboardInterrupt), fake:
            print(f"{name.upper()}_API_URL={fake.url}\nToken: {fake.token}", flush=True)  # noqa: T201 - its output
            threading.Event().wait()


main()
