"""What a stage has on AWS: its tables, queues, bucket, topic and key, and what they are called."""

from collections.abc import Sequence
from typing import Any, Final

from services.analytics.model import ANALYTICS
from services.analytics.rollups import ROLLUPS
from services.analytics.sessions import SESSIONS
from services.api_keys.service import API_KEYS
from services.architectures.service import ARCHITECTURES
from services.config import Config
from services.deployments.archive import DEPLOYMENT_LOGS
from services.deployments.model import DEPLOYMENTS
from services.documentation.model import DOCUMENTATION
from services.foundation.auth.access import ACCESS_CHANGES
from services.foundation.aws.provision import QueueSpec, Resources
from services.foundation.aws.spec import TableSpec
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS
from services.foundation.limits.rate_limit import RATES
from services.generations.model import GENERATIONS
from services.integrations.model import INTEGRATIONS
from services.journal.model import ACTIVITY
from services.memberships.model import MEMBERSHIPS, TEAMS
from services.notifications.model import DELIVERIES, TARGETS, WEBHOOKS
from services.projects.service import PROJECTS
from services.schemas.service import SCHEMAS
from services.settings import SETTINGS, TEAM_SETTINGS
from services.teams.invitations import INVITATIONS
from services.usage.model import BUDGETS, USAGE
from services.users import USERS

TABLES: Final[Sequence[TableSpec[Any]]] = (
    PROJECTS,
    SCHEMAS,
    ARCHITECTURES,
    GENERATIONS,
    DEPLOYMENTS,
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


def resources(config: Config) -> Resources:
    """Return what provisioning makes for a stage. Visibility timeouts and retention are seed 002's."""
    return Resources(
        tables=[(table_name(config, spec), spec) for spec in TABLES],
        queues=[
            QueueSpec(config.name_of(config.generation_queue), visibility=15 * 60),
            QueueSpec(config.name_of(config.deployment_queue), visibility=30 * 60),
            QueueSpec(config.name_of(config.notification_queue), visibility=60),
        ],
        bucket=config.name_of(config.bucket),
        topic=config.name_of(config.topic),
        key_alias=key_alias(config),
        mail_from=config.mail_from,
    )


def key_alias(config: Config) -> str | None:
    """Return the alias of the KMS key for secrets; None where a file of this machine's has the keys."""
    if config.key_alias is None and config.development:
        return None
    return config.name_of(config.key_alias or "alias/snapinfra-secrets")


def table_name(config: Config, spec: TableSpec[Any]) -> str:
    """Return a table's full name in this stage."""
    return config.name_of(f"snapinfra-{spec.name}")
