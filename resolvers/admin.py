"""This file is the administration of an installation in the schema."""

from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.errors import UserError, reporting
from resolvers.generations import Generation
from services import admin
from services.core.ids import GenerationId
from services.generations.model import Generation as Record


@strawberry.type
class QueueStatus:
    """A queue of jobs at a moment. Counts are approximate."""

    name: str
    """The queue's name."""
    waiting: int
    """Messages that no worker has taken."""
    in_flight: int
    """Messages that a worker has taken."""
    dead: int
    """Messages in its dead-letter queue."""
    oldest_age: float | None
    """Seconds that the oldest job has waited, or that its worker has not been heard of; null where no job is open."""

    @classmethod
    def of(cls, status: admin.QueueStatus) -> Self:
        return cls(
            name=status.name,
            waiting=status.waiting,
            in_flight=status.in_flight,
            dead=status.dead,
            oldest_age=status.oldest_age,
        )


@strawberry.input
class RedriveJobInput:
    """A failed job to put back."""

    generation_id: strawberry.ID
    """A FAILED generation, of whichever team."""


@strawberry.type
class RedriveJobPayload:
    """The generation, or what was wrong."""

    generation: Generation | None = None
    """QUEUED again, with its counters reset; after a CONFLICT as it is."""
    user_errors: list[UserError] = strawberry.field(default_factory=list)
    """What you can correct; empty on success."""

    @classmethod
    def of(cls, generation: Record) -> Self:
        return cls(generation=Generation.of(generation))


@strawberry.type
class AdminQuery:
    @strawberry.field
    async def queue_status(self, info: Info) -> list[QueueStatus] | None:
        """Return the state of every job queue. For administrators (ADMIN_USERS)."""
        statuses = await info.context.services.admin.queue_status(by=info.context.actor)
        return [QueueStatus.of(status) for status in statuses]


@strawberry.type
class AdminMutation:
    @strawberry.mutation
    @reporting(RedriveJobPayload)
    async def redrive_job(
        self, info: Info, input: Annotated[RedriveJobInput, strawberry.argument(description="Which one.")]
    ) -> RedriveJobPayload:
        """Put a failed generation back into its queue; its stream starts over. For administrators (ADMIN_USERS)."""
        generation = await info.context.services.admin.redrive(GenerationId(input.generation_id), by=info.context.actor)
        return RedriveJobPayload.of(generation)
