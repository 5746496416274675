"""`python -m tests.release VERSION` fails unless the version is that of the package and is told of in CHANGELOG.md."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

CHANGELOG: Final = Path(__file__).parent.parent / "CHANGELOG.md"


def faults(wanted: str, *, package: str, changelog: str) -> list[str]:
    """Return why a version can't be released; nothing where it can."""
    sections = [line.split("]")[0].removeprefix("## [") for line in changelog.splitlines() if line.startswith("## [")]
    said = [] if package == wanted else [f"pyproject.toml is of {package}, not of {wanted}."]
    if wanted not in sections:
        said.append(f"CHANGELOG.md has no section [{wanted}].")
    return said


def main() -> None:
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    if said := faults(wanted, package=version("snapinfra"), changelog=CHANGELOG.read_text()):
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main()
