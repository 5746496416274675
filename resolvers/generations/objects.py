"""This file is a generation in the schema, with what it made."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers.context import Info
from resolvers.node import Node
from resolvers.projects import Project, viewer_can_with_project
from resolvers.scalars import URL, Long
from resolvers.schemas import Schema
from resolvers.viewer_can import ViewerCan
from services.core.errors import NotFound
from services.generations import model as records
from services.generations.artifact import Artifact
from services.generations.model import GenerationKind, GenerationReason, GenerationStatus
from services.llm.paths import DiscardReason

for _enum in (GenerationKind, GenerationStatus, GenerationReason, DiscardReason):
    strawberry.enum(_enum)


@strawberry.type
class Usage:
    """Tokens, as the provider counts them."""

    input_tokens: Long
    """Tokens of the prompt."""
    output_tokens: Long
    """Tokens of the answer."""


@strawberry.type
class GenerationFile:
    """A complete file that a CODE generation made."""

    path: str
    """Relative, with forward slashes."""
    bytes: Long
    """Size of its UTF-8 content."""
    sha256: str
    """SHA-256 of its content, in hex."""
    generation: strawberry.Private[records.Generation]

    @strawberry.field
    async def content(self, info: Info) -> str | None:
        """Its text."""
        made = await _artifact(info, self.generation)
        return next((file.content for file in made.files if file.path == self.path), None) if made else None


@strawberry.type
class Generation(Node):
    """One run of a model (or of the scaffold) for a project. What it made never changes."""

    kind: GenerationKind
    """What it makes."""
    status: GenerationStatus
    """How far it has come."""
    reason: GenerationReason | None
    """Why it ended INCOMPLETE or FAILED."""
    message: str | None
    """The reason as a sentence."""
    prompt: str
    """What was asked for."""
    attempt: int
    """How often it was started; more than once where a worker was lost or a provider failed."""
    provider: str | None
    """Who answered: `groq`, `openai` or `scaffold`."""
    model: str | None
    """The model that answered."""
    template: str | None
    """Name and version of the prompt template."""
    usage: Usage | None
    """Tokens of the attempt that succeeded."""
    created_at: datetime
    """When it was asked for."""
    started_at: datetime | None
    """When a worker first took it."""
    finished_at: datetime | None
    """When it ended."""
    generation: strawberry.Private[records.Generation]

    @strawberry.field
    async def viewer_can(self, info: Info) -> ViewerCan | None:
        """What you may do with it and in its team."""
        return await viewer_can_with_project(info, self.generation.project_id)

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it is for."""
        found = await info.context.services.projects.get(self.generation.project_id, by=info.context.actor)
        return Project.of(found)

    @strawberry.field
    async def schema(self, info: Info) -> Schema | None:
        """SCHEMA: the version it made, once COMPLETED. CODE: the version it was made from."""
        if self.generation.schema_id is None:
            return None
        try:
            found = await info.context.services.schemas.get(self.generation.schema_id, by=info.context.actor)
        except NotFound:
            return None
        return Schema.of(found)

    @strawberry.field
    async def text(self, info: Info) -> str | None:
        """All text of its stream since the last reset; null until it has ended with any."""
        made = await _artifact(info, self.generation)
        return made.text if made else None

    @strawberry.field
    def files(self) -> list[GenerationFile]:
        """The complete files, in the order they were written; empty until it has ended."""
        return [
            GenerationFile(path=file.path, bytes=Long(file.bytes), sha256=file.sha256, generation=self.generation)
            for file in self.generation.files
        ]

    @strawberry.field
    def download_url(self, info: Info) -> URL | None:
        """Where the files can be downloaded as a ZIP, by anybody, for an hour; null where there are none."""
        url = info.context.services.generations.download_url(self.generation)
        return None if url is None else URL(url)

    @classmethod
    def of(cls, generation: records.Generation) -> Self:
        used = generation.usage
        return cls(
            id=strawberry.ID(generation.id),
            kind=generation.kind,
            status=generation.status,
            reason=generation.reason,
            message=generation.message,
            prompt=generation.prompt,
            attempt=generation.attempt,
            provider=generation.provider,
            model=generation.model,
            template=generation.template,
            usage=Usage(input_tokens=Long(used.input_tokens), output_tokens=Long(used.output_tokens)) if used else None,
            created_at=generation.created_at,
            started_at=generation.started_at,
            finished_at=generation.finished_at,
            generation=generation,
        )


async def _artifact(info: Info, generation: records.Generation) -> Artifact | None:
    return await info.context.loaded(
        ("artifact", generation.id), lambda: info.context.services.generations.artifact(generation)
    )
