"""What Render answers, as far as it is read."""

from datetime import datetime
from typing import Final

import msgspec

BUILDING: Final = frozenset({"created", "queued", "build_in_progress"})
UNDER_WAY: Final = BUILDING | {"pre_deploy_in_progress", "update_in_progress"}
WENT_LIVE: Final = frozenset({"live", "deactivated"})
"""Deactivated is one that was live, before another took its place; a restart is a deploy, too."""

ROLLBACK: Final = "rollback"
"""The trigger of a deploy that goes back to an earlier one."""


class Answers(msgspec.Struct, frozen=True, rename="camel"):
    """The base of what is read."""


class Owner(Answers, frozen=True):
    """A workspace."""

    id: str
    name: str


class ListedOwner(Answers, frozen=True):
    owner: Owner
    cursor: str


class Commands(Answers, frozen=True):
    build_command: str = ""
    start_command: str = ""


class Details(Answers, frozen=True):
    """Of a web service; others have no URL."""

    url: str = ""
    health_check_path: str = ""
    plan: str = ""
    num_instances: int = 1
    env_specific_details: Commands = Commands()


class Service(Answers, frozen=True):
    id: str
    name: str
    owner_id: str
    dashboard_url: str
    suspended: str
    """suspended or not_suspended."""
    auto_deploy: str
    """yes or no."""
    service_details: Details
    suspenders: list[str] = []
    """Who has suspended it: user, billing, admin and others."""
    repo: str = ""
    branch: str = ""

    @property
    def is_suspended(self) -> bool:
        return self.suspended == "suspended"


class ListedService(Answers, frozen=True):
    service: Service
    cursor: str


class NewService(Answers, frozen=True):
    service: Service
    deploy_id: str
    """Of the first deploy, which comes with it."""


class Commit(Answers, frozen=True):
    id: str = ""


class Deploy(Answers, frozen=True):
    id: str
    status: str
    created_at: datetime
    commit: Commit = Commit()
    trigger: str = "other"


class ListedDeploy(Answers, frozen=True):
    deploy: Deploy
    cursor: str


class Instance(Answers, frozen=True):
    id: str


class Variable(Answers, frozen=True):
    key: str
    value: str


class ListedVariable(Answers, frozen=True):
    env_var: Variable
    cursor: str


class Label(Answers, frozen=True):
    name: str
    value: str


class LogLine(Answers, frozen=True):
    id: str
    message: str
    timestamp: datetime
    labels: list[Label] = []

    def label(self, name: str) -> str:
        """Return the value of a label; nothing where the line has none of that name."""
        return next((label.value for label in self.labels if label.name == name), "")


class Page(Answers, frozen=True):
    """Of logs."""

    logs: list[LogLine]
    has_more: bool
    next_start_time: datetime
    next_end_time: datetime


class Failure(Answers, frozen=True):
    unhealthy: str | None = None
    non_zero_exit: int | None = None
    early_exit: bool = False
    oom_killed: object = None
    timed_out_reason: str | None = None


class Reason(Answers, frozen=True):
    failure: Failure | None = None


class EventDetails(Answers, frozen=True):
    """Of events of many types; those of other types have none of these."""

    deploy_id: str = ""
    reason: Reason | None = None


class Event(Answers, frozen=True):
    id: str
    type: str
    details: EventDetails


class ListedEvent(Answers, frozen=True):
    event: Event
    cursor: str
