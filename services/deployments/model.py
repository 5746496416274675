"""The records of deployments: one delivery of a generation's code to a platform, and the entries of its log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Final

import msgspec

from services.core.errors import Fault, Invalid
from services.core.ids import DeploymentId, EnvironmentId, GenerationId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.foundation.jobs.record import OPEN_INDEX, JobRecord, StopCause
from services.foundation.vault.envelope import Sealed
from services.integrations.model import IntegrationType
from services.platforms.offers import Hosting
from services.platforms.port import Call, DeploymentPlatform, Progress, StepState


class DeploymentStatus(Enum):
    """How far a deployment has come."""

    PENDING = "PENDING"
    """It waits for a worker, or for an earlier deployment to the same place."""
    BUILDING = "BUILDING"
    """It is being installed and compiled."""
    DEPLOYING = "DEPLOYING"
    """It is being started."""
    SUCCESS = "SUCCESS"
    """It answers."""
    FAILED = "FAILED"
    """It could not be deployed, or crashed later."""
    CANCELING = "CANCELING"
    """It was asked to stop and has not yet."""
    CANCELED = "CANCELED"
    """It was given up, or canceled while it was live."""
    STOPPED = "STOPPED"
    """It was live, until somebody stopped it."""
    SUPERSEDED = "SUPERSEDED"
    """A later deployment of the project took its place."""


ENDINGS: Final[Mapping[StopCause, DeploymentStatus]] = {
    StopCause.CANCELED: DeploymentStatus.CANCELED,
    StopCause.STOPPED: DeploymentStatus.STOPPED,
    StopCause.SUPERSEDED: DeploymentStatus.SUPERSEDED,
}
"""How a deployment ends that is asked to stop."""

INTEGRATION_OF: Final[Mapping[DeploymentPlatform, IntegrationType]] = {
    DeploymentPlatform.HEROKU: IntegrationType.HEROKU,
    DeploymentPlatform.RAILWAY: IntegrationType.RAILWAY,
    DeploymentPlatform.VERCEL: IntegrationType.VERCEL,
    DeploymentPlatform.RENDER: IntegrationType.RENDER,
    DeploymentPlatform.AWS_ECS: IntegrationType.AWS,
}
"""Whose credentials a platform takes. LOCAL takes none."""

CODE_HOST_OF: Final[Mapping[DeploymentPlatform, IntegrationType]] = {DeploymentPlatform.RENDER: IntegrationType.GITHUB}
"""Where the code is for platforms that take it from a repository: whose credentials they need, too."""


def integrations_of(platform: DeploymentPlatform) -> Sequence[IntegrationType]:
    """Return all integrations that a platform needs."""
    return [kinds[platform] for kinds in (INTEGRATION_OF, CODE_HOST_OF) if platform in kinds]


class DeploymentConfig(msgspec.Struct, frozen=True):
    """What the user chooses. A command of None is the platform's own."""

    environment_variables: dict[str, str] = {}
    build_command: str | None = None
    start_command: str | None = None

    @classmethod
    def of(
        cls, variables: Sequence[tuple[str, str]], build_command: str | None, start_command: str | None
    ) -> "DeploymentConfig":
        """Take the variables' names and values as they were listed, and commands without the space around them. Raises
        Invalid where a name is given twice.
        """
        given = Counter(name for name, _ in variables)
        if repeated := [name for name, times in given.items() if times > 1]:
            where = ("config", "environmentVariables")
            raise Invalid(
                [Fault(f"The variable '{name}' is given more than once.", (*where, name)) for name in repeated]
            )
        build, start = (command and command.strip() for command in (build_command, start_command))
        return cls(dict(variables), build, start)

    def __repr__(self) -> str:
        return "DeploymentConfig(…)"


