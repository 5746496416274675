"""A page of a project's documentation."""

from typing import Final

from services.core.ids import GenerationId, PageId, ProjectId, UserId, derived_id
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec

TITLE_LENGTH: Final = 200
CONTENT_BYTES: Final = 200 * 1024
MAX_PAGES: Final = 200
"""Of a project."""


class DocumentationPage(Entity, frozen=True, kw_only=True, rename="camel"):
    """Markdown. Pages are read in their `order`."""

    id: PageId
    project_id: ProjectId
    user_id: UserId
    category: str
    title: str
    content: str
    order: int
    path: str | None = None
    """The path that a generation gave it; None for one made by hand."""
    generation_id: GenerationId | None = None
    """The generation that wrote its content; None once somebody has changed it by hand."""


DOCUMENTATION: Final = TableSpec(
    "documentation",
    DocumentationPage,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "order", sort_type="N"),
        Index("ProjectIdCategoryIndex", "projectId", "category"),
    ),
)


def generated_id(project_id: ProjectId, path: str) -> PageId:
    """Return the id of the page that generations of a project write at a path: the same each time."""
    return PageId(derived_id("page", f"{project_id}/{path}"))


def title_of(content: str, *, path: str) -> str:
    """Return the first heading of Markdown, else the name of its file."""
    for line in content.splitlines():
        if line.startswith("# ") and line[2:].strip():
            return line[2:].strip()[:TITLE_LENGTH]
    return path.rpartition("/")[2].removesuffix(".md").replace("-", " ").capitalize()[:TITLE_LENGTH]


def category_of(path: str) -> str:
    """Return the category that a path says: its first folder."""
    return path.partition("/")[0][:TITLE_LENGTH] if "/" in path else "guides"
