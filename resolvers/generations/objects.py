"""A generation in the schema, with what it made."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Self

import strawberry

from resolvers.architectures import Architecture
from resolvers.context import Info
from resolvers.lists import SHOWN, AtMost
from resolvers.node import Node
from resolvers.projects import Project, viewer_can_with_project
from resolvers.scalars import URL, Long
from resolvers.schemas.objects import Schema
from resolvers.shown import AnyGeneration, shown, shows
from resolvers.viewer_can import ViewerCan
from services.checks.port import JSON, SECURITY, SYNTAX, TYPES, CheckState
from services.core.ids import GenerationId
from services.core.prices import dollars
from services.generations import model as records  # `model` is a field of these types
from services.generations.artifact import Artifact
from services.generations.diff import FileChange, FileChangeKind
from services.generations.model import GenerationKind, GenerationReason, GenerationStatus
from services.llm.paths import MAX_FILES, DiscardReason
from services.usage.model import AttemptOutcome, AttemptUsage

for _enum in (
    GenerationKind,
    GenerationStatus,
    GenerationReason,
    DiscardReason,
    CheckState,
    AttemptOutcome,
    FileChangeKind,
):
    strawberry.enum(_enum)

MOST_FILES: Final = MAX_FILES
USUAL_FILES: Final = 200
"""Of most generations: what a list of files counts as."""


@strawberry.type
class Usage:
    """Tokens, as the provider counts them."""

    input_tokens: Long
    """Tokens of the prompt."""
    output_tokens: Long
    """Tokens of the answer."""
    cached_tokens: Long
    """Of the prompt, those that the provider had kept from before."""
    reasoning_tokens: Long
    """Of the answer, those that were thought and not said."""

    @classmethod
    def of(cls, attempts: Sequence[AttemptUsage]) -> Self:
        return cls(
            input_tokens=Long(sum(attempt.input_tokens for attempt in attempts)),
            output_tokens=Long(sum(attempt.output_tokens for attempt in attempts)),
            cached_tokens=Long(sum(attempt.cached_tokens for attempt in attempts)),
            reasoning_tokens=Long(sum(attempt.reasoning_tokens for attempt in attempts)),
        )


@strawberry.type
class GenerationFile:
    """A complete file that a CODE generation made."""

    path: str
    """Relative, with forward slashes."""
    bytes: Long
    """Size of its UTF-8 content."""
    sha256: str
    """SHA-256 of its content, in hex."""
    faults: Annotated[list[str], AtMost(SHOWN)]
    """Why it does not parse, as `path:line:column message`; empty where it does, or was not checked."""
    generation: strawberry.Private[records.Generation]

    @strawberry.field
    async def content(self, info: Info) -> str | None:
        """Its text."""
        artifact = await _artifact(info, self.generation)
        return next((file.content for file in artifact.files if file.path == self.path), None) if artifact else None


@strawberry.type
class GenerationAttempt:
    """One attempt at asking one provider."""

    attempt: int
    """The generation's attempt in which it was."""
    provider: str
    """Who was asked: `groq`, `openai` or `scaffold`."""
    model: str
    """The model that was asked."""
    outcome: AttemptOutcome
    """How it ended."""
    usage: Usage
    """What it has used."""
    is_estimated: bool
    """Whether we counted the tokens ourselves, for the provider did not say."""
    left_out: int
    """How many files, or earlier turns of a CHAT, the model was not given, since its context window had no room."""
    cost: Decimal | None
    """US dollars; null until the generation has ended, and where the model has no price."""

    @classmethod
    def of(cls, attempt: AttemptUsage) -> Self:
        return cls(
            attempt=attempt.attempt,
            provider=attempt.provider,
            model=attempt.model,
            outcome=attempt.outcome,
            usage=Usage.of([attempt]),
            is_estimated=attempt.estimated,
            left_out=attempt.left_out,
            cost=None if attempt.cost is None else dollars(attempt.cost),
        )


@strawberry.type
class GenerationCheck:
    """A check of the files that a CODE generation made."""

    name: str
    """What was checked: `json`, `syntax` or `types`."""
    state: CheckState
    """How it ended."""
    output: str
    """What it found, as lines of `path:line:column message`."""


@strawberry.type
class UnfollowedRequest:
    """Something that was asked for and is not done."""

    text: str
    """What was asked for, in the words of whoever asked."""
    reason: str
    """Why it is not done, as a sentence."""


@strawberry.type
class GenerationFileChange:
    """A file that differs between two generations."""

    path: str
    """The file."""
    change: FileChangeKind
    """What became of it."""
    before: str | None
    """SHA-256 of its content before, in hex; null where there was none."""
    after: str | None
    """SHA-256 of its content after, in hex; null where there is none."""
    patch: str | None
    """The difference as `git diff --full-index` writes it; all of them, one after the other, are what `git apply -3`
    takes, which merges where you have changed a file. Null where it would exceed 100,000 characters, or take long to
    work out: of files with thousands of lines that have nothing in common, and of the last of very many files."""

    @classmethod
    def of(cls, change: FileChange) -> Self:
        return cls(path=change.path, change=change.kind, before=change.before, after=change.after, patch=change.patch)


