"""The proof that a backend loses nothing: requests that run at once, in thousands of orders of their calls.

`python -m tests.backends.interleavings 1000` writes a backend whose tables refer to each other in every way, adds the
property test beside this file to its tests, and runs that with the given number of interleavings. It needs npm.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from cli.serving import tool_environment
from services.scaffold.backend import write_backend
from tests.backends.interleavings.schema import ENTANGLED

HERE: Final = Path(__file__).parent
FAST_CHECK: Final = "4.9.0"
TESTS: Final = "src/tests/interleavings"


def write(folder: Path) -> None:
    """Write the backend with the property test."""
    files = write_backend(project_name="Entangled", description="", schema=ENTANGLED)
    package = json.loads(files["package.json"])
    package["devDependencies"]["fast-check"] = FAST_CHECK
    files["package.json"] = json.dumps(package)
    files |= {f"{TESTS}/{path.name}": path.read_text() for path in HERE.glob("*.ts")}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)


def run(folder: Path, interleavings: int) -> int:
    """Install, compile and run; return the exit code of the test."""
    environment = {**tool_environment(), "INTERLEAVINGS": str(interleavings)}
    test = ["node", "--test", "dist/tests/interleavings/interleavings.test.js"]
    for command in (["npm", "install", "--no-audit", "--no-fund"], ["npx", "tsc"], test):
        code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
        if code != 0:
            return code
    return 0


def main() -> int:
    """Run with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interleavings", type=int, nargs="?", default=1000)
    parser.add_argument("--folder", type=Path, help="where to write the backend and leave it")
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp())
    try:
        write(folder)
        return run(folder, arguments.interleavings)
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
