"""This file is the job of a generation: ask the provider, stream its answer, keep what came, and end the record."""

import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from services.analytics.product import ProductEvents
from services.aws.bucket import Bucket
from services.aws.tables import Table
from services.aws.topic import Topic
from services.core.clock import Clock
from services.core.errors import Invalid, NotFound
from services.core.ids import SchemaId
from services.events.port import EventLog
from services.generations import artifact, events, history
from services.generations.answer import Answer
from services.generations.model import Generation, GenerationKind, GenerationReason, GenerationStatus
from services.jobs.record import Announced, announcing, end_of_job
from services.jobs.run import Run
from services.jobs.worker import JobFailed
from services.llm.files import FileParser, new_boundary
from services.llm.port import (
    CodeTask,
    FailureCode,
    FinishReason,
    Options,
    Provider,
    ProviderFailure,
    Request,
    SchemaTask,
)
from services.llm.prompts import render, repair
from services.llm.schema_output import read_schema
from services.projects import Project, Projects, ProjectStatus
from services.schemas.model import SchemaModel
from services.schemas.service import NewSchema, Schemas

_RETRYABLE: Final = {FailureCode.RATE_LIMITED, FailureCode.UNAVAILABLE, FailureCode.TIMED_OUT}
_CUT: Final = {
    FinishReason.LENGTH: (GenerationReason.MAX_TOKENS, "The answer reached its limit of tokens."),
    FinishReason.CONTENT_FILTER: (GenerationReason.CONTENT_FILTER, "The provider's content filter ended the answer."),
}

