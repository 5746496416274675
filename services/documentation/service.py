"""A project's documentation: pages that generations write and people change."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import GenerationId, PageId, ProjectId, UserId
from services.core.pages import Page, PageRequest, decode_cursor, encode_cursor
from services.core.policy import Action
from services.core.text import Kind, bounded, check_search, flaw
from services.documentation.model import (
    CONTENT_BYTES,
    MAX_PAGES,
    TITLE_LENGTH,
    DocumentationPage,
    category_of,
    generated_id,
    title_of,
)
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.projects.model import Project
from services.projects.service import Projects


@frozen
class NewPage:
    project_id: ProjectId
    title: str
    content: str
    category: str = "guides"
    client_mutation_id: str | None = None


@frozen
class PageChange:
    """None leaves a field as it is."""

    title: str | None = None
    content: str | None = None
    category: str | None = None
    expected_version: int | None = None


@frozen
class PageFilter:
    """None leaves all."""

    category: str | None = None
    title: str | None = None
    """Text that the title holds, in whatever case."""


@frozen(kw_only=True)
class Documentation:
    table: Table[DocumentationPage]
    projects: Projects
    idempotency: Idempotency
    now: Clock

    async def get(self, page_id: PageId, *, by: Actor) -> DocumentationPage:
        """Return a page."""
        return (await self._with_project(page_id, by=by, action=Action.VIEW))[0]

    async def list(self, project: Project, page: PageRequest, shown: PageFilter) -> Page[DocumentationPage]:
        """Return the pages of a project that the caller was given, in their order.

        With a filter all of the category, or of the project, are read: there are never many (`MAX_PAGES`).
        """
        if shown == PageFilter():
            return await self.table.query("ProjectIdIndex", project.id, page, newest_first=False)
        check_search(category=shown.category, title=shown.title)
        text = (shown.title or "").casefold()
        pages = [entry for entry in await self._all(project, category=shown.category) if text in entry.title.casefold()]
        return _part(pages, page)

    async def create(self, new: NewPage, *, by: Actor) -> DocumentationPage:
        """Add a page behind the project's last one."""
        async with self.idempotency.trying("createDocumentationPage", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(PageId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewPage, attempt: Try, *, by: Actor) -> DocumentationPage:
        _check(title=new.title, content=new.content, category=new.category)
        project = await self.projects.get(new.project_id, by=by, action=Action.EDIT)
        page_id = PageId(await attempt.take_id("page"))
        others = [page for page in await self._all(project) if page.id != page_id]
        if len(others) >= MAX_PAGES:
            raise Invalid.one(f"A project has at most {MAX_PAGES} pages of documentation.", "projectId")
        now = self.now()
        page = DocumentationPage(
            id=page_id,
            project_id=project.id,
            user_id=by.user_id,
            category=new.category.strip(),
            title=new.title.strip(),
            content=new.content,
            order=max((other.order for other in others), default=0) + 1,
            created_at=now,
            updated_at=now,
        )
        try:
            await self.table.put_new(page)
        except AlreadyExists:
            page = await self.get(page.id, by=by)
        await self.projects.journal.created(page, page.title, place=project, by=by.user_id)
        return page

    async def update(self, page_id: PageId, change: PageChange, *, by: Actor) -> DocumentationPage:
        """Change a page. From then on it counts as made by hand: generations leave it alone."""
        _check(title=change.title, content=change.content, category=change.category)
        _, project = await self._with_project(page_id, by=by, action=Action.EDIT)

        def changed(old: DocumentationPage) -> DocumentationPage:
            if change.expected_version not in (None, old.version):
                raise Conflict("The page has changed meanwhile.", current=old)
            return replace(
                old,
                title=old.title if change.title is None else change.title.strip(),
                content=old.content if change.content is None else change.content,
                category=old.category if change.category is None else change.category.strip(),
                generation_id=None,
            )

        page = await self.table.update(page_id, changed)
        if page is None:
            raise NotFound("page", page_id)
        await self.projects.journal.updated(page, page.title, place=project, by=by.user_id)
        return page

    async def delete(self, page_id: PageId, *, by: Actor) -> DocumentationPage:
        """Delete a page. One that a generation wrote comes back if a later generation writes it again."""
        page, project = await self._with_project(page_id, by=by, action=Action.EDIT)
        if not await self.table.delete(page):
            raise Conflict("The page has changed meanwhile; try again.")
        await self.projects.journal.deleted(page, page.title, place=project, by=by.user_id)
        return page

    async def reorder(self, project_id: ProjectId, ids: Sequence[PageId], *, by: Actor) -> Project:
        """Put a project's pages into the order of the ids, which must name each of them once. A repeat changes nothing.

        Raises Invalid, and writes nothing, where they do not: somebody may have added or deleted a page meanwhile.
        """
        project = await self.projects.get(project_id, by=by, action=Action.EDIT)
        pages = {page.id: page for page in await self._all(project)}
        if sorted(ids) != sorted(pages):
            raise Invalid.one("pageIds must name each page of the project once.", "pageIds")
        for order, page_id in enumerate(ids, start=1):
            if pages[page_id].order != order:
                await self.table.update(page_id, lambda old, order=order: replace(old, order=order))
        return project

    async def _with_project(self, page_id: PageId, *, by: Actor, action: Action) -> tuple[DocumentationPage, Project]:
        """Return a page and its project, on which the actor may do `action`."""
        page = await self.table.find(page_id)
        if page is None:
            raise NotFound("page", page_id)
        try:
            return page, await self.projects.get(page.project_id, by=by, action=action)
        except NotFound:
            raise NotFound("page", page_id) from None

    async def _all(self, project: Project, *, category: str | None = None) -> Sequence[DocumentationPage]:
        """Return all pages of a project, or of one of its categories, in their order."""
        index = "ProjectIdIndex" if category is None else "ProjectIdCategoryIndex"
        where = None if category is None else {"category": category}
        return sorted([page async for page in self.table.every(index, project.id, where=where)], key=_place)

    async def publish(
        self, project: Project, contents: Mapping[str, str], *, generation_id: GenerationId, user_id: UserId
    ) -> None:
        """Replace the pages that earlier generations wrote by these, in their order. A repeat changes nothing.

        Pages that somebody has changed by hand stay as they are; those too large for a page are cut.
        """
        for order, (path, content) in enumerate(contents.items(), start=1):
            await self._put(self._page(project, path, content, order, generation_id, user_id))
        for page in await self._all(project):
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


def _check(*, title: str | None, content: str | None, category: str | None) -> None:
    faults: list[Fault] = []
    for name, text in (("title", title), ("category", category)):
        if text is not None:
            faults += bounded(text, field=[name], most=TITLE_LENGTH)
    if content is not None and (wrong := flaw(content, Kind.LINES)) is not None:
        faults.append(Fault(f"content {wrong}", ("content",)))
    elif content is not None and len(content.encode()) > CONTENT_BYTES:
        faults.append(Fault(f"content must have at most {CONTENT_BYTES // 1024} KiB.", ("content",)))
    if faults:
        raise Invalid(faults)


def _place(page: DocumentationPage) -> tuple[int, str]:
    return page.order, page.id


def _part(pages: Sequence[DocumentationPage], page: PageRequest) -> Page[DocumentationPage]:
    """Return a page of what is in memory."""
    if page.after is not None:
        order, page_id = decode_cursor(page.after, parts=2)
        if not isinstance(order, int) or not isinstance(page_id, str):
            raise Invalid.one("after is not a cursor of this list.", "after")
        pages = [entry for entry in pages if _place(entry) > (order, page_id)]
    shown = pages[: page.first]
    return Page(shown, [encode_cursor(_place(entry)) for entry in shown], has_next=len(pages) > page.first)
