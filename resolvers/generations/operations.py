"""Asking for a generation, watching it, and canceling it."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from resolvers.context import Info
from resolvers.generations.events import GenerationEvent, shown_event
from resolvers.generations.objects import Generation
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.paging import After, Connection, First, connection
from resolvers.streams import ResumeAfter, Watch
from services.core.ids import ArchitectureId, GenerationId, ProjectId
from services.core.pages import PageRequest
from services.generations import service
from services.generations.model import GenerationKind, GenerationStatus
from services.llm.port import Options


@strawberry.input
class GenerationOptions:
    """How to ask the model; a null field means the default for the kind."""

    model: str | None = None
    """A model that one of the configured providers has; an error names them."""
    temperature: float | None = None
    """0, or 0.001 to 2; lower is more predictable."""
    max_tokens: int | None = None
    """The most tokens of the answer: 1 to 200,000."""
    top_p: float | None = None
    """0.001 to 1."""


@strawberry.input
class GenerateInput:
    """What to generate."""

    project_id: strawberry.ID
    """For this project."""
    kind: GenerationKind
    """What to make."""
    prompt: str | None = None
    """What is wanted, in at most 8,000 characters; null means the project's description. A CHAT needs its question."""
    base_generation_id: strawberry.ID | None = None
    """CODE, DOCUMENTATION: change the files of this generation as `prompt` says; what need not change stays as it is.
    CHAT: go on with its conversation."""
    architecture_id: strawberry.ID | None = None
    """CODE: the architecture of the project that it is made by, as it is when the work begins; null means the one that
    was changed last, if there is any."""
    options: GenerationOptions | None = None
    """How to ask the model."""
    client_mutation_id: ClientMutationId = retry_returns("generation")


@strawberry.input
class CancelGenerationInput:
    """A generation to cancel."""

    generation_id: strawberry.ID
    """The generation."""


@strawberry.input
class DeleteGenerationInput:
    """A generation to delete."""

    generation_id: strawberry.ID
    """A generation that has ended."""


@strawberry.input
class ContinueGenerationInput:
    """A generation to go on with."""

    generation_id: strawberry.ID
    """An INCOMPLETE generation."""
    client_mutation_id: ClientMutationId = retry_returns("generation")


@strawberry.type
class ContinueGenerationPayload(Payload):
    """The new generation, or what was wrong."""

    generation: Generation | None = None
    """A new generation, which has all that the INCOMPLETE one made; after a CONFLICT the one that was asked about."""


@strawberry.type
class GeneratePayload(Payload):
    """The generation, or what was wrong."""

    generation: Generation | None = None
    """QUEUED, as a rule; watch it with the subscription `generationEvents`."""


@strawberry.type
class CancelGenerationPayload(Payload):
    """The generation, or what was wrong."""

    generation: Generation | None = None
    """CANCELING until the work has really stopped, then CANCELED; after a CONFLICT as it ended otherwise."""


@strawberry.type
class DeleteGenerationPayload(Payload):
    """Which generation is gone, or what was wrong."""

    deleted_generation_id: strawberry.ID | None = None
    """The generation's id; null where there are user errors."""


@strawberry.input
class GenerationFilter:
    """Which generations to list; a null field leaves all."""

    project_id: strawberry.ID | None = None
    """Of this project; null means those that you asked for, of all projects that you may see."""
    kind: GenerationKind | None = None
    """Of this kind."""
    status: GenerationStatus | None = None
    """With this status."""


GenerationArgument = Annotated[strawberry.ID, strawberry.argument(description="The generation.")]


@strawberry.type
class GenerationsQuery:
    @strawberry.field
    async def generation(self, info: Info, id: GenerationArgument) -> Generation | None:
        """Return one generation."""
        generation = await info.context.services.generations.get(GenerationId(id), by=info.context.actor)
        return Generation.of(generation)

    @strawberry.field
    async def generations(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            GenerationFilter | None, strawberry.argument(description="Which ones; null for all that you asked for.")
        ] = None,
    ) -> Connection[Generation]:
        """List generations, newest first."""
        asked = filter or GenerationFilter()
        page = await info.context.services.generations.list(
            PageRequest(first, after),
            project_id=None if asked.project_id is None else ProjectId(asked.project_id),
            kind=asked.kind,
            status=asked.status,
            by=info.context.actor,
        )
        return connection(page, Generation.of, after=after)


@strawberry.type
class GenerationsMutation:
    @mutation("What to generate.")
    async def generate(self, info: Info, input: GenerateInput) -> GeneratePayload:
        """Ask for a schema, an architecture, code, documentation or an answer. Returns at once: watch its events."""
        asked = input.options or GenerationOptions()
        new = service.NewGeneration(
            project_id=ProjectId(input.project_id),
            kind=input.kind,
            prompt=input.prompt,
            base_id=None if input.base_generation_id is None else GenerationId(input.base_generation_id),
            architecture_id=None if input.architecture_id is None else ArchitectureId(input.architecture_id),
            options=Options(asked.model, asked.temperature, asked.max_tokens, asked.top_p),
            client_mutation_id=input.client_mutation_id,
        )
        return GeneratePayload.of(await info.context.services.generations.create(new, by=info.context.actor))

    @mutation("Which one.")
    async def continue_generation(self, info: Info, input: ContinueGenerationInput) -> ContinueGenerationPayload:
        """Continue where an INCOMPLETE generation was cut short: a new generation makes what is missing."""
        generation = await info.context.services.generations.continue_from(
            GenerationId(input.generation_id), client_mutation_id=input.client_mutation_id, by=info.context.actor
        )
        return ContinueGenerationPayload.of(generation)

    @mutation("Which one.")
    async def cancel_generation(self, info: Info, input: CancelGenerationInput) -> CancelGenerationPayload:
        """Stop a generation."""
        generation = await info.context.services.generations.cancel(
            GenerationId(input.generation_id), by=info.context.actor
        )
        return CancelGenerationPayload.of(generation)

    @mutation("Which one.")
    async def delete_generation(self, info: Info, input: DeleteGenerationInput) -> DeleteGenerationPayload:
        """Delete a generation with its text, files and archive. What it made in the project stays: a schema's version,
        an architecture, pages; and what was made from it is whole without it.

        A CONFLICT where it has not ended, a deployment of it runs, or another generation is being made from it.
        """
        generation = await info.context.services.deletion.delete_generation(
            GenerationId(input.generation_id), by=info.context.actor
        )
        return DeleteGenerationPayload.of(generation)


@strawberry.type
class GenerationsSubscription:
    @strawberry.subscription
    async def generation_events(
        self, info: Info, id: GenerationArgument, after: ResumeAfter = None
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Watch a generation: everything so far, then live, to its end. Resuming after a cursor misses nothing."""
        generations, generation_id = info.context.services.generations, GenerationId(id)
        return Watch(
            lambda: generations.follow(generation_id, after=after, by=info.context.actor),
            lambda happened: shown_event(happened, generation_id),
        )
