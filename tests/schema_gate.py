"""`python -m tests.schema_gate REVISION` fails where the schema breaks what it promised there, and does not say so.

What breaks clients is graphql-core's to say (find_breaking_changes). It is said in the section SDL of CHANGELOG.md's
[Unreleased]: each change by the name of what it is about, such as `Project.name` or `DeploymentStatus`.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from graphql import build_schema, find_breaking_changes

ROOT: Final = Path(__file__).parent.parent
_SECTION: Final = re.compile(r"^### SDL\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"\b[A-Z]\w*\.\w+")
_TYPE: Final = re.compile(r"\b[A-Z]\w*")


def breaking(before: str, after: str) -> list[str]:
    """Return what breaks clients of the schema before, in graphql-core's words."""
    return [change.description for change in find_breaking_changes(build_schema(before), build_schema(after))]


def unsaid(changes: list[str], changelog: str) -> list[str]:
    """Return the changes whose names are not in the changelog's section of the schema."""
    released = changelog.partition("\n## [Unreleased]")[2].partition("\n## [")[0]
    said = "".join(_SECTION.findall(f"{released}\n##"))
    return [change for change in changes if not any(f"`{name}`" in said for name in _names(change))]


def _names(change: str) -> list[str]:
    """Return what a change is about: a type's field, argument or value where it names one, else its types.

    graphql-core's sentences begin with a word that may be a type's name as well (`Field`).
    """
    return _FIELD.findall(change)[:1] or _TYPE.findall(change.partition(" ")[2] or change) or [change.partition(" ")[0]]


def main() -> None:
    revision = sys.argv[1]
    shown = subprocess.run(["git", "show", f"{revision}:schema.graphql"], capture_output=True, text=True, check=False)
    if shown.returncode:
        sys.exit(f"There is no schema at {revision}: {shown.stderr.strip()}")
    changes = breaking(shown.stdout, (ROOT / "schema.graphql").read_text())
    missing = unsaid(changes, (ROOT / "CHANGELOG.md").read_text())
    sys.stdout.write(f"{len(changes)} changes since {revision} break clients; {len(missing)} are not in CHANGELOG.md\n")
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
