"""What users do with generations: ask for one, watch it, cancel it, take what it made."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import field
from typing import Final

from msgspec.structs import replace

from services.architectures.service import Architectures
from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import ArchitectureId, GenerationId, ProjectId, SchemaId, new_id
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.core.telemetry import traceparent
from services.core.text import Kind, bounded
from services.designs import architecture as architectures
from services.designs.schema import encode
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.queue import Queue
from services.foundation.events.follow import Followed, follow
from services.foundation.events.hub import Hub
from services.foundation.events.port import EventLog, LogUnavailable
from services.foundation.jobs.announcing import Announcer
from services.foundation.jobs.record import OPEN, NotEnded, StopCause, stop_requested
from services.foundation.limits.idempotency import Idempotency, Try
from services.foundation.limits.rate_limit import RateLimiter
from services.generations.artifact import Artifact, download_url, folder, load
from services.generations.diff import FileChange, changes
from services.generations.events import GenerationEvent, merged
from services.generations.history import GenerationHistory, close_stream
from services.generations.model import Generation, GenerationKind, GenerationStatus, expiry
from services.llm.port import Options
from services.projects.jobs import ProjectJobs
from services.projects.model import Project
from services.schemas.service import Schemas
from services.schemas.unbuilt import unbuilt
from services.settings import Settings
from services.usage.allowance import allowance
from services.usage.service import Budgets

TRIES: Final = 5
PROMPT_LENGTH: Final = 8000
LEAST: Final = 0.001
"""The least temperature and top p beside 0: what is much smaller than this, no table can store."""

_WITH_BASE: Final = frozenset({GenerationKind.CODE, GenerationKind.DOCUMENTATION, GenerationKind.CHAT})
_MOST_SAID: Final = 5
"""Faults of a schema that a message names."""
_NEEDS_SCHEMA: Final = frozenset({GenerationKind.CODE, GenerationKind.DOCUMENTATION})


@frozen
class NewGeneration:
    """`prompt` of None means the project's description; a CHAT, and whatever has a base, needs one of its own."""

    project_id: ProjectId
    kind: GenerationKind
    prompt: str | None = None
    options: Options = field(default_factory=Options)
    base_id: GenerationId | None = None
    """The generation whose files `prompt` says how to change, or whose conversation it goes on with."""
    architecture_id: ArchitectureId | None = None
    """What CODE is made by; None means the project's that was changed last, if it has any."""
    client_mutation_id: str | None = None


