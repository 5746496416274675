"""The administration of an installation in the schema."""

from datetime import datetime
from typing import Annotated, Final, Self

import strawberry

from resolvers.context import Info
from resolvers.generations import Generation
from resolvers.lists import AtMost
from resolvers.mutations import Payload, mutation
from resolvers.shown import seen
from services import admin
from services.admin import MOST_DEAD
from services.core.ids import GenerationId
from services.generations.model import Generation as Record

QUEUES: Final = 3


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


@strawberry.type
class DeadJob:
    """A job that no worker could end, in a dead-letter queue."""

    job_id: strawberry.ID
    """The generation or deployment."""
    queue: str
    """The queue that it was in."""
    team_id: strawberry.ID | None
    """The team that asked; null where the record is gone."""
    status: str | None
    """How it ended, as a GenerationStatus or DeploymentStatus; null where the record is gone."""
    message: str | None
    """Why."""
    attempt: int | None
    """How often it was started."""
    finished_at: datetime | None
    """When it was given up."""

    @classmethod
    def of(cls, dead: admin.DeadJob) -> Self:
        record = dead.record
        return cls(
            job_id=strawberry.ID(dead.id),
            queue=dead.queue,
            team_id=strawberry.ID(record.team_id) if record else None,
            status=record.status.value if record else None,
            message=record.message if record else None,
            attempt=record.attempt if record else None,
            finished_at=record.finished_at if record else None,
        )


@strawberry.input
class RedriveJobInput:
    """A failed job to put back."""

    generation_id: strawberry.ID
    """A FAILED generation, of whichever team."""


@strawberry.type
class RedriveJobPayload(Payload):
    """The generation, or what was wrong."""

    job: DeadJob | None = None
    """The job, of whichever team: QUEUED again, with its counters reset. Null where there are user errors."""
    generation: Generation | None = None
    """The generation of the job, also after a CONFLICT; null where you may not see it, since it is another team's."""

    @classmethod
    def of(cls, generation: Record) -> Self:
        return cls(generation=Generation.of(generation))


@strawberry.type
class AdminQuery:
    @strawberry.field
    async def queue_status(self, info: Info) -> Annotated[list[QueueStatus], AtMost(QUEUES)] | None:
        """Return the state of every job queue. For administrators (ADMIN_USERS)."""
        statuses = await info.context.services.admin.queue_status(by=info.context.actor)
        return [QueueStatus.of(status) for status in statuses]

    @strawberry.field
    async def dead_jobs(self, info: Info) -> Annotated[list[DeadJob], AtMost(QUEUES * MOST_DEAD)] | None:
        """Return up to a hundred jobs of each dead-letter queue, which stay there. For administrators (ADMIN_USERS)."""
        return [DeadJob.of(dead) for dead in await info.context.services.admin.dead_jobs(by=info.context.actor)]


@strawberry.type
class AdminMutation:
    @mutation("Which one.")
    async def redrive_job(self, info: Info, input: RedriveJobInput) -> RedriveJobPayload:
        """Put a failed generation back into its queue; its stream starts over. For administrators (ADMIN_USERS)."""
        services, actor = info.context.services, info.context.actor
        record = await services.admin.redrive(GenerationId(input.generation_id), by=actor)
        job = admin.DeadJob(record.id, services.admin.generation_queue.name, record)
        is_seen = await seen(services, record.id, by=actor)
        return RedriveJobPayload(job=DeadJob.of(job), generation=Generation.of(record) if is_seen else None)
