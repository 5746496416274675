"""The port of the deploy targets: from an archive of files to a URL that answers.

Adapters: local (development only). All pass tests/services/platforms/.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import Protocol

from services.core.frozen import frozen


class DeploymentPlatform(Enum):
    """Where a backend can run."""

    LOCAL = "LOCAL"
    """On the machine of the worker; in development only."""


class LogStream(Enum):
    """Where a line of output comes from."""

    BUILD = "BUILD"
    """Installing and compiling."""
    RELEASE = "RELEASE"
    """Getting ready to start, such as creating tables."""
    RUNTIME = "RUNTIME"
    """The running backend."""
    SYSTEM = "SYSTEM"
    """Snapinfra itself."""


class LogLevel(Enum):
    """How serious a line of output is."""

    INFO = "INFO"
    """Nothing to worry about."""
    WARN = "WARN"
    """Worth a look."""
    ERROR = "ERROR"
    """Something failed."""


class StepState(Enum):
    """How far a step has come."""

    RUNNING = "RUNNING"
    """It is under way."""
    SUCCEEDED = "SUCCEEDED"
    """It is done."""
    FAILED = "FAILED"
    """It failed; so does the deployment."""


class Phase(Enum):
    BUILDING = "BUILDING"
    DEPLOYING = "DEPLOYING"


@frozen
class Config:
    """What the user chose. Commands of None mean the platform's own."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    build_command: str | None = None
    start_command: str | None = None
    health_path: str = "/health"


@frozen
class Order:
    """What to deploy. `site` is stable per project: a later order for the same site replaces what runs there."""

    deployment_id: str
    site: str
    archive: bytes
    """A ZIP."""
    config: Config
    preferred_port: int | None = None
    """LOCAL: the port an earlier run of this deployment had; used again where it is free."""


@frozen
class PhaseChanged:
    phase: Phase


@frozen
class StepChanged:
    """`step` is a short name such as `unpack`, `install`, `build`, `tables`, `start`, `health`."""

    step: str
    state: StepState


@frozen
class Line:
    """One line of output, without its line end."""

    at: datetime
    level: LogLevel
    stream: LogStream
    message: str


@frozen
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


class Superseded(Exception):
    """The deployment was replaced by a later one of the same site, and has been stopped. Not a failure."""

    def __init__(self, by: str) -> None:
        super().__init__(f"Replaced by {by}.")
        self.by = by
        """The deployment that runs there now."""


class Platform(Protocol):
    """A deploy target."""

    def deploy(self, order: Order) -> AsyncGenerator[Event]:
        """Deploy and yield what happens, in order; end when nothing more will.

        What programs print holds none of the environment's values (`Mask`), also where it is quoted in a failure.

        Raises DeployFailed, and Superseded when a later order for the same site is live. Closing the iterator (or
        cancelling the task that reads it) stops everything that this call started and returns only when it has stopped.
        """
        ...
