"""Resolves the lock file of generated backends anew: `make scaffold-lock`, after their package.json has changed.

npm writes it, against its registry. Kept of that is what `npm ci` needs, a package a line: no address of a registry,
and nothing that is for reading alone, since the file is part of every backend.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

TEMPLATES: Final = Path(__file__).parents[2] / "services" / "scaffold" / "templates"
_FOR_READING: Final = frozenset({"license", "funding", "deprecated"})
_COMMAND: Final = (
    "npm",
    "install",
    "--package-lock-only",
    "--omit-lockfile-registry-resolved",
    "--no-audit",
    "--no-fund",
)


def main() -> None:
    """Write the lock file."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(TEMPLATES / "package.json", folder)
        subprocess.run(_COMMAND, cwd=folder, check=True)
        lock = json.loads((Path(folder) / "package-lock.json").read_text())
    (TEMPLATES / "package-lock.json").write_text(written(lock))


def written(lock: dict[str, Any]) -> str:
    """Return a lock file's text, a package a line."""
    packages = ",\n".join(
        f"    {json.dumps(path)}: {json.dumps(_kept(entry))}" for path, entry in lock["packages"].items()
    )
    head = json.dumps({name: value for name, value in lock.items() if name != "packages"}, indent=2).removesuffix("\n}")
    return f'{head},\n  "packages": {{\n{packages}\n  }}\n}}\n'


def _kept(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _FOR_READING}


if __name__ == "__main__":
    main()
