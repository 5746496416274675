"""What the tests of checks know of this machine: where Node is, and whether bubblewrap works here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ENVIRONMENT = dict(os.environ)  # noqa: TID251 - what the tests were started with
SEARCH_PATH = f"{ENVIRONMENT['PATH']}:{Path(__file__).parents[3] / '.tools' / 'bin'}"


def _bubblewrap_works() -> bool:
    program = shutil.which("bwrap")
    if program is None:
        return False
    tried = subprocess.run([program, "--unshare-all", "--ro-bind", "/", "/", "true"], check=False, capture_output=True)
    return tried.returncode == 0


with_bubblewrap = pytest.mark.skipif(
    not _bubblewrap_works(), reason="bubblewrap is not here, or may not make namespaces"
)
"""For what needs it. Whether it works is found out by using it."""

BOTH_WAYS = [pytest.param(True, marks=with_bubblewrap, id="bubblewrap"), pytest.param(False, id="bare")]
"""With bubblewrap where it works, and without."""


def processes_of(folder: Path) -> list[int]:
    """Return the ids of the processes that work in a folder or name it in their command line."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _is_of(process, str(folder.resolve()))]


def _is_of(process: Path, folder: str) -> bool:
    try:
        return folder.encode() in (process / "cmdline").read_bytes() or str((process / "cwd").readlink()).startswith(
            folder
        )
    except OSError:
        return False  # it has ended