WORK_LIMIT: Final = timedelta(hours=1)
WAIT_LIMIT: Final = timedelta(days=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a generation ended."""

    status: GenerationStatus
    reason: GenerationReason | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationJob:
    """Handler of generation jobs."""

    table: Table[Generation]
    projects: Projects
    schemas: Schemas
    bucket: Bucket
    topic: Topic
    event_log: EventLog
    provider: Provider
    options_for: Callable[[GenerationKind, Options], Options]
    """Completes what the user asked for with the settings' defaults for the kind."""
    random_bytes: Callable[[int], bytes]
    now: Clock
    analytics: ProductEvents

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
        await self.projects.mark(project.id, ProjectStatus.GENERATING)
        request = await self._request(record, project)
        answer = await self._ask(run, request)
        match record.kind:
            case GenerationKind.SCHEMA:
                ending, answer = await self._end_schema(run, project, request, answer)
            case GenerationKind.CODE:
                ending = _end_code(answer)
            case _:
                assert_never(record.kind)
        await self._finish(run, ending, answer, template=request.template)

    async def stopped(self, run: Run[Generation]) -> None:
        """End a canceled generation."""
        await self._finish(run, Ending(GenerationStatus.CANCELED))

    async def failed(self, run: Run[Generation], failure: JobFailed, *, final: bool) -> None:
        """Tell of a failed attempt; when final, end the generation."""
        await self._tell(run, events.AttemptFailed(failure.code, failure.message, will_retry=not final))
        if final:
            reason = GenerationReason(failure.code)
            await self._finish(run, Ending(GenerationStatus.FAILED, reason, failure.message))

    async def handed_over(self, run: Run[Generation]) -> None:
        """Tell that this attempt is given up because its worker stops."""
        message = "The worker is stopping; another one starts over."
        await self._tell(run, events.AttemptFailed("WORKER_STOPPING", message, will_retry=True))
        await run.save(status=GenerationStatus.QUEUED)

    async def settle(self, record: Generation) -> None:
        """Close the stream of an ended generation whose worker did not get that far."""
        await history.close_stream(self.event_log, record, await artifact.load(self.bucket, record))
        await self._announce(record)

    async def _project(self, record: Generation) -> Project:
        project = await self.projects.table.find(record.project_id)
        if project is None:
            raise JobFailed("PROJECT_DELETED", "The project was deleted.", retryable=False)
        return project

    async def _request(self, record: Generation, project: Project) -> Request:
        options = self.options_for(record.kind, record.options)
        if record.kind is GenerationKind.SCHEMA:
            return render(SchemaTask(record.prompt), options)
        schema = await self.schemas.table.find(record.schema_id or "")
        if schema is None:
            raise JobFailed("PROJECT_DELETED", "The project's schema is gone.", retryable=False)
        boundary = new_boundary(self.random_bytes)
        return render(CodeTask(project.name, record.prompt, schema.model, boundary), options)

    async def _ask(self, run: Run[Generation], request: Request) -> Answer:
        task = request.task
        new_parser = (lambda: FileParser(task.boundary)) if isinstance(task, CodeTask) else None
        answer = Answer(run.attempt, new_parser)
        try:
            async with aclosing(self.provider.stream(request)) as items:
                async for item in items:
                    for event in answer.take(item):
                        await self._tell(run, event)
        except ProviderFailure as failure:
            retryable = failure.code in _RETRYABLE
            raise JobFailed(
                "PROVIDER_ERROR", f"{failure.provider}: {failure.message}", retryable=retryable
            ) from failure
        return answer

    async def _end_schema(
        self, run: Run[Generation], project: Project, request: Request, answer: Answer
    ) -> tuple[Ending, Answer]:
        """Store the schema that the answer holds; an invalid one is sent back to the model once."""
        try:
            model = _schema_in(answer)
        except Invalid as invalid:
            await self._tell(run, events.AttemptFailed("INVALID_OUTPUT", invalid.message, will_retry=True))
            answer = await self._ask(run, repair(request, answer=answer.text, faults=invalid.faults))
            try:
                model = _schema_in(answer)
            except Invalid as still:
                message = f"The model's schema is not valid: {still.message}"
                return Ending(GenerationStatus.FAILED, GenerationReason.INVALID_OUTPUT, message), answer
        if model is None:
            return _cut(answer), answer
        new = NewSchema(model, _schema_id(run.record), generation_id=run.record.id)
        try:
            await self.schemas.add(project, new, user_id=run.record.user_id)
        except NotFound:
            raise JobFailed("PROJECT_DELETED", "The project was deleted.", retryable=False) from None
        return Ending(GenerationStatus.COMPLETED), answer

    async def _finish(
        self, run: Run[Generation], ending: Ending, answer: Answer | None = None, *, template: str | None = None
    ) -> None:
        """Artifact, record, terminal event, project, notification: in this order, so that a repeat can repair."""
        where = artifact.prefix(run.record)
        made: dict[str, Any] = {}
        if answer is not None:
            await artifact.store(self.bucket, where, answer.artifact)
            made = {
                "artifact": where,
                "files": tuple(file.listing for file in answer.completed.values()),
                "provider": answer.provider,
                "model": answer.model,
                "usage": answer.usage,
                "template": template,
            }
        record = await run.save(
            status=ending.status,
            reason=ending.reason,
            message=ending.message,
            **end_of_job(self.now),
            **made,
        )
        await run.out.close(events.encode(history.finished(record)))
        await self._announce(record)

    async def _announce(self, record: Generation) -> None:
        failed = record.status is GenerationStatus.FAILED
        await self.analytics.generation_ended(record)
        try:
            await self.table.update(record.id, announcing(self.now))
        except Announced:
            return
        await self.projects.settled(record.project_id, failed=failed)
        await self.topic.publish(
            f"Generation {record.status.value.lower()}",
            f"{record.kind.value} generation {record.id} of project {record.project_id} is {record.status.value}.",
            attributes={"event": "generation.finished", "status": record.status.value, "teamId": record.team_id},
        )

    async def _tell(self, run: Run[Generation], event: events.GenerationEvent) -> None:
        await run.out.put(events.encode(event))


def _schema_in(answer: Answer) -> SchemaModel | None:
    """Return the schema of an answer, or None where the answer was cut short. Raises Invalid."""
    return None if answer.reason in _CUT else read_schema(answer.text)


def _schema_id(record: Generation) -> SchemaId:
    if record.schema_id is None:
        raise JobFailed("INTERNAL", "The record names no schema to make.", retryable=False)
    return record.schema_id


def _end_code(answer: Answer) -> Ending:
    if answer.reason in _CUT:
        return _cut(answer)
    if answer.whole:
        return Ending(GenerationStatus.COMPLETED)
    message = f"The answer ended without all of its files. {_missing(answer)}".strip()
    return Ending(GenerationStatus.INCOMPLETE, GenerationReason.MISSING_FILES, message)


def _cut(answer: Answer) -> Ending:
    reason, message = _CUT[answer.reason or FinishReason.LENGTH]
    return Ending(GenerationStatus.INCOMPLETE, reason, f"{message} {_missing(answer)}".strip())


def _missing(answer: Answer) -> str:
    return f"Missing: {', '.join(answer.missing)}." if answer.missing else ""
