"""This file is generations in the schema: asking for one, watching it, taking what it made."""

from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Annotated, Any, Final, Self

import strawberry

from resolvers.context import Info
from resolvers.errors import UserError, reporting
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.scalars import URL, Long
from resolvers.schemas import Schema
from resolvers.streams import ResumeAfter, StreamEvent, StreamGap
from services.core.errors import NotFound
from services.core.ids import GenerationId, ProjectId
from services.events import stream
from services.events.follow import Following
from services.generations import events, service
from services.generations import model as records
from services.generations.artifact import Artifact
from services.generations.model import GenerationKind, GenerationReason, GenerationStatus
from services.llm.paths import DiscardReason
from services.llm.port import Options

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


@strawberry.type
class AttemptStarted(StreamEvent):
    """A provider begins to answer."""

    attempt: int
    """Which attempt of the job this is, from 1."""
    provider: str
    """Who answers: `groq`, `openai` or `scaffold`."""
    model: str
    """The model that answers."""
    resets_text: bool
    """Whether all text and files before this are void: drop them."""


@strawberry.type
class TokenDelta(StreamEvent):
    """More text."""

    text: str
    """The text to append."""
    offset: Long
    """How many characters of text came before it since the last reset."""


@strawberry.type
class FileStarted(StreamEvent):
    """A file begins."""

    path: str
    """Relative, with forward slashes."""


@strawberry.type
class FileDelta(StreamEvent):
    """More of a file."""

    path: str
    """The file, started before."""
    text: str
    """The text to append to it."""


@strawberry.type
class FileCompleted(StreamEvent):
    """A file is whole."""

    path: str
    """The file."""
    sha256: str
    """SHA-256 of its content, in hex."""
    bytes: Long
    """Size of its UTF-8 content."""


@strawberry.type
class FileDiscarded(StreamEvent):
    """A file is not kept: drop what came of it. With DUPLICATE the file that came first stays."""

    path: str
    """The file."""
    discard_reason: DiscardReason
    """Why."""


@strawberry.type
class UsageUpdated(StreamEvent):
    """The provider has counted tokens."""

    input_tokens: Long
    """Tokens of the prompt."""
    output_tokens: Long
    """Tokens of the answer so far."""


@strawberry.type
class AttemptFailed(StreamEvent):
    """A provider or a worker failed."""

    code: str
    """What failed, as a code such as `RATE_LIMITED` or `UNAVAILABLE`."""
    message: str
    """The same as a sentence."""
    will_retry: bool
    """Whether another attempt follows by itself."""


@strawberry.type
class GenerationFinished(StreamEvent):
    """The end: nothing follows."""

    status: GenerationStatus
    """COMPLETED, INCOMPLETE, FAILED or CANCELED."""
    reason: GenerationReason | None
    """Why it is INCOMPLETE or FAILED."""
    message: str
    """The end as a sentence."""
    generation_id: strawberry.Private[GenerationId]

    @strawberry.field
    async def generation(self, info: Info) -> Generation | None:
        """The generation as it ended."""
        found = await info.context.services.generations.get(self.generation_id, by=info.context.actor)
        return Generation.of(found)


GenerationEvent = Annotated[
    AttemptStarted
    | TokenDelta
    | FileStarted
    | FileDelta
    | FileCompleted
    | FileDiscarded
    | UsageUpdated
    | AttemptFailed
    | GenerationFinished
    | StreamGap,
    strawberry.union("GenerationEvent", description="What happens to a generation, in order."),
]


def _shown(happened: Following[events.GenerationEvent], generation_id: GenerationId) -> GenerationEvent:
    if isinstance(happened, stream.StreamGap):
        return StreamGap.of(happened)
    where: dict[str, Any] = {"cursor": happened.cursor, "seq": Long(happened.seq), "at": happened.at}
    match happened.event:
        case events.GenerationFinished(status=status, reason=reason, message=message):
            sentence = message or f"The generation is {status.value}."
            return GenerationFinished(
                **where, status=status, reason=reason, message=sentence, generation_id=generation_id
            )
        case events.FileDiscarded(path=path, reason=reason):
            return FileDiscarded(**where, path=path, discard_reason=DiscardReason(reason))
        case event:
            return _BY_KIND[type(event)](**where, **{name: getattr(event, name) for name in event.__struct_fields__})


