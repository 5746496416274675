"""This file is the assembly of the schema from the slices."""

import sys
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Final

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from graph.descriptions import describe
from graph.errors import CodedErrors
from resolvers import (
    activity,
    admin,
    architectures,
    collaboration,
    dashboard,
    documentation,
    errors,
    node,
    nodes,
    paging,
    projects,
    schemas,
    settings,
    streams,
    teams,
    users,
)
from resolvers.context import Context
from resolvers.deployments import events as deployment_events
from resolvers.deployments import objects as deployment_objects
from resolvers.deployments import operations as deployments
from resolvers.generations import events as generation_events
from resolvers.generations import objects as generation_objects
from resolvers.generations import operations as generations
from resolvers.scalars import SCALARS

SLICES: Final[list[ModuleType]] = [
    node,
    nodes,
    paging,
    errors,
    streams,
    users,
    teams,
    projects,
    schemas,
    architectures,
    documentation,
    settings,
    activity,
    collaboration,
    generation_objects,
    generation_events,
    generations,
    deployment_objects,
    deployment_events,
    deployments,
    dashboard,
    admin,
]


@strawberry.type
class Query(
    nodes.NodesQuery,
    users.UsersQuery,
    projects.ProjectsQuery,
    schemas.SchemasQuery,
    architectures.ArchitecturesQuery,
    documentation.DocumentationQuery,
    activity.ActivityQuery,
    generations.GenerationsQuery,
    deployments.DeploymentsQuery,
    dashboard.DashboardQuery,
    admin.AdminQuery,
):
    """Reading."""


@strawberry.type
class Mutation(
    projects.ProjectsMutation,
    schemas.SchemasMutation,
    architectures.ArchitecturesMutation,
    documentation.DocumentationMutation,
    settings.SettingsMutation,
    generations.GenerationsMutation,
    deployments.DeploymentsMutation,
    admin.AdminMutation,
):
    """Changing. Every mutation takes one input and returns one payload with the object and your errors."""


@strawberry.type(name="Subscription")
class Live(
    generations.GenerationsSubscription,
    deployments.DeploymentsSubscription,
    activity.ActivitySubscription,
    collaboration.CollaborationSubscription,
):
    """Watching. Every event carries a cursor; resuming after it misses nothing and repeats nothing."""


class OperationContext(SchemaExtension):
    """Gives every operation a context of its own, also where many share a socket."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context):
            self.execution_context.context = context.for_operation()
        yield


class QuietSchema(strawberry.Schema):
    """Leaves logging to CodedErrors, which knows a user's error from a mistake of ours."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing."""


@cache
def schema() -> strawberry.Schema:
    """Return the schema; made once."""
    describe([*SLICES, sys.modules[__name__]])
    return QuietSchema(
        query=Query,
        mutation=Mutation,
        subscription=Live,
        types=[schemas.Schema, generation_objects.Generation, deployment_objects.Deployment, teams.Team],
        extensions=[OperationContext, CodedErrors],
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def sdl() -> str:
    """Return the schema in the schema definition language, as schema.graphql holds it."""
    return f"{schema().as_str().strip()}\n"
