"""The five backends that are put to the test, written to a folder each, installed and compiled."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.core.frozen import frozen
from services.designs.schema import SchemaModel
from services.scaffold.backend import write_backend
from services.scaffold.schema import derive_schema
from tests.backends.schemas import EVERY_FEATURE, VERSIONS, forty_tables

TEAMS: Final = "A wiki for companies: users and teams with roles, spaces, pages with comments, and tags"
STORE: Final = "An online store: customers order products, pay, write reviews, and support answers their tickets"


@frozen
class Subject:
    name: str
    description: str
    schema: SchemaModel

    def write(self, folder: Path) -> None:
        """Write its files into a folder, over those that are there."""
        files = write_backend(project_name=self.name, description=self.description, schema=self.schema)
        write_files(folder, files)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write contents by path below a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")


SUBJECTS: Final = (
    Subject("Wiki", TEAMS, derive_schema(TEAMS)),
    Subject("Store", STORE, derive_schema(STORE)),
    Subject("Everything", "Every feature of the schema", EVERY_FEATURE),
    Subject("Forty", "Forty tables", forty_tables()),
    Subject("Evolved", "The last of four versions", VERSIONS[-1]),
)