_BY_KIND: Final[dict[type[Any], Callable[..., Any]]] = {
    events.AttemptStarted: AttemptStarted,
    events.TokenDelta: TokenDelta,
    events.FileStarted: FileStarted,
    events.FileDelta: FileDelta,
    events.FileCompleted: FileCompleted,
    events.UsageUpdated: UsageUpdated,
    events.AttemptFailed: AttemptFailed,
}


@strawberry.input
class GenerationOptions:
    """How to ask the model; a null field means the default for the kind."""

    model: str | None = None
    """A model that one of the configured providers has."""
    temperature: float | None = None
    """0 to 2; lower is more predictable."""
    max_tokens: int | None = None
    """The most tokens of the answer: 1 to 200,000."""
    top_p: float | None = None
    """Above 0 and at most 1."""


@strawberry.input
class GenerateInput:
    """What to generate."""

    project_id: strawberry.ID
    """For this project."""
    kind: GenerationKind
    """What to make."""
    prompt: str | None = None
    """What is wanted, in at most 8,000 characters; null means the project's description."""
    options: GenerationOptions | None = None
    """How to ask the model."""
    client_mutation_id: str | None = None
    """Makes a retry safe: the same value returns the generation that the first try made. Remembered for a day."""


@strawberry.input
class CancelGenerationInput:
    """A generation to cancel."""

    generation_id: strawberry.ID
    """The generation."""


@strawberry.type
class GeneratePayload:
    """The generation, or what was wrong."""

    generation: Generation | None = None
    """QUEUED, as a rule; watch it with the subscription `generationEvents`."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, generation: records.Generation) -> Self:
        return cls(generation=Generation.of(generation))


@strawberry.type
class CancelGenerationPayload:
    """The generation, or what was wrong."""

    generation: Generation | None = None
    """CANCELING until the work has really stopped, then CANCELED; after a CONFLICT as it ended."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, generation: records.Generation) -> Self:
        return cls(generation=Generation.of(generation))


GenerationArgument = Annotated[strawberry.ID, strawberry.argument(description="The generation.")]


@strawberry.type
class GenerationsQuery:
    @strawberry.field
    async def generation(self, info: Info, id: GenerationArgument) -> Generation | None:
        """Return one generation."""
        found = await info.context.services.generations.get(GenerationId(id), by=info.context.actor)
        return Generation.of(found)


@strawberry.type
class GenerationsMutation:
    @strawberry.mutation
    @reporting(GeneratePayload)
    async def generate(
        self, info: Info, input: Annotated[GenerateInput, strawberry.argument(description="What to generate.")]
    ) -> GeneratePayload:
        """Ask for a schema, or for code from the project's schema. Returns at once; the work is streamed."""
        asked = input.options or GenerationOptions()
        new = service.NewGeneration(
            project_id=ProjectId(input.project_id),
            kind=input.kind,
            prompt=input.prompt,
            options=Options(asked.model, asked.temperature, asked.max_tokens, asked.top_p),
            client_mutation_id=input.client_mutation_id,
        )
        return GeneratePayload.of(await info.context.services.generations.create(new, by=info.context.actor))

    @strawberry.mutation
    @reporting(CancelGenerationPayload)
    async def cancel_generation(
        self, info: Info, input: Annotated[CancelGenerationInput, strawberry.argument(description="Which one.")]
    ) -> CancelGenerationPayload:
        """Stop a generation."""
        generation = await info.context.services.generations.cancel(
            GenerationId(input.generation_id), by=info.context.actor
        )
        return CancelGenerationPayload.of(generation)


@strawberry.type
class GenerationsSubscription:
    @strawberry.subscription
    async def generation_events(
        self, info: Info, id: GenerationArgument, after: ResumeAfter = None
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Watch a generation: everything so far, then live, to its end. Resuming after a cursor misses nothing."""
        generations, actor, generation_id = info.context.services.generations, info.context.actor, GenerationId(id)
        async with generations.follow(generation_id, after=after, by=actor) as followed:
            async for happened in followed:
                yield _shown(happened, generation_id)
