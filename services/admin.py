"""What administrators of an installation do: look at the queues, and put failed jobs back into them."""

from typing import Final

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, NotFound
from services.core.frozen import frozen
from services.core.ids import DeploymentId, GenerationId
from services.core.policy import require_admin
from services.deployments.model import Deployment
from services.deployments.service import Deployments
from services.foundation.aws.queue import Queue
from services.foundation.events.port import EventLog
from services.foundation.jobs.record import OPEN
from services.generations.model import Generation, GenerationStatus
from services.generations.service import Generations
from services.projects.model import ProjectStatus
from services.projects.service import Projects
from services.usage.service import Budgets

MOST_DEAD: Final = 100


@frozen
class QueueStatus:
    """A queue at a moment. Counts are SQS's approximations."""

    name: str
    waiting: int
    in_flight: int
    dead: int
    """Messages in the dead-letter queue."""
    oldest_age: float | None
    """Seconds since the job that has waited for longest was put in, or its worker last heard of; None without jobs."""


@frozen
class DeadJob:
    """A job in a dead-letter queue. `record` is None where it is gone."""

    id: str
    queue: str
    record: Generation | Deployment | None


@frozen(kw_only=True)
class Admin:
    generations: Generations
    deployments: Deployments
    generation_queue: Queue
    deployment_queue: Queue
    notification_queue: Queue
    event_log: EventLog
    projects: Projects
    budgets: Budgets[Generation]
    now: Clock

    async def queue_status(self, *, by: Actor) -> list[QueueStatus]:
        """Return the state of every queue."""
        require_admin(by)
        return [
            await self._status(self.generation_queue, self.generations),
            await self._status(self.deployment_queue, self.deployments),
            await self._status(self.notification_queue, None),
        ]

    async def dead_jobs(self, *, by: Actor) -> list[DeadJob]:
        """Return up to a hundred jobs of each dead-letter queue. They stay there."""
        require_admin(by)
        return [
            *await self._dead(self.generation_queue, self.generations),
            *await self._dead(self.deployment_queue, self.deployments),
        ]

    async def redrive(self, generation_id: GenerationId, *, by: Actor) -> Generation:
        """Put a FAILED generation back into its queue with its counters reset; its stream starts over.

        Its team's budget must have room for it again: else BudgetExhausted.
        Raises Conflict, with the generation, where it is not FAILED. (A deployment is done again with `redeploy`.)
        """
        require_admin(by)

        def reset(old: Generation) -> Generation:
            if old.status is not GenerationStatus.FAILED:
                raise Conflict(f"Only a FAILED generation can be put back; it is {old.status.value}.", current=old)
            return replace(
                old,
                status=GenerationStatus.QUEUED,
                reason=None,
                message=None,
                failures=0,
                crashes=0,
                stop=None,
                started_at=None,
                finished_at=None,
                notified_at=None,
                artifact=None,
                files=(),
                expires_at=None,
                open=OPEN,
            )

        generation = await self.budgets.reopen(generation_id, reset)
        if generation is None:
            raise NotFound("generation", generation_id)
        await self.event_log.forget(generation.id)
        await self.projects.mark(generation.project_id, ProjectStatus.GENERATING, job_id=generation.id)
        await self.generation_queue.send(generation.id, group=generation.team_id)
        await self.generation_queue.unbury(generation.id)
        return generation

    async def _dead(self, queue: Queue, jobs: Generations | Deployments) -> list[DeadJob]:
        ids = await queue.dead.bodies(most=MOST_DEAD)
        return [DeadJob(job_id, queue.name, await _find(jobs, job_id)) for job_id in ids]

    async def _status(self, queue: Queue, jobs: Generations | Deployments | None) -> QueueStatus:
        depth, dead = await queue.depth(), await queue.dead.depth()
        oldest = await jobs.silent_longest() if jobs else None
        return QueueStatus(
            name=queue.name,
            waiting=depth.waiting,
            in_flight=depth.in_flight,
            dead=dead.waiting + dead.in_flight,
            oldest_age=(self.now() - oldest.updated_at).total_seconds() if oldest else None,
        )


async def _find(jobs: Generations | Deployments, job_id: str) -> Generation | Deployment | None:
    if isinstance(jobs, Generations):
        return await jobs.find(GenerationId(job_id))
    return await jobs.find(DeploymentId(job_id))
