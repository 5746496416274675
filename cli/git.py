"""The git that is installed, run in a folder."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.client import Refused
from services.core.frozen import frozen

_NOBODY: Final = ("-c", "user.name=Snapinfra", "-c", "user.email=snapinfra@localhost")


@frozen
class Git:
    folder: Path
    environment: Mapping[str, str] | None = None
    """None for the one of this process."""

    def require(self) -> None:
        """Raise Refused where none is installed."""
        if shutil.which("git") is None:
            raise Refused("This needs git on your machine: https://git-scm.com/downloads")

    def run(self, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end, whatever that is."""
        command = ["git", "-C", str(self.folder), *arguments]
        return subprocess.run(command, input=given, env=self.environment, capture_output=True, check=False)  # noqa: S603 - no shell reads it

    def __call__(self, *arguments: str, given: bytes | None = None) -> str:
        """Run a command and return what it prints. Raises Refused, with git's words, where it fails."""
        done = self.run(*arguments, given=given)
        if done.returncode:
            raise Refused(words(done))
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def asked(self, *arguments: str) -> str | None:
        """Run a command and return what it prints; None where it fails."""
        done = self.run(*arguments)
        return None if done.returncode else done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def listed(self, *arguments: str) -> list[str]:
        """Run a command that ends each thing it lists with NUL, and return these."""
        return self(*arguments).split("\0")[:-1]

    def commit(self, name: str) -> str | None:
        """Return the commit that a name means; None where it means none."""
        return self.asked("rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")

    def is_ancestor(self, commit: str, of: str) -> bool:
        return self.run("merge-base", "--is-ancestor", commit, of).returncode == 0

    def as_committer(self) -> tuple[str, ...]:
        """Return the options with which somebody can commit of whom git was never told the name."""
        return () if self.asked("var", "GIT_COMMITTER_IDENT") else _NOBODY


def words(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return why git did not do something."""
    said = (done.stderr or done.stdout).decode(errors="replace").strip()
    return f"git refuses this: {said}" if said else f"git ended with status {done.returncode}."
