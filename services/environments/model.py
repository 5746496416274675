"""The record of an environment: a place where a project's code runs, and what it finds there."""

from datetime import datetime
from enum import Enum
from typing import Final

import msgspec

from services.core.ids import EnvironmentId, ProjectId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.foundation.vault.envelope import Sealed
from services.platforms.offers import Hosting
from services.platforms.port import DeploymentPlatform


class EnvironmentKind(Enum):
    """What an environment is for."""

    PRODUCTION = "PRODUCTION"
    """Users depend on it."""
    PREVIEW = "PREVIEW"
    """To look at a change before it is in production."""
    DEVELOPMENT = "DEVELOPMENT"
    """To work with."""


class Variable(msgspec.Struct, frozen=True, rename="camel"):
    """What may be shown of a variable; its value is sealed with those of the others."""

    name: str
    hint: str
    """The last characters of a long value, else empty."""
    version: int
    """Counts the values it has had, from 1."""
    changed_by: UserId
    changed_at: datetime


class Environment(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` made it."""

    id: EnvironmentId
    project_id: ProjectId
    user_id: UserId
    name: str
    kind: EnvironmentKind
    platform: DeploymentPlatform
    health_path: str = "/health"
    hosting: Hosting = Hosting()
    variables: tuple[Variable, ...] = ()
    """By name."""
    sealed: Sealed | None = None
    """The values by their names, as JSON; None where there are none."""
    revision: int = 0
    """Counts the changes of variables: a deployment keeps the one that it was made with."""


ENVIRONMENTS: Final = TableSpec(
    "environments",
    Environment,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(Index("ProjectIdIndex", "projectId", "createdAt"),),
)
