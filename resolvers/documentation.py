"""Documentation in the schema."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.shown import AnyGeneration, shown, shows
from services.core.ids import PageId, ProjectId
from services.documentation import model, service
from services.documentation.model import MAX_PAGES


@shows(model.DocumentationPage, prefix="page", get=lambda services: services.documentation.get)
@strawberry.type
class DocumentationPage(Node):
    """A page about a project, generated or written by hand."""

    title: str
    """One line of 1 to 200 characters."""
    category: str
    """What it belongs to, such as `guides` or `api`."""
    content: str
    """Markdown, in at most 200 KiB of UTF-8."""
    order: int
    """Its place among the project's pages; lower comes first."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was first written."""
    updated_at: datetime
    """When it last changed."""
    page: strawberry.Private[model.DocumentationPage]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it is about."""
        project = await info.context.services.projects.get(self.page.project_id, by=info.context.actor)
        return Project.of(project)

    @strawberry.field
    async def generation(self, info: Info) -> AnyGeneration | None:
        """The generation that wrote it; null once somebody has written or changed it by hand."""
        generation = await info.context.loaders.generation(self.page.generation_id, self.page.project_id)
        return shown(generation)

    @classmethod
    def of(cls, page: model.DocumentationPage) -> Self:
        return cls(
            id=strawberry.ID(page.id),
            title=page.title,
            category=page.category,
            content=page.content,
            order=page.order,
            version=page.version,
            created_at=page.created_at,
            updated_at=page.updated_at,
            page=page,
        )


@strawberry.input
class DocumentationFilter:
    """Which pages to list; a null field leaves all."""

    category: str | None = None
    """Of this category."""
    title: str | None = None
    """With this text in the title, in whatever case."""

    def to_filter(self) -> service.PageFilter:
        return service.PageFilter(self.category, self.title or None)


@strawberry.input
class CreateDocumentationPageInput:
    """A page to write."""

    project_id: strawberry.ID
    """The project it is about; it has at most 200 pages."""
    title: str
    """One line of 1 to 200 characters."""
    content: str
    """Markdown, in at most 200 KiB of UTF-8."""
    category: str = "guides"
    """What it belongs to: one line of 1 to 200 characters."""
    client_mutation_id: ClientMutationId = retry_returns("page")


@strawberry.input
class UpdateDocumentationPageInput:
    """Changes to a page; a null field stays as it is."""

    page_id: strawberry.ID
    """The page."""
    title: str | None = None
    """One line of 1 to 200 characters."""
    content: str | None = None
    """Markdown, in at most 200 KiB of UTF-8."""
    category: str | None = None
    """One line of 1 to 200 characters."""
    expected_version: int | None = None
    """Change nothing unless the page still has this version: a CONFLICT then carries the page as it is."""


@strawberry.input
class DeleteDocumentationPageInput:
    """A page to delete."""

    page_id: strawberry.ID
    """The page."""


@strawberry.input
class ReorderDocumentationInput:
    """The order of a project's pages."""

    project_id: strawberry.ID
    """The project."""
    page_ids: Annotated[list[strawberry.ID], AtMost(MAX_PAGES)]
    """Each page of the project once, in the order wanted."""


@strawberry.type
class CreateDocumentationPagePayload(Payload):
    """The new page, or what was wrong."""

    page: DocumentationPage | None = None
    """The page, after all others; null where there are user errors."""


@strawberry.type
class UpdateDocumentationPagePayload(Payload):
    """The changed page, or what was wrong."""

    page: DocumentationPage | None = None
    """The page as it is now, also after a CONFLICT."""


@strawberry.type
class DeleteDocumentationPagePayload(Payload):
    """Which page is gone, or what was wrong."""

    deleted_page_id: strawberry.ID | None = None
    """The page's id; null where there are user errors."""


@strawberry.type
class ReorderDocumentationPayload(Payload):
    """The project, or what was wrong."""

    project: Project | None = None
    """The project with its pages in the new order; null where there are user errors."""


@strawberry.type
class DocumentationQuery:
    @strawberry.field
    async def documentation_page(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The page.")]
    ) -> DocumentationPage | None:
        """Return one page of a project's documentation."""
        return DocumentationPage.of(await info.context.services.documentation.get(PageId(id), by=info.context.actor))


@strawberry.type
class DocumentationMutation:
    @mutation("The page.")
    async def create_documentation_page(
        self, info: Info, input: CreateDocumentationPageInput
    ) -> CreateDocumentationPagePayload:
        """Add a page behind a project's last one."""
        new = service.NewPage(
            project_id=ProjectId(input.project_id),
            title=input.title,
            content=input.content,
            category=input.category,
            client_mutation_id=input.client_mutation_id,
        )
        page = await info.context.services.documentation.create(new, by=info.context.actor)
        return CreateDocumentationPagePayload.of(page)

    @mutation("What to change.")
    async def update_documentation_page(
        self, info: Info, input: UpdateDocumentationPageInput
    ) -> UpdateDocumentationPagePayload:
        """Change a page. From then on it counts as written by hand: generations leave it alone."""
        change = service.PageChange(input.title, input.content, input.category, input.expected_version)
        page = await info.context.services.documentation.update(PageId(input.page_id), change, by=info.context.actor)
        return UpdateDocumentationPagePayload.of(page)

    @mutation("What to delete.")
    async def delete_documentation_page(
        self, info: Info, input: DeleteDocumentationPageInput
    ) -> DeleteDocumentationPagePayload:
        """Delete a page. One that a generation wrote comes back if a later generation writes it again."""
        page = await info.context.services.documentation.delete(PageId(input.page_id), by=info.context.actor)
        return DeleteDocumentationPagePayload.of(page)

    @mutation("The order.")
    async def reorder_documentation(self, info: Info, input: ReorderDocumentationInput) -> ReorderDocumentationPayload:
        """Put all pages of a project into another order. Repeating it changes nothing."""
        project = await info.context.services.documentation.reorder(
            ProjectId(input.project_id), [PageId(page_id) for page_id in input.page_ids], by=info.context.actor
        )
        return ReorderDocumentationPayload.of(project)
