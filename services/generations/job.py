"""The job of a generation: ask the provider, stream its answer, keep what came, and end the record."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.architectures.service import Architectures
from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.tables import Table
from services.foundation.events.port import EventLog
from services.foundation.jobs.announcing import Announcer, announce_end
from services.foundation.jobs.record import end_of_job
from services.foundation.jobs.run import Run
from services.foundation.jobs.worker import JobFailed
from services.generations import artifact, events, history
from services.generations.answer import Answer
from services.generations.answer_session import AnswerSession
from services.generations.kinds.port import Base, GenerationContext, Kind
from services.generations.model import Generation, GenerationKind, GenerationReason, GenerationStatus, expiry
from services.generations.outcome import Outcome, with_unfollowed
from services.generations.redaction import Redactor
from services.llm.port import Options, Provider
from services.projects.model import Project, ProjectStatus
from services.projects.service import Projects
from services.schemas.service import Schemas
from services.usage.service import Budgets

WORK_LIMIT: Final = timedelta(hours=1)
WAIT_LIMIT: Final = timedelta(days=1)


@frozen(kw_only=True)
class GenerationJob:
    """Handler of generation jobs."""

    table: Table[Generation]
    projects: Projects
    schemas: Schemas
    architectures: Architectures
    bucket: Bucket
    event_log: EventLog
    provider: Provider
    kinds: Mapping[GenerationKind, Kind]
    options_for: Callable[[GenerationKind, Options], Options]
    """Completes what the user asked for with the settings' defaults for the kind."""
    budgets: Budgets[Generation]
    new_redactor: Callable[[], Redactor]
    announcer: Announcer[Generation]
    now: Clock

    async def archived(self, record: Generation) -> int:
        """Return 0: a new attempt's stream starts over."""
        del record
        return 0

    def deadline(self, record: Generation) -> datetime:
        """Return when a generation fails if it has not ended: an hour after it was started, or a day in the queue."""
        return record.started_at + WORK_LIMIT if record.started_at else record.created_at + WAIT_LIMIT

    async def work(self, run: Run[Generation]) -> None:
        """Generate, once from start to end."""
        record = await run.save(status=GenerationStatus.GENERATING, started_at=run.record.started_at or self.now())
        project = await self._project(record)
        await self.projects.mark(project.id, ProjectStatus.GENERATING, job_id=record.id)
        context = await self._context(run, project)
        await self._finish(run, await self.kinds[record.kind].make(context), context)

    async def stopped(self, run: Run[Generation]) -> None:
        """End a canceled generation."""
        await self._finish(run, Outcome(GenerationStatus.CANCELED))

    async def failed(self, run: Run[Generation], failure: JobFailed, *, final: bool) -> None:
        """Tell of a failed attempt; when final, end the generation."""
        await self._tell(run, events.AttemptFailed(failure.code, failure.message, will_retry=not final))
        if final:
            reason = GenerationReason(failure.code)
            await self._finish(run, Outcome(GenerationStatus.FAILED, reason, failure.message))

    async def handed_over(self, run: Run[Generation]) -> None:
        """Tell that this attempt is given up because its worker stops."""
        await run.save(status=GenerationStatus.QUEUED)
        message = "The worker is stopping; another one starts over."
        await self._tell(run, events.AttemptFailed("WORKER_STOPPING", message, will_retry=True))

    async def settle(self, record: Generation) -> None:
        """Charge what an ended generation has used and close its stream, where its worker did not get that far."""
        record = await self._rest(record)
        await history.close_stream(self.event_log, record, await artifact.load(self.bucket, record))
        await announce_end(self.announcer, record, table=self.table, now=self.now)

    async def _project(self, record: Generation) -> Project:
        project = await self.projects.find(record.project_id)
        if project is None:
            raise JobFailed("PROJECT_DELETED", "The project was deleted.", retryable=False)
        return project

    async def _context(self, run: Run[Generation], project: Project) -> GenerationContext:
        record = run.record
        options = self.options_for(record.kind, record.options)
        answer = Answer(run.attempt, self.new_redactor)
        schema = None
        if record.kind is not GenerationKind.SCHEMA and record.schema_id is not None:
            schema = await self.schemas.find(record.schema_id)
        architecture = None
        if record.kind is not GenerationKind.ARCHITECTURE and record.architecture_id is not None:
            architecture = await self.architectures.find(record.architecture_id)
        return GenerationContext(
            run=run,
            project=project,
            schema=schema.model if schema else None,
            architecture=architecture.model if architecture else None,
            base=await self._base(record),
            options=options,
            answer=answer,
            session=AnswerSession(run, self.provider, answer, options, lambda event: self._tell(run, event)),
        )

    async def _base(self, record: Generation) -> Base | None:
        if record.base_id is None:
            return None
        base = await self.table.find(record.base_id)
        produced = await artifact.load(self.bucket, base) if base is not None else None
        if base is None or produced is None:
            raise JobFailed("INTERNAL", "What this generation starts from is gone.", retryable=False)
        return Base(base, produced)

    async def _finish(self, run: Run[Generation], outcome: Outcome, context: GenerationContext | None = None) -> None:
        """Artifact, record, budget, project, terminal event, notification: in this order, that a repeat can repair."""
        fields: dict[str, Any] = {}
        if context is not None:
            answer, where = context.answer, artifact.prefix(run.record)
            outcome = with_unfollowed(outcome, answer.not_followed)
            await artifact.store(self.bucket, where, answer.artifact)
            fields = {
                "artifact": where,
                "files": answer.listing,
                "missing": answer.missing if outcome.status is GenerationStatus.INCOMPLETE else (),
                "provider": answer.provider,
                "model": answer.model,
                "not_followed": tuple(answer.not_followed),
                "template": context.session.template,
            }
        record = await run.save(
            status=outcome.status,
            reason=outcome.reason,
            message=outcome.message,
            expires_at=expiry(outcome.status, now=self.now()),
            **end_of_job(self.now),
            **fields,
        )
        record = await self._rest(record)
        await run.out.close(events.encode(history.finished(record)))
        await announce_end(self.announcer, record, table=self.table, now=self.now)

    async def _rest(self, record: Generation) -> Generation:
        """Settle what an ended generation has used, and what it means for its project: before anybody hears of it."""
        record = await self.budgets.settle(record)
        failed = record.status is GenerationStatus.FAILED
        await self.projects.settled(record.project_id, job_id=record.id, failed=failed)
        return record

    async def _tell(self, run: Run[Generation], event: events.GenerationEvent) -> None:
        await run.out.put(events.encode(event))
