"""The record of a domain: a name of the user's own for a site, and what its platform last said of it."""

from datetime import datetime
from typing import Final

from services.core.ids import DeploymentId, DomainId, EnvironmentId, ProjectId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.platforms.domains import CertificateState, DnsRecord, DomainState
from services.platforms.port import DeploymentPlatform


class Domain(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` has added it. Its id follows from its project and its name: a project has a name once."""

    id: DomainId
    project_id: ProjectId
    user_id: UserId
    team_id: TeamId
    """Whose credentials lead to the site."""
    deployment_id: DeploymentId
    """What was live there when it was added."""
    environment_id: EnvironmentId | None = None
    platform: DeploymentPlatform
    site: str
    """What it leads to: whatever is deployed there later, too."""
    name: str
    """In ASCII and lower case."""
    state: DomainState = DomainState.PENDING
    certificate: CertificateState = CertificateState.NONE
    records: tuple[DnsRecord, ...] = ()
    message: str | None = None
    checked_at: datetime | None = None
    """When the platform said so; None until it has said anything."""


DOMAINS: Final = TableSpec(
    "domains",
    Domain,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(Index("ProjectIdIndex", "projectId", "createdAt"),),
)
