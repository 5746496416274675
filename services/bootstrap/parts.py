"""What a process consists of: its tables, the services of an api, and what a worker runs."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

from services.activity import Activity
from services.admin import Admin
from services.analytics.events import Events
from services.analytics.model import ANALYTICS, ROLLUPS, SESSIONS
from services.analytics.service import Analytics
from services.api_keys.model import API_KEYS
from services.api_keys.service import ApiKeys
from services.architectures.model import ARCHITECTURES
from services.architectures.service import Architectures
from services.bootstrap.health import Health
from services.collaboration import Collaboration
from services.config import Config
from services.core.frozen import frozen
from services.dashboard import Dashboards
from services.deployments.deploying import Deployer
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS
from services.deployments.operating import Operator
from services.deployments.service import Deployments
from services.documentation.model import DOCUMENTATION
from services.documentation.service import Documentation
from services.domains.model import DOMAINS
from services.domains.service import Domains
from services.environments.model import ENVIRONMENTS
from services.environments.service import Environments
from services.foundation.auth.access import ACCESS_CHANGES, AccessChanges
from services.foundation.aws.spec import TableSpec
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS
from services.foundation.limits.pauses import PAUSES
from services.foundation.limits.rate_limit import RATES
from services.foundation.limits.throttle import Throttle
from services.generations.model import GENERATIONS
from services.generations.service import Generations
from services.integrations.model import INTEGRATIONS
from services.integrations.service import Integrations
from services.journal.model import ACTIVITY
from services.lifecycle.accounts import Accounts
from services.lifecycle.deletion import Deletion
from services.memberships.model import MEMBERSHIPS, TEAMS
from services.notifications.model import DELIVERIES, TARGETS, WEBHOOKS
from services.notifications.service import Webhooks
from services.notifications.targets import NotificationTargets
from services.projects.model import PROJECTS
from services.projects.service import Projects
from services.projects.trash import DeletedProjects
from services.pushes.model import PUSHES
from services.pushes.service import Pushes
from services.schemas.model import SCHEMAS
from services.schemas.service import Schemas
from services.settings import SETTINGS, TEAM_SETTINGS, Settings
from services.sign_in import SignIn
from services.teams.invitations import Invitations
from services.teams.members import Members
from services.teams.model import INVITATIONS
from services.teams.service import Teams
from services.usage.model import BUDGETS, USAGE
from services.usage.reports import Reports
from services.users import USERS, Users

TABLES: Final[Sequence[TableSpec[Any]]] = (
    PROJECTS,
    SCHEMAS,
    ARCHITECTURES,
    GENERATIONS,
    DEPLOYMENTS,
    ENVIRONMENTS,
    PUSHES,
    DOMAINS,
    DEPLOYMENT_LOGS,
    DOCUMENTATION,
    ACTIVITY,
    SETTINGS,
    TEAM_SETTINGS,
    TEAMS,
    MEMBERSHIPS,
    INVITATIONS,
    USERS,
    API_KEYS,
    ACCESS_CHANGES,
    IDEMPOTENCY_KEYS,
    RATES,
    PAUSES,
    BUDGETS,
    USAGE,
    WEBHOOKS,
    DELIVERIES,
    INTEGRATIONS,
    TARGETS,
    ANALYTICS,
    SESSIONS,
    ROLLUPS,
)


@frozen
class Services:
    """Everything that the api does."""

    config: Config
    throttle: Throttle
    access: AccessChanges
    sign_in: SignIn
    users: Users
    teams: Teams
    members: Members
    invitations: Invitations
    api_keys: ApiKeys
    accounts: Accounts
    projects: Projects
    schemas: Schemas
    architectures: Architectures
    generations: Generations
    deployments: Deployments
    deployer: Deployer
    operator: Operator
    environments: Environments
    pushes: Pushes
    domains: Domains
    documentation: Documentation
    settings: Settings
    activity: Activity
    collaboration: Collaboration
    dashboards: Dashboards
    deleted_projects: DeletedProjects
    deletion: Deletion
    analytics: Analytics
    analytics_events: Events
    admin: Admin
    usage: Reports
    webhooks: Webhooks
    targets: NotificationTargets
    integrations: Integrations
    health: Health


class Runner(Protocol):
    """Something that a worker process runs until it is to stop."""

    async def run(self, stop: asyncio.Event) -> None: ...


@frozen
class Process:
    """One process's parts: the services of an api, and what a worker runs. Closed by `opened`."""

    services: Services
    workers: Sequence[Runner]
