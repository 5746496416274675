"""This file is the port of the deploy targets: from an archive of files to a URL that answers.

Adapters: local (development only). All pass tests/services/platforms/.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class LogStream(Enum):
    BUILD = "BUILD"
    RELEASE = "RELEASE"
    RUNTIME = "RUNTIME"
    SYSTEM = "SYSTEM"


class LogLevel(Enum):
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class StepState(Enum):
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class Phase(Enum):
    BUILDING = "BUILDING"
    DEPLOYING = "DEPLOYING"


@dataclass(frozen=True, slots=True)
class Config:
    """What the user chose. Commands of None mean the platform's own."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    build_command: str | None = None
    start_command: str | None = None
    health_path: str = "/health"


@dataclass(frozen=True, slots=True)
class Order:
    """What to deploy. `site` is stable per project: a later order for the same site replaces what runs there."""

    deployment_id: str
    site: str
    archive: bytes
    """A ZIP."""
    config: Config
    preferred_port: int | None = None
    """LOCAL: the port an earlier run of this deployment had; used again where it is free."""


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    phase: Phase


@dataclass(frozen=True, slots=True)
class StepChanged:
    """`step` is a short name such as `unpack`, `install`, `build`, `tables`, `start`, `health`."""

    step: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output, without its line end."""

    at: datetime
    level: LogLevel
    stream: LogStream
    message: str


@dataclass(frozen=True, slots=True)
class Live:
    """The deployment answers at `url`. LOCAL goes on to yield RUNTIME lines until it stops."""

    url: str


Event = PhaseChanged | StepChanged | Line | Live


class DeployFailed(Exception):
    """The deployment failed for good. `reason` is a short code (BUILD_FAILED, CRASHED, …), `message` a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Platform(Protocol):
    """A deploy target."""

    def deploy(self, order: Order) -> AsyncIterator[Event]:
        """Deploy and yield what happens, in order; end when nothing more will.

        Raises DeployFailed. Closing the iterator (or cancelling the task that reads it) stops everything that this call
        started and returns only when it has stopped.
        """
        ...
