"""What Railway answers, as far as it is read."""

from datetime import datetime
from typing import Final, Generic, TypeVar

import msgspec

from services.core.frozen import frozen

T = TypeVar("T")

BUILDING: Final = frozenset({"INITIALIZING", "QUEUED", "WAITING", "BUILDING", "NEEDS_APPROVAL"})
DEPLOYING: Final = BUILDING | {"DEPLOYING"}
LIVE: Final = frozenset({"SUCCESS", "SLEEPING"})
"""A sleeping one wakes up when it is called."""
REMOVED: Final = frozenset({"REMOVED", "REMOVING"})
_AGAIN: Final = frozenset({"migrate", "redeploy"})
"""Why Railway made a deployment that is not of another source or an earlier image."""


class Answers(msgspec.Struct, frozen=True, rename="camel"):
    """The base of what is read."""


class Named(Answers, frozen=True):
    id: str
    name: str


class Edge(msgspec.Struct, Generic[T], frozen=True):
    node: T


class PageInfo(Answers, frozen=True):
    has_next_page: bool
    end_cursor: str | None = None


class Connection(Answers, Generic[T], frozen=True):
    edges: list[Edge[T]]
    page_info: PageInfo | None = None

    @property
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


class Token(Answers, frozen=True):
    workspaces: list[Named]


class Who(Answers, frozen=True):
    api_token: Token


class Projects(Answers, frozen=True):
    projects: Connection[Named]


class ProjectInfo(Answers, frozen=True):
    id: str
    environments: Connection[Named]
    services: Connection[Named]
    primary_environment_id: str | None = None


class Project(Answers, frozen=True):
    project: ProjectInfo


class ProjectCreated(Answers, frozen=True):
    project_create: Named


class ServiceCreated(Answers, frozen=True):
    service_create: Named


class Variables(Answers, frozen=True):
    variables: dict[str, str | None]
    """A sealed one has no value that anybody can read."""


class Domain(Answers, frozen=True):
    domain: str


class ServiceDomains(Answers, frozen=True):
    service_domains: list[Domain]


class Domains(Answers, frozen=True):
    domains: ServiceDomains


class DomainCreated(Answers, frozen=True):
    service_domain_create: Domain


@frozen
class Place:
    """Where the service of a site is."""

    project_id: str
    environment_id: str
    service_id: str

    @property
    def ids(self) -> dict[str, str]:
        """Return them as variables of a document."""
        return {
            "projectId": self.project_id,
            "environmentId": self.environment_id,
            "serviceId": self.service_id,
        }


class Deployment(Answers, frozen=True):
    id: str
    status: str
    created_at: datetime
    project_id: str
    environment_id: str
    can_rollback: bool
    service_id: str | None = None
    meta: dict[str, object] | None = None

    @property
    def place(self) -> Place:
        return Place(self.project_id, self.environment_id, self.service_id or "")

    @property
    def is_again(self) -> bool:
        """Whether it is what it follows once more: moved to another machine, or redeployed with other settings."""
        return (self.meta or {}).get("reason") in _AGAIN

    def has_mark(self, mark: str) -> bool:
        """Say whether the message that came with the source is a mark. Which key of `meta` has it is not documented."""
        return mark in (self.meta or {}).values()


class OneDeployment(Answers, frozen=True):
    deployment: Deployment


class Begun(Answers, frozen=True):
    id: str


class Redeployed(Answers, frozen=True):
    deployment_redeploy: Begun


class Deployments(Answers, frozen=True):
    deployments: Connection[Deployment]


class EventPayload(Answers, frozen=True):
    error: str | None = None


class DeploymentEvent(Answers, frozen=True):
    step: str
    completed_at: datetime | None = None
    payload: EventPayload | None = None


class Events(Answers, frozen=True):
    deployment_events: Connection[DeploymentEvent]


class LogAttribute(Answers, frozen=True):
    key: str
    value: str


class LogLine(Answers, frozen=True):
    timestamp: str
    """RFC 3339, up to nanoseconds; several lines share one."""
    message: str
    attributes: list[LogAttribute]
    """Of a line that was JSON: what it had besides its message."""
    severity: str | None = None

    @property
    def text(self) -> str:
        """The message with the attributes, whatever their order, as Railway shows them."""
        said = sorted(f"{each.key}={each.value}" for each in self.attributes if each.key != "level")
        return " ".join([self.message, *said])

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.timestamp)


class Lines(Answers, frozen=True):
    lines: list[LogLine]


class Look(Answers, frozen=True):
    """Lines are None where they were not asked for."""

    deployment: Deployment
    build: list[LogLine] | None = None
    runtime: list[LogLine] | None = None


class Up(Answers, frozen=True):
    deployment_id: str


class Done(Answers, frozen=True):
    """Of a mutation that answers true."""
