"""The port of the deploy targets: from an archive of files to a URL that answers.

Adapters: local (development only), heroku, railway, vercel, render, ecs. All pass tests/services/platforms/.
"""

from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Final, Protocol

import msgspec

from services.core.credentials import AwsKeys, Credentials
from services.core.frozen import frozen
from services.platforms.offers import Hosting, Offers

REMEMBERED: Final = 1_000
"""Lines of a stream that an attempt knows of: more than a platform repeats at once."""


REGION: Final = "us-east-1"
"""Of AWS: where the tables of backends are, and what runs in ECS."""


class DeploymentPlatform(Enum):
    """Where a backend can run."""

    LOCAL = "LOCAL"
    """On the machine of the worker; in development only."""
    HEROKU = "HEROKU"
    """An app of Heroku, built there from the source."""
    RAILWAY = "RAILWAY"
    """A service of Railway in a project of its own, built there from the source."""
    VERCEL = "VERCEL"
    """A project of Vercel, built there from the files; it runs as a function, not as a server."""
    RENDER = "RENDER"
    """A web service of Render, built there from commits of a private repository of your GitHub account."""
    AWS_ECS = "AWS_ECS"
    """A service of ECS in your AWS account, of an image that CodeBuild builds there."""


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

    environment: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    build_command: str | None = None
    start_command: str | None = None
    health_path: str = "/health"


@frozen
class Line:
    """One line of output, without its line end."""

    at: datetime
    level: LogLevel
    stream: LogStream
    message: str
    id: str = ""
    """The platform's own: it names the line among those of its stream. Empty for lines that nobody can repeat."""


class Told:
    """The newest lines that the stream of a deployment has: what a platform repeats of them is left out."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._last: dict[LogStream, Line] = {}
        self._ids: set[tuple[LogStream, str]] = set()
        self._order: deque[tuple[LogStream, str, datetime]] = deque()
        for line in lines:
            self.is_new(line)

    def last(self, stream: LogStream) -> Line | None:
        """Return the newest line with an id."""
        return self._last.get(stream)

    def first(self, stream: LogStream) -> str | None:
        """Return the id of the oldest line that is remembered."""
        return next((name for each, name, _ in self._order if each is stream), None)

    def has(self, stream: LogStream, id: str) -> bool:
        """Say whether a line is remembered."""
        return (stream, id) in self._ids

    def complete_since(self, stream: LogStream, late: timedelta) -> datetime | None:
        """Return from when on to read a stream again whose lines may come late: of what is told since, all is known.

        None where none of it was told.
        """
        last = self._last.get(stream)
        if last is None:
            return None
        since = last.at - late
        if len(self._order) <= REMEMBERED // 2:  # nothing is forgotten, though not all that is remembered are lines
            return since
        first = next((at for each, _, at in self._order if each is stream), last.at)
        return max(since, first + timedelta(milliseconds=1))  # others of that moment may be forgotten

    def is_new(self, line: Line) -> bool:
        """Say whether a line has not been told, which it is from now on."""
        if not line.id:
            return True
        key = (line.stream, line.id)
        if key in self._ids:
            return False
        self._ids.add(key)
        self._order.append((*key, line.at))
        if len(self._order) > REMEMBERED:
            self._ids.discard(self._order.popleft()[:2])
        self._last[line.stream] = line
        return True


class Call(msgspec.Struct, frozen=True, rename="camel"):
    """A call to a platform that must have its effect once: when it was about to be made, and what came of it."""

    at: datetime
    id: str | None = None
    """What the platform calls it; None while that is not known, though it may have begun."""


class Progress(msgspec.Struct, frozen=True, rename="camel"):
    """How far a deployment has come at its platform, as its record has it: an attempt goes on from here."""

    calls: dict[str, Call] = {}
    """By the name of the step, such as `build`."""
    page: str | None = None
    """Where the platform shows it to people."""

    def id(self, step: str) -> str | None:
        """Return what the platform calls what a step began."""
        call = self.calls.get(step)
        return call.id if call else None


@frozen(kw_only=True)
class AwsAccount:
    """Where the tables of a backend are. Without keys: those of the machine that deploys."""

    region: str
    keys: AwsKeys | None = None
    endpoint: str | None = None
    """An emulator's URL."""

    @property
    def place(self) -> Mapping[str, str]:
        """What a backend with a role of its own needs in its environment to reach its tables."""
        endpoint = {"AWS_ENDPOINT_URL": self.endpoint} if self.endpoint else {}
        return {"AWS_REGION": self.region, **endpoint}

    @property
    def environment(self) -> Mapping[str, str]:
        """What a backend needs in its environment to reach its tables."""
        variables = dict(self.place)
        if self.keys:
            variables["AWS_ACCESS_KEY_ID"] = self.keys.access_key_id
            variables["AWS_SECRET_ACCESS_KEY"] = self.keys.secret_access_key
            if self.keys.session_token:
                variables["AWS_SESSION_TOKEN"] = self.keys.session_token
        return variables


