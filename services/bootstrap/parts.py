"""What a process consists of: the services of an api, and what a worker runs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.activity.service import Activity
from services.admin import Admin
from services.analytics.events import Events
from services.analytics.service import Analytics
from services.api_keys.service import ApiKeys
from services.architectures.service import Architectures
from services.bootstrap.health import Health
from services.collaboration import Collaboration
from services.config import Config
from services.dashboard import Dashboards
from services.deployments.service import Deployments
from services.documentation.service import Documentation
from services.foundation.auth.access import AccessChanges
from services.foundation.limits.throttle import Throttle
from services.generations.service import Generations
from services.integrations.service import Integrations
from services.lifecycle.accounts import Accounts
from services.lifecycle.deletion import Deletion
from services.notifications.service import Webhooks
from services.notifications.targets import NotificationTargets
from services.projects.service import Projects
from services.projects.trash import DeletedProjects
from services.schemas.service import Schemas
from services.settings import Settings
from services.sign_in import SignIn
from services.teams.invitations import Invitations
from services.teams.members import Members
from services.teams.service import Teams
from services.usage.reports import Reports
from services.users import Users


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Process:
    """One process's parts: the services of an api, and what a worker runs. Closed by `opened`."""

    services: Services
    workers: Sequence[Runner]