class StoredConfig(msgspec.Struct, frozen=True, rename="camel"):
    """What the user chose, as it is stored: only a worker sees the values of variables."""

    variable_names: tuple[str, ...] = ()
    sealed: Sealed | None = None
    """The variables by their names, as JSON; None where there are none."""
    environment_variables: dict[str, str] = {}
    """Variables of deployments from before they were sealed."""
    build_command: str | None = None
    start_command: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all variables."""
        return self.variable_names or tuple(self.environment_variables)


MOST_STEPS: Final = 20
"""Of a deployment; platforms have fewer."""


class RequestKind(Enum):
    RESTART = "RESTART"
    SCALE = "SCALE"


class Request(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody asks of what runs, until a run has done it."""

    id: str
    kind: RequestKind
    user_id: UserId
    hosting: Hosting = Hosting()
    """What is to be changed of how much runs."""
    calls: dict[str, Call] = {}
    """How far an attempt has come at the platform, as `Progress.calls`."""
    tries: int = 0
    """Attempts that came to nothing, and may be repeated."""

    @property
    def words(self) -> str:
        if self.kind is RequestKind.RESTART:
            return "Restarting, as was asked for."
        return f"Scaling to {self.hosting}, as was asked for."


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """A step on the way to an answer. It is RUNNING, too, where the deployment has ended in the middle of it."""

    name: str
    state: StepState
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def duration(self) -> float | None:
        """In seconds; None where it has not finished."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


class Deployment(JobRecord, frozen=True, kw_only=True, rename="camel"):
    """`finished_at` is when it stopped running, not when it first answered: that is `live_at`."""

    id: DeploymentId
    generation_id: GenerationId
    platform: DeploymentPlatform
    environment: str = "production"
    """What its environment was called, where it has one."""
    environment_id: EnvironmentId | None = None
    revision: int = 0
    """Of the environment's variables that it was made with."""
    own_variables: tuple[str, ...] = ()
    """Names of variables that were given for it alone."""
    health_path: str = "/health"
    hosting: Hosting = Hosting()
    site: str | None = None
    """What the platform calls the place: stable per project, environment and platform. None for LOCAL's own."""
    progress: Progress = Progress()
    rollback_to: DeploymentId | None = None
    """The earlier deployment whose code, variables and tables these are."""
    steps: tuple[Step, ...] = ()
    """In the order in which they began, each once: as the last attempt took it."""
    request: Request | None = None
    answered: str | None = None
    """The id of the last request that was done, or could not be: a retry of it asks for nothing."""
    promoted_from: DeploymentId | None = None
    """The deployment of another place whose code this is."""
    waits_for: DeploymentId | None = None
    """The deployment of the same place that it waits for: to begin, or to do what is asked of it."""
    pause: int = 0
    """Seconds before the next look at what runs, where it runs without us; grows while it is silent."""
    config: StoredConfig = StoredConfig()
    given: Sealed | None = None
    """The credentials that it was given, or deployed with, as a list in JSON: no line shows them, whatever becomes of
    their integration. None where there were none, or they were not kept yet.
    """
    beside: tuple[DeploymentId, ...] = ()
    """Deployments that were open at its site when it began, or began there since: lines of theirs may be among its own.
    """
    status: DeploymentStatus = DeploymentStatus.PENDING
    reason: str | None = None
    message: str | None = None
    url: str | None = None
    started_at: datetime | None = None
    live_at: datetime | None = None

    @property
    def answers(self) -> bool:
        """Whether it is live, as far as its record says."""
        return self.live_at is not None and self.finished_at is None

    @property
    def is_under_way(self) -> bool:
        """Whether it is still to answer: waits, or is being made, or is being given up."""
        return self.live_at is None and self.finished_at is None

    @property
    def acts_elsewhere(self) -> bool:
        """Whether a platform may have something of it that goes on without us."""
        return bool(self.progress.calls)

    def with_step(self, name: str, state: StepState, *, at: datetime) -> tuple[Step, ...]:
        """Return the steps with one that has begun, or finished; one that another attempt goes on with began before."""
        earlier = next((step for step in self.steps if step.name == name), None)
        has_begun = earlier is not None and earlier.finished_at is None
        started_at = earlier.started_at if earlier and has_begun else at
        step = Step(name, state, started_at, None if state is StepState.RUNNING else at)
        if earlier is None:
            return (*self.steps, step)[:MOST_STEPS]
        return tuple(step if each.name == name else each for each in self.steps)

    @property
    def is_urgent(self) -> bool:
        """Whether something is asked of it that nobody has tried yet, and that can be done now."""
        return self.request is not None and not self.request.tries and self.waits_for is None

    @property
    def runs_without_us(self) -> bool:
        """Whether it answers at a platform that needs no worker for that."""
        return self.answers and self.acts_elsewhere


DEPLOYMENTS: Final = TableSpec(
    "deployments",
    Deployment,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex", within="`Deployments.remove`, with its log and its stream"),),
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "createdAt"),
        Index("UserIdStatusIndex", "userId", "status"),
        Index("EnvironmentIndex", "environment", "createdAt"),
        Index("TeamIdIndex", "teamId", "createdAt"),
        OPEN_INDEX,
    ),
    stream=True,
)


class ArchivedEntry(msgspec.Struct, frozen=True):
    seq: int
    at: datetime
    data: str
    terminal: bool = False


class LogChunk(Entity, frozen=True, kw_only=True, rename="camel"):
    """Neighbouring entries of the stream `id` up to `last_seq`. Chunks may overlap where two workers wrote them."""

    last_seq: int
    entries: tuple[ArchivedEntry, ...]


DEPLOYMENT_LOGS: Final = TableSpec(
    "deployment-logs",
    LogChunk,
    fate=(GoesWith(Owner.PROJECT, within="`Deployments.remove`, with their deployment"),),
    sort="lastSeq",
    sort_type="N",
)