@shows(records.Generation, prefix="generation", get=lambda services: services.generations.get)
@strawberry.type
class Generation(Node):
    """One run of a model (or of the scaffold) for a project. What it made never changes."""

    number: int
    """Counts the project's generations, from 1; 0 for one from before they were counted."""
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
    """Tokens of all its attempts; null before the first has ended."""
    missing_files: Annotated[list[str], AtMost(MOST_FILES, weighs=USUAL_FILES)]
    """Files that the answer announced and did not bring whole."""
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
        record = self.generation
        project = await info.context.loaders.project(record.project_id, record.project_owner_id)
        return shown(project)

    @strawberry.field
    async def schema(self, info: Info) -> Schema | None:
        """SCHEMA: the version it made, once COMPLETED. CODE: the version it was made from."""
        schema = await info.context.loaders.schema(self.generation.schema_id, self.generation.project_id)
        return shown(schema)

    @strawberry.field
    async def architecture(self, info: Info) -> Architecture | None:
        """ARCHITECTURE: what it made, as it is now; null until it is COMPLETED, and once that was deleted. CODE: what
        it was made by.
        """
        record = self.generation
        architecture = await info.context.loaders.architecture(record.architecture_id, record.project_id)
        return shown(architecture)

    @strawberry.field
    async def text(self, info: Info) -> str | None:
        """All text of its stream since the last reset; null until it has ended with any."""
        artifact = await _artifact(info, self.generation)
        return artifact.text if artifact else None

    @strawberry.field
    def files(self) -> Annotated[list[GenerationFile], AtMost(MOST_FILES, weighs=USUAL_FILES)]:
        """The complete files, in the order they were written; empty until it has ended."""
        return [
            GenerationFile(
                path=file.path,
                bytes=Long(file.bytes),
                sha256=file.sha256,
                faults=list(file.faults[:SHOWN]),
                generation=self.generation,
            )
            for file in self.generation.files
        ]

    @strawberry.field
    def attempts(self) -> Annotated[list[GenerationAttempt], AtMost(SHOWN)]:
        """The last attempts at asking a provider that have ended, also those that failed or were canceled, in order."""
        return [GenerationAttempt.of(attempt) for attempt in self.generation.attempts[-SHOWN:]]

    @strawberry.field
    def checks(self) -> Annotated[list[GenerationCheck], AtMost(len((JSON, SYNTAX, TYPES, SECURITY)))]:
        """What checking the files found; empty until it has ended, and for kinds other than CODE."""
        return [GenerationCheck(name=c.name, state=c.state, output=c.output) for c in self.generation.checks]

    @strawberry.field
    def not_followed(self) -> Annotated[list[UnfollowedRequest], AtMost(records.MOST_NOT_FOLLOWED)]:
        """What of the prompt, or of the project's description, is not done, as far as the provider says: the scaffold
        does, which follows no instruction word for word; models do not. Empty until it has ended.
        """
        return [UnfollowedRequest(text=one.text, reason=one.reason) for one in self.generation.not_followed]

    @strawberry.field
    async def base(self, info: Info) -> AnyGeneration | None:
        """What this one changes or continues; null if it started from scratch, and once that was deleted."""
        base = await info.context.loaders.generation(self.generation.base_id, self.generation.project_id)
        return shown(base)

    @strawberry.field
    async def diff(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                name="from",
                description="An earlier generation of the project; null means `base`, or nothing where there is none.",
            ),
        ] = None,
    ) -> Annotated[list[GenerationFileChange], AtMost(2 * MOST_FILES, weighs=2 * USUAL_FILES)] | None:
        """Which files changed from another generation to this one, by path; null where `base` was deleted. A file that
        was renamed is one that is gone and one that is new.
        """
        generations, actor = info.context.services.generations, info.context.actor
        changes = await generations.diff(self.generation, None if from_ is None else GenerationId(from_), by=actor)
        return None if changes is None else [GenerationFileChange.of(change) for change in changes]

    @strawberry.field
    def download_url(self, info: Info) -> URL | None:
        """Where the files can be downloaded as a ZIP, by anybody, for an hour; null where there are none."""
        url = info.context.services.generations.download_url(self.generation)
        return None if url is None else URL(url)

    @classmethod
    def of(cls, generation: records.Generation) -> Self:
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
            number=generation.number,
            usage=_usage(generation),
            missing_files=list(generation.missing[:MOST_FILES]),
            created_at=generation.created_at,
            started_at=generation.started_at,
            finished_at=generation.finished_at,
            generation=generation,
        )


def _usage(generation: records.Generation) -> Usage | None:
    if generation.attempts:
        return Usage.of(generation.attempts)
    used = generation.usage  # of a record from before attempts were kept
    return (
        Usage(
            input_tokens=Long(used.input_tokens),
            output_tokens=Long(used.output_tokens),
            cached_tokens=Long(0),
            reasoning_tokens=Long(0),
        )
        if used
        else None
    )


async def _artifact(info: Info, generation: records.Generation) -> Artifact | None:
    return await info.context.loaded(
        ("artifact", generation.id), lambda: info.context.services.generations.artifact(generation)
    )