@frozen(kw_only=True)
class Generations(ProjectJobs[GenerationId, Generation]):
    noun = "generation"

    bucket: Bucket
    queue: Queue
    announcer: Announcer[Generation]
    event_log: EventLog
    hub: Hub
    idempotency: Idempotency
    schemas: Schemas
    architectures: Architectures
    options_for: Callable[[GenerationKind, Options], Options]
    """Completes what the user asked for with the settings' defaults for the kind."""
    rates: RateLimiter
    budgets: Budgets[Generation]
    settings: Settings
    now: Clock

    async def create(self, new: NewGeneration, *, by: Actor) -> Generation:
        """Ask for a generation: store its record and put its job into the queue.

        Raises Limited where the user asks too often, and BudgetExhausted. A repeat of an earlier request
        (`client_mutation_id`) counts for neither.
        """
        async with self.idempotency.trying("generate", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(GenerationId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewGeneration, attempt: Try, *, by: Actor) -> Generation:
        self._check(new)
        project = await self.projects.get(new.project_id, by=by, action=Action.EDIT)
        base = None if new.base_id is None else await self._base(new.base_id, new, by=by)
        new = dataclasses.replace(new, options=await self.settings.completed(new.options, team_id=project.team_id))
        record = _record(new, project, by=by, now=self.now)
        record = replace(record, architecture_id=await self._architecture_id(new, record, project, by=by))
        if base is not None:
            record = replace(record, description=base.description or base.prompt)
        return await self._queued(record, attempt, project, base, by=by)

    async def continue_from(
        self, generation_id: GenerationId, *, client_mutation_id: str | None, by: Actor
    ) -> Generation:
        """Ask for a generation that goes on where an INCOMPLETE one was cut short, and has all that it made.

        Raises Conflict, with the generation, where it is not INCOMPLETE, and otherwise as `create` does.
        """
        async with self.idempotency.trying("continueGeneration", generation_id, client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(GenerationId(attempt.done), by=by)
            return await self._continue_from(generation_id, attempt, by=by)

    async def _continue_from(self, generation_id: GenerationId, attempt: Try, *, by: Actor) -> Generation:
        old = await self.get(generation_id, by=by, action=Action.EDIT)
        if old.status is not GenerationStatus.INCOMPLETE:
            message = f"Only an INCOMPLETE generation can be continued; it is {old.status.value}."
            raise Conflict(message, current=old)
        project = await self.projects.get(old.project_id, by=by, action=Action.EDIT)
        new = NewGeneration(old.project_id, old.kind, old.prompt, old.options, base_id=old.id)
        record = _record(new, project, by=by, now=self.now)
        schema_id = record.schema_id if old.kind is GenerationKind.SCHEMA else old.schema_id
        is_drawn = old.kind is GenerationKind.ARCHITECTURE
        architecture_id = record.architecture_id if is_drawn else old.architecture_id
        record = replace(
            record,
            continues=True,
            description=old.description,
            schema_id=schema_id,
            architecture_id=architecture_id,
        )
        return await self._queued(record, attempt, project, old, by=by)

    async def diff(self, generation: Generation, from_id: GenerationId | None, *, by: Actor) -> list[FileChange] | None:
        """Say which files changed to this generation from another one of the project; None: from its base, if any.

        Returns None where the base was deleted: nobody knows any more what changed.
        """
        if from_id is not None:
            other = await self.get(from_id, by=by)
        elif generation.base_id is None:
            other = None
        elif (other := await self.table.find(generation.base_id)) is None:
            return None
        if other is not None and other.project_id != generation.project_id:
            raise Invalid.one("from is a generation of another project.", "from")
        return await self.changed_files(other, generation)

    async def changed_files(self, before: Generation | None, after: Generation) -> "list[FileChange]":
        """Say which files differ between two generations that the caller was given; None has none."""
        old = await load(self.bucket, before) if before else None
        new = await load(self.bucket, after)
        return await asyncio.to_thread(changes, old.files if old else (), new.files if new else ())

    async def any_open_from(self, base: Generation) -> bool:
        """Say whether another generation is being made from one."""
        return await self._any_open(base.project_id, baseId=base.id)

    async def list(
        self,
        page: PageRequest,
        *,
        project_id: ProjectId | None,
        kind: GenerationKind | None = None,
        status: GenerationStatus | None = None,
        by: Actor,
    ) -> Page[Generation]:
        """Return the generations of a project, or those that the actor asked for, newest first."""
        where = {"kind": kind and kind.value, "status": status and status.value}
        return await self._listed(page, project_id=project_id, where=where, by=by)

    async def remove(self, generation: Generation) -> None:
        """Delete a settled generation that the caller may delete, with its files and its stream. May be repeated.

        What it made in its project stays: the version of the schema, the architecture, the pages. The record goes last,
        so that a delete cut short can be done again. Raises Conflict where it has not ended.
        """
        await self.bucket.remove(folder(generation))
        with suppress(LogUnavailable):  # nobody can read a stream without its record; the log lets go of it by itself
            await self.event_log.forget(generation.id)
        for _ in range(TRIES):
            stored = await self.table.find(generation.id)
            if stored is None:
                return
            if stored.finished_at is None:
                raise NotEnded("generation", stored.status)
            if await self.table.delete(stored):
                return
        raise Conflict("The generation keeps changing; try again.")

    @asynccontextmanager
    async def follow(
        self, generation_id: GenerationId, *, after: str | None, by: Actor
    ) -> AsyncGenerator[Followed[GenerationEvent]]:
        """Follow a generation's stream from after a cursor (None: from the start) to its terminal event."""
        generation = await self.get(generation_id, by=by)
        history = GenerationHistory(self.table, self.bucket, seen=generation)
        async with follow(self.hub, generation_id, after=after, history=history, merged=merged) as followed:
            yield followed

    async def artifact(self, generation: Generation) -> Artifact | None:
        """Return the text and files of a generation that the caller was given; None where there are none."""
        return await load(self.bucket, generation)

    def download_url(self, generation: Generation) -> str | None:
        """Make a URL that anybody may download the archive with for an hour; None where there is no archive."""
        return download_url(self.bucket, generation)

    def _label(self, record: Generation) -> str:
        return record.kind.value

    async def _stop(self, job_id: str) -> Generation | None:
        def stopped(old: Generation) -> Generation:
            if old.status is GenerationStatus.CANCELED:
                return old
            if old.finished_at is not None:
                raise Conflict(f"The generation has ended already: it is {old.status.value}.", current=old)
            new = stop_requested(
                old,
                StopCause.CANCELED,
                running=GenerationStatus.CANCELING,
                ended=GenerationStatus.CANCELED,
                now=self.now,
            )
            return replace(new, expires_at=expiry(new.status, now=self.now()))

        generation = await self.table.update(job_id, stopped)
        if generation is not None and generation.finished_at is not None:
            generation = await self.budgets.settle(generation)
            await self.projects.settled(generation.project_id, job_id=generation.id, failed=False)
            await close_stream(self.event_log, generation, None)
        return generation

    async def _queued(
        self, draft: Generation, attempt: Try, project: Project, base: Generation | None, *, by: Actor
    ) -> Generation:
        """Store a new generation's record, unless a try that was cut short has, and put its job into the queue."""
        generation = replace(draft, id=GenerationId(await attempt.take_id("generation")))
        if await self.table.find(generation.id) is None:
            generation = await self._admit(generation, project, base, by=by)
        else:
            generation = await self.get(generation.id, by=by)
        journal = self.projects.journal
        await journal.created(generation, generation.kind.value, place=generation, by=generation.user_id)
        if generation.status is GenerationStatus.QUEUED:  # last: what its events tell of can be read by then
            await self.queue.send(generation.id, group=generation.team_id)
            await self.announcer.step(generation)
        return generation

    async def _admit(
        self, generation: Generation, project: Project, base: Generation | None, *, by: Actor
    ) -> Generation:
        """Store a new generation within its user's rate and its team's budget; one that is there already stays."""
        schema = await self.schemas.find(generation.schema_id) if generation.schema_id else None
        if schema is not None and generation.kind in _NEEDS_SCHEMA and (faults := unbuilt(schema.model)):
            messages = " ".join(fault.message for fault in faults[:_MOST_SAID])
            raise Invalid.one(f"Save the schema again without what nothing builds yet. {messages}", "projectId")
        context = (len(encode(schema.model)) if schema else 0) + (_size(base) if base else 0)
        if generation.kind is GenerationKind.CODE and generation.architecture_id is not None:
            architecture = await self.architectures.find(generation.architecture_id)
            context += len(architectures.encode(architecture.model)) if architecture else 0
        most_output = self.options_for(generation.kind, generation.options).max_tokens or 0
        tokens = allowance(generation.prompt, context=context, most_output=most_output)
        await self.rates.take("ai", generation.id, by=by.user_id)
        number = await self.projects.next_number(project)
        reserved = replace(generation, number=number, reservation=self.budgets.reservation(tokens))
        try:
            await self.budgets.reserve(self.table.creation(reserved), reserved)
        except AlreadyExists:
            return await self.get(generation.id, by=by)
        return reserved

    async def _base(self, base_id: GenerationId, new: NewGeneration, *, by: Actor) -> Generation:
        """Return the base. Raises Invalid where the new generation cannot start from it."""
        try:
            base = await self.get(base_id, by=by)
        except NotFound:
            raise Invalid.one(f"No generation with the id '{base_id}'.", "baseGenerationId") from None
        if new.kind not in _WITH_BASE:
            raise Invalid.one(f"A {new.kind.value} generation has no base.", "baseGenerationId")
        if base.project_id != new.project_id or base.kind is not new.kind:
            raise Invalid.one("The base must be of the same project and kind.", "baseGenerationId")
        if (
            base.finished_at is None
            or base.artifact is None
            or (new.kind is not GenerationKind.CHAT and not base.files)
        ):
            raise Invalid.one("The base has made nothing to start from (yet).", "baseGenerationId")
        if not (new.prompt or "").strip():
            raise Invalid.one("Say in prompt what to change.", "prompt")
        return base

    async def _architecture_id(
        self, new: NewGeneration, record: Generation, project: Project, *, by: Actor
    ) -> ArchitectureId | None:
        """Return what a generation makes or reads. Raises Invalid where it can't read what was chosen."""
        if new.kind is not GenerationKind.CODE:
            if new.architecture_id is not None:
                raise Invalid.one(f"A {new.kind.value} generation reads no architecture.", "architectureId")
            return record.architecture_id
        if new.architecture_id is None:
            latest = await self.architectures.latest(project)
            return latest.id if latest else None
        try:
            chosen = await self.architectures.get(new.architecture_id, by=by)
        except NotFound:
            raise Invalid.one(f"No architecture with the id '{new.architecture_id}'.", "architectureId") from None
        if chosen.project_id != project.id:
            raise Invalid.one("The architecture is of another project.", "architectureId")
        return chosen.id

    def _check(self, new: NewGeneration) -> None:
        faults: list[Fault] = []
        if new.prompt is not None:
            faults += bounded(new.prompt, field=["prompt"], most=PROMPT_LENGTH, least=0, kind=Kind.LINES)
        options = new.options
        models = self.budgets.models
        if options.model is not None and options.model not in models:
            faults.append(Fault(f"model must be one of: {', '.join(sorted({*models}))}.", ("options", "model")))
        if options.temperature is not None and options.temperature != 0 and not LEAST <= options.temperature <= 2:  # noqa: PLR2004 - the message says it
            faults.append(Fault("temperature must be 0, or from 0.001 to 2.", ("options", "temperature")))
        if options.top_p is not None and not LEAST <= options.top_p <= 1:
            faults.append(Fault("topP must be from 0.001 to 1.", ("options", "topP")))
        if options.max_tokens is not None and not 1 <= options.max_tokens <= 200_000:  # noqa: PLR2004 - same
            faults.append(Fault("maxTokens must be from 1 to 200,000.", ("options", "maxTokens")))
        if faults:
            raise Invalid(faults)


def _size(base: Generation) -> int:
    """Return how many bytes a base adds to a prompt, at most: its files, else a conversation, in tokens of 4 bytes."""
    if base.files:
        return sum(file.bytes for file in base.files)
    return 4 * max((attempt.tokens for attempt in base.attempts), default=0)


def _record(new: NewGeneration, project: Project, *, by: Actor, now: Clock) -> Generation:
    """Return the record of a new generation, which has no id yet."""
    prompt = (new.prompt or "").strip()
    if not prompt and new.kind is GenerationKind.CHAT:
        raise Invalid.one("Ask your question in prompt.", "prompt")
    prompt = prompt or project.description
    is_schema = new.kind is GenerationKind.SCHEMA
    if is_schema and not prompt:
        raise Invalid.one("Say in prompt what to build; the project has no description either.", "prompt")
    schema_id = SchemaId(new_id("schema")) if is_schema else project.schema_id
    if schema_id is None and new.kind in _NEEDS_SCHEMA:
        raise Invalid.one("The project has no schema yet: generate or save one first.", "projectId")
    is_architecture = new.kind is GenerationKind.ARCHITECTURE
    moment = now()
    return Generation(
        id=GenerationId(""),
        project_id=project.id,
        user_id=by.user_id,
        team_id=project.team_id,
        project_owner_id=project.user_id,
        open=OPEN,
        kind=new.kind,
        prompt=prompt,
        options=new.options,
        base_id=new.base_id,
        schema_id=schema_id,
        architecture_id=ArchitectureId(new_id("architecture")) if is_architecture else None,
        traceparent=traceparent(),
        created_at=moment,
        updated_at=moment,
    )
