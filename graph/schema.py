"""The assembly of the schema from the slices."""

import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from graph.access_log import AccessLog
from graph.conversion import convert_inputs
from graph.descriptions import describe
from graph.errors import CodedErrors
from graph.lengths import declare_lengths
from graph.preparing import Preparation
from graph.rendering import EventExecutor, EventRunner
from graph.turns import SHARE, share_of
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
from resolvers.context import Context
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

MUCH: Final = 1_000
"""Points of an operation that keeps others waiting for some milliseconds."""


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


class OperationContext(SchemaExtension):
    """Gives every operation a context of its own, also where many share a socket."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context):
            self.execution_context.context = context.for_operation()
        yield


class BoundedSchema(strawberry.Schema):
    """Prepares operations as graph.preparing says, on every transport; streams take the fast way (graph.rendering).

    Logging is left to CodedErrors, which knows a user's error from a mistake of ours.
    """

    def _create_execution_context(  # noqa: PLR0917 - Strawberry's
        self,
        query: str | None,
        allowed_operation_types: Iterable[OperationType],
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionContext:
        """Take an empty name of an operation for none."""
        return super()._create_execution_context(
            query=query,
            allowed_operation_types=allowed_operation_types,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name or None,
            operation_extensions=operation_extensions,
        )

    async def _prepare_operation_async(
        self,
        context: ExecutionContext,
        extensions_runner: SchemaExtensionsRunner,
    ) -> PreExecutionError | None:
        del extensions_runner  # no extension of ours looks at parsing or validation
        name = context._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `operation_name` is that of the first where none is given
        preparation = Preparation(self._schema, context, name)
        context.pre_execution_errors = errors = await preparation.errors()
        return PreExecutionError(data=None, errors=errors) if errors else None

    async def _execute_operation(self, execution_context: ExecutionContext, *more: Any, **named: Any) -> Any:
        """Execute an operation: of a caller some at a time, of those that cost much one."""
        context = execution_context.context
        if not isinstance(context, Context):
            return await super()._execute_operation(execution_context, *more, **named)
        async with share_of(context.caller, 1 if context.points > MUCH else SHARE):
            return await super()._execute_operation(execution_context, *more, **named)

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> EventRunner:
        return EventRunner(execution_context=execution_context, extensions=extensions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing."""


@cache
def schema() -> strawberry.Schema:
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
        extensions=[OperationContext, AccessLog, CodedErrors],
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
