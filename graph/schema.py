"""The assembly of the schema from the slices."""

import sys
from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from graph.bounded import BoundedSchema
from graph.conversion import convert_inputs
from graph.descriptions import describe
from graph.lengths import declare_lengths
from graph.rendering import EventExecutor
from resolvers import (
    activity,
    admin,
    api_keys,
    architectures,
    collaboration,
    dashboard,
    deleted_projects,
    documentation,
    domains,
    environments,
    nodes,
    projects,
    pushes,
    settings,
    usage,
    users,
)
from resolvers.analytics import events as analytics_events
from resolvers.analytics import objects as analytics_objects
from resolvers.analytics import operations as analytics
from resolvers.deployments import deploying
from resolvers.deployments import objects as deployment_objects
from resolvers.deployments import operations as deployments
from resolvers.generations import objects as generation_objects
from resolvers.generations import operations as generations
from resolvers.integrations import operations as integrations
from resolvers.notifications import operations as notifications
from resolvers.notifications import targets as notification_targets
from resolvers.scalars import SCALARS
from resolvers.schemas import objects as schema_objects
from resolvers.schemas import operations as schemas
from resolvers.teams import members
from resolvers.teams import operations as teams


@strawberry.type
class Query(
    nodes.NodesQuery,
    users.UsersQuery,
    teams.TeamsQuery,
    projects.ProjectsQuery,
    deleted_projects.DeletedProjectsQuery,
    schemas.SchemasQuery,
    architectures.ArchitecturesQuery,
    environments.EnvironmentsQuery,
    documentation.DocumentationQuery,
    activity.ActivityQuery,
    generations.GenerationsQuery,
    deployments.DeploymentsQuery,
    notifications.NotificationsQuery,
    notification_targets.TargetsQuery,
    integrations.IntegrationsQuery,
    analytics.AnalyticsQuery,
    analytics_events.EventsQuery,
    dashboard.DashboardQuery,
    admin.AdminQuery,
    usage.UsageQuery,
):
    """Reading."""


@strawberry.type
class Mutation(
    users.UsersMutation,
    teams.TeamsMutation,
    members.MembersMutation,
    api_keys.ApiKeysMutation,
    projects.ProjectsMutation,
    deleted_projects.DeletedProjectsMutation,
    schemas.SchemasMutation,
    architectures.ArchitecturesMutation,
    environments.EnvironmentsMutation,
    documentation.DocumentationMutation,
    settings.SettingsMutation,
    generations.GenerationsMutation,
    deploying.DeployingMutation,
    deployments.DeploymentsMutation,
    pushes.PushesMutation,
    domains.DomainsMutation,
    notifications.NotificationsMutation,
    notification_targets.TargetsMutation,
    integrations.IntegrationsMutation,
    analytics.AnalyticsMutation,
    analytics_events.EventsMutation,
    admin.AdminMutation,
):
    """Changing. Every mutation takes one input and returns one payload with the object and your errors."""


@strawberry.type(name="Subscription")
class Live(
    generations.GenerationsSubscription,
    deployments.DeploymentsSubscription,
    activity.ActivitySubscription,
    collaboration.CollaborationSubscription,
    analytics.AnalyticsSubscription,
):
    """Watching. Every event of a stream carries a cursor; resuming after it misses nothing and repeats nothing."""


@cache
def schema() -> BoundedSchema:
    """Return the schema; made once."""
    describe([module for name, module in sys.modules.items() if name == __name__ or name.startswith("resolvers.")])
    config = StrawberryConfig(scalar_map=SCALARS)
    schema = BoundedSchema(
        query=Query,
        mutation=Mutation,
        subscription=Live,
        types=[
            api_keys.ApiKey,
            schema_objects.Schema,
            generation_objects.Generation,
            deployment_objects.Deployment,
            teams.Team,
            analytics_objects.Session,
        ],
        execution_context_class=EventExecutor,
        config=config,
    )
    core = schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as Strawberry's own extensions have it
    declare_lengths(core)
    convert_inputs(core, config)
    return schema


def sdl() -> str:
    """Return the schema in the schema definition language, as schema.graphql holds it."""
    return f"{schema().as_str().strip()}\n"
