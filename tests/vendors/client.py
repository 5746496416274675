"""How the vendors' own programs are run: with an environment of their own, and nothing of this machine's."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.core.frozen import frozen

NPM: Final = Path(__file__).parent / "npm"
_SECONDS: Final = 120


@frozen
class Program:
    """A program of a package of tests/vendors/npm."""

    name: str
    home: Path
    """Where it may keep what it likes."""
    settings: Mapping[str, str]

    def __call__(self, *arguments: str) -> str:
        """Run it and return what it wrote. Raises AssertionError where it fails."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "CI": "1", **self.settings}  # noqa: TID251 - where Node is
        done = subprocess.run(
            [NPM / "node_modules" / ".bin" / self.name, *arguments],
            env=environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{self.name} {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
        return done.stdout


def version(package: str) -> str:
    """Return the name of a package of npm with the version that is installed."""
    described = json.loads((NPM / "node_modules" / package / "package.json").read_text())
    return f"{package} {described['version']} (npm)"
