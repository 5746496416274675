"""This file is a project's documentation: pages that generations write and people change."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from services.aws.tables import AlreadyExists, Table
from services.core.clock import Clock
from services.core.ids import GenerationId, UserId
from services.core.pages import MAX_FIRST, Page, PageRequest
from services.documentation.model import (
    CONTENT_BYTES,
    DocumentationPage,
    category_of,
    generated_id,
    title_of,
)
from services.projects import Project, Projects


@dataclass(frozen=True, slots=True)
class Documentation:
    table: Table[DocumentationPage]
    projects: Projects
    now: Clock

    async def list(self, project: Project, page: PageRequest) -> Page[DocumentationPage]:
        """Return the pages of a project that the caller was given, in their order."""
        return await self.table.query("ProjectIdIndex", project.id, page, newest_first=False)

    async def publish(
        self, project: Project, contents: Mapping[str, str], *, generation_id: GenerationId, user_id: UserId
    ) -> None:
        """Replace the pages that earlier generations wrote by these, in their order. A repeat changes nothing.

        Pages that somebody has changed by hand stay as they are; those too large for a page are cut.
        """
        for order, (path, content) in enumerate(contents.items(), start=1):
            await self._put(self._page(project, path, content, order, generation_id, user_id))
        for page in (await self.list(project, PageRequest(first=MAX_FIRST))).items:
            if page.generation_id not in (None, generation_id) and page.path not in contents:
                await self.table.delete(page)

    async def _put(self, page: DocumentationPage) -> None:
        def written(old: DocumentationPage) -> DocumentationPage:
            if old.generation_id is None:
                return old
            return replace(
                old,
                content=page.content,
                title=page.title,
                category=page.category,
                order=page.order,
                generation_id=page.generation_id,
            )

        try:
            await self.table.put_new(page)
        except AlreadyExists:
            await self.table.update(page.id, written)

    def _page(  # noqa: PLR0917 - the fields of a page
        self, project: Project, path: str, content: str, order: int, generation_id: GenerationId, user_id: UserId
    ) -> DocumentationPage:
        now = self.now()
        kept = content.encode()[:CONTENT_BYTES].decode(errors="ignore")
        return DocumentationPage(
            id=generated_id(project.id, path),
            project_id=project.id,
            user_id=user_id,
            category=category_of(path),
            title=title_of(kept, path=path),
            content=kept,
            order=order,
            path=path,
            generation_id=generation_id,
            created_at=now,
            updated_at=now,
        )
