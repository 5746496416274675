"""The record of a generation: one run of a model (or the scaffold) for a project."""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import msgspec

from services.checks.port import Check
from services.core.ids import ArchitectureId, GenerationId, SchemaId
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.foundation.jobs.record import OPEN_INDEX
from services.llm.port import Options
from services.usage.model import MeteredRecord


class GenerationKind(Enum):
    """What a generation makes."""

    SCHEMA = "SCHEMA"
    """A new version of the project's database schema, from a description."""
    ARCHITECTURE = "ARCHITECTURE"
    """A drawing of the backend's parts and how they connect."""
    CODE = "CODE"
    """A complete backend, from the project's schema."""
    DOCUMENTATION = "DOCUMENTATION"
    """Pages about the backend, from the project's schema."""
    CHAT = "CHAT"
    """An answer to a question about the project."""


class GenerationStatus(Enum):
    """How far a generation has come."""

    QUEUED = "QUEUED"
    """It waits for a worker."""
    GENERATING = "GENERATING"
    """A worker is at it."""
    COMPLETED = "COMPLETED"
    """It made everything it was to make."""
    INCOMPLETE = "INCOMPLETE"
    """It was cut short; what it made is kept."""
    FAILED = "FAILED"
    """It made nothing that can be used."""
    CANCELING = "CANCELING"
    """It was asked to stop and has not yet."""
    CANCELED = "CANCELED"
    """It was stopped."""


class GenerationReason(Enum):
    """Why a generation ended INCOMPLETE or FAILED."""

    MAX_TOKENS = "MAX_TOKENS"
    """The answer reached its limit of tokens."""
    CONTENT_FILTER = "CONTENT_FILTER"
    """The provider's content filter ended the answer."""
    PROVIDER_LOST = "PROVIDER_LOST"
    """Every provider failed in the middle of the answer."""
    MISSING_FILES = "MISSING_FILES"
    """The answer ended without all files that it had announced."""
    INVALID_OUTPUT = "INVALID_OUTPUT"
    """The answer was not what was asked for, even when asked again."""
    PROVIDER_ERROR = "PROVIDER_ERROR"
    """No provider answered."""
    RATE_LIMITED = "RATE_LIMITED"
    """No provider answered, and the last one allows no more requests for now."""
    PROJECT_DELETED = "PROJECT_DELETED"
    """The project was deleted meanwhile."""
    TIMED_OUT = "TIMED_OUT"
    """It took longer than it may."""
    WORKER_LOST = "WORKER_LOST"
    """The worker was lost each time it ran this."""
    INTERNAL = "INTERNAL"
    """A mistake of ours."""


class Usage(msgspec.Struct, frozen=True, rename="camel"):
    """Tokens, as the provider counts them."""

    input_tokens: int = 0
    output_tokens: int = 0


class GeneratedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A complete file. `bytes` and `sha256` (hex) are of its UTF-8 content."""

    path: str
    bytes: int
    sha256: str
    faults: tuple[str, ...] = ()
    """Why it does not parse, where it does not: `12:5 ';' expected.`"""


class NotFollowed(msgspec.Struct, frozen=True, rename="camel"):
    """Something that was asked for and is not done, and why."""

    text: str
    reason: str


MOST_NOT_FOLLOWED: Final = 20


class Generation(MeteredRecord, frozen=True, kw_only=True, rename="camel"):
    """`message` says the reason of one that ended INCOMPLETE or FAILED as a sentence."""

    id: GenerationId
    kind: GenerationKind
    prompt: str
    description: str | None = None
    """For one that changes its base, or goes on with such a change: what the first of its bases was asked for."""
    options: Options = Options()
    status: GenerationStatus = GenerationStatus.QUEUED
    number: int = 0
    """Counts the project's generations, from 1; 0 for those from before they were counted."""
    base_id: GenerationId | None = None
    """The generation that this one changes or goes on with."""
    continues: bool = False
    """Whether it goes on with its base where that was cut short, rather than changing it."""
    schema_id: SchemaId | None = None
    """SCHEMA: the version it makes, chosen beforehand. The others: the version they read, if any."""
    architecture_id: ArchitectureId | None = None
    """ARCHITECTURE: what it makes, chosen beforehand. CODE: what it reads, if any."""
    reason: GenerationReason | None = None
    message: str | None = None
    provider: str | None = None
    model: str | None = None
    template: str | None = None
    usage: Usage | None = None
    checks: tuple[Check, ...] = ()
    files: tuple[GeneratedFile, ...] = ()
    missing: tuple[str, ...] = ()
    """Files that were announced and have not come whole."""
    not_followed: tuple[NotFollowed, ...] = ()
    """What of the prompt the provider has said that it does not do."""
    artifact: str | None = None
    """S3 key prefix of what it made."""
    started_at: datetime | None = None
    expires_at: int | None = None
    """When a generation that made nothing is forgotten; None: never."""


EMPTY_LIFETIME: Final = timedelta(days=90)
"""How long the record of a FAILED or CANCELED generation is kept."""

_EMPTY: Final = frozenset({GenerationStatus.FAILED, GenerationStatus.CANCELED})


def expiry(status: GenerationStatus, *, now: datetime) -> int | None:
    """Return when the record of a generation that ends so goes, in seconds since 1970; what made something stays."""
    return int((now + EMPTY_LIFETIME).timestamp()) if status in _EMPTY else None


GENERATIONS: Final = TableSpec(
    "code-generations",
    Generation,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex", within="`Generations.remove`, with its files and its stream"),),
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "createdAt"),
        Index("StatusIndex", "status", "updatedAt"),
        OPEN_INDEX,
    ),
    ttl="expiresAt",
)