@frozen
class Built:
    """What a deployment has built: with the same credentials, and so for others of the account."""

    site: str
    progress: Progress


@frozen(kw_only=True)
class Placement:
    """A deployment at its platform: which one, where, by whose leave, and how far it has come."""

    deployment_id: str
    """Also the mark by which it is found at the platform."""
    site: str
    """Stable per project, environment and platform: a later deployment of a site replaces what runs there."""
    credentials: Credentials | None = field(default=None, repr=False)
    """LOCAL needs none."""
    progress: Progress = field(default_factory=Progress)
    told: Told = field(default_factory=Told)
    secrets: Collection[str] = field(default=(), repr=False)
    """Texts that no line and no message may show: values of variables, and the credentials themselves."""
    built: Built | None = None
    """The deployment whose code this is: its variables, too, where it was made at this site."""

    @property
    def rollback_to(self) -> Progress | None:
        """The deployment of this site whose code and variables these are."""
        return self.built.progress if self.built and self.built.site == self.site else None

    @property
    def promoted(self) -> Built | None:
        """The deployment of another site whose code this is."""
        return self.built if self.built and self.built.site != self.site else None


@frozen(kw_only=True)
class Order(Placement):
    """What to deploy."""

    archive: bytes
    """A ZIP."""
    config: Config
    hosting: Hosting = Hosting()
    preferred_port: int | None = None
    """LOCAL: the port an earlier run of this deployment had; used again where it is free."""
    tables: AwsAccount | None = None
    """None where a platform has an account of its own."""
    code_host: Credentials | None = field(default=None, repr=False)
    """Where a platform takes code from a repository: those of the service that has it."""


@frozen(kw_only=True)
class Running(Placement):
    """A deployment that is live, of which something is asked."""

    request: str
    """Names what is asked: a mark of what is begun for it."""
    url: str
    health_path: str = "/health"


@frozen
class PhaseChanged:
    phase: Phase


@frozen
class StepChanged:
    """`step` is a short name such as `unpack`, `install`, `build`, `tables`, `start`, `health`."""

    step: str
    state: StepState


@frozen
class Calling:
    """A call is about to be made that must have its effect once. It is made when this has been stored."""

    step: str


@frozen
class Called:
    """The platform has said what it calls what a step began, and where it shows it."""

    step: str
    id: str
    page: str | None = None


@frozen
class Live:
    """The deployment answers at `url`. LOCAL goes on to yield RUNTIME lines until it stops."""

    url: str


Event = PhaseChanged | StepChanged | Calling | Called | Line | Live


class DeployFailed(Exception):
    """The deployment failed. `reason` is a short code (BUILD_FAILED, CRASHED, …), `message` a sentence.

    It is for good unless a platform is only away for a while: then `again_after` are the seconds to wait.
    """

    def __init__(self, reason: str, message: str, *, again_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.again_after = again_after


class Superseded(Exception):
    """The deployment was replaced by a later one of the same site, and has been stopped. Not a failure."""

    def __init__(self, by: str) -> None:
        super().__init__(f"Replaced by {by}.")
        self.by = by
        """The deployment that runs there now."""


@frozen
class Identity:
    """Whose credentials they are, as the platform says: a name, a team, an address."""

    name: str


class Platform(Protocol):
    """A deploy target."""

    outlives: ClassVar[bool]
    """Whether what runs goes on without us. If so, `deploy` ends once it is live, and closing it stops nothing."""
    offers: ClassVar[Offers]

    def deploy(self, order: Order) -> AsyncGenerator[Event]:
        """Deploy, or go on from the order's progress, and yield what happens in order; end when nothing more will.

        The reader asks for the next event when it has stored the last one. What programs print holds none of the
        environment's values (`Mask`), also where it is quoted in a failure.

        Raises DeployFailed, and Superseded when a later order for the same site is live. Where what runs does not
        outlive it, closing the iterator (or cancelling the task that reads it) stops everything that this call started
        and returns only when it has stopped.
        """
        ...

    async def cancel(self, placement: Placement, *, live: bool) -> None:
        """Give up what was begun, leaving what ran before; or, of a live one, stop what runs. May be repeated.

        Raises DeployFailed.
        """
        ...

    def look(self, placement: Placement) -> AsyncGenerator[Event]:
        """Yield the lines that what runs has written since those that were told, and end. Raises as `deploy` does."""
        ...

    def restart(self, running: Running) -> AsyncGenerator[Event]:
        """Start what runs again, with the same code and variables; yield what happens, and end when it answers.

        Of what does not outlive us, `deploy` yields what happens. Raises as `deploy` does; what runs goes on then.
        """
        ...

    def scale(self, running: Running, to: Hosting) -> AsyncGenerator[Event]:
        """Let as much run as is said, without a build; yield what happens, and end when it answers.

        Raises as `deploy` does; what runs goes on then.
        """
        ...

    async def check(self, credentials: Credentials) -> Identity:
        """Return whose credentials they are. Raises DeployFailed."""
        ...
