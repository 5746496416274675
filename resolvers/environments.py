"""Environments in the schema. Values of variables go in and never come out."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.deployments.objects import LogFilterArgument, LogLine, log_filter
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.paging import After, Connection, First, connection
from resolvers.platforms import DeploymentPlatform
from resolvers.projects import Project
from resolvers.shown import AnyUser, shown, shows
from services.core.errors import Fault, Invalid
from services.core.ids import EnvironmentId, ProjectId, UserId
from services.core.pages import PageRequest
from services.deployments.environment_logs import EnvironmentLine, environment_logs
from services.environments import model, rules, service
from services.environments.model import EnvironmentKind
from services.platforms.offers import Hosting

strawberry.enum(EnvironmentKind)


@strawberry.type
class Variable:
    """A variable that deployments in an environment find there. Its value can not be read."""

    name: str
    """Its name."""
    hint: str
    """The last four characters of its value; empty where that is shorter than twelve."""
    version: int
    """Counts the values it has had, from 1."""
    changed_at: datetime
    """When it got its value."""
    changed_by_id: strawberry.Private[UserId]

    @strawberry.field
    async def changed_by(self, info: Info) -> AnyUser | None:
        """Who gave it its value."""
        return shown(await info.context.loaders.user(self.changed_by_id))

    @classmethod
    def of(cls, variable: model.Variable) -> Self:
        return cls(
            name=variable.name,
            hint=variable.hint,
            version=variable.version,
            changed_at=variable.changed_at,
            changed_by_id=variable.changed_by,
        )


@strawberry.type
class EnvironmentLogLine:
    """A line of the log of an environment."""

    deployment_id: strawberry.ID
    """The deployment that it is of."""
    line: LogLine
    """The line."""

    @classmethod
    def of(cls, line: EnvironmentLine) -> Self:
        return cls(deployment_id=strawberry.ID(line.deployment_id), line=LogLine.of(line.numbered))


@shows(model.Environment, prefix="environment", get=lambda services: services.environments.get)
@strawberry.type
class Environment(Node):
    """A place where a project's code runs, with the variables that it finds there."""

    name: str
    """What people call it."""
    kind: EnvironmentKind
    """What it is for."""
    platform: DeploymentPlatform
    """Where it is; that never changes."""
    health_path: str
    """Answers 200 once a deployment is up."""
    region: str | None
    """Where its platform runs it; null leaves that to the platform."""
    size: str | None
    """How large each instance is, as its platform calls that; null for what is there, or the smallest."""
    instances: int | None
    """How many of it run; null for as many as there are, or one."""
    variables: Annotated[list[Variable], AtMost(rules.MOST, weighs=2)]
    """By name. A deployment keeps those that it was made with."""
    version: int
    """Counts its changes, from 1; pass it as `expectedVersion` to change only what you have seen."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it, or a variable, last changed."""
    environment: strawberry.Private[model.Environment]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        return Project.of(await info.context.services.projects.get(self.environment.project_id, by=info.context.actor))

    @strawberry.field
    async def logs(
        self, info: Info, first: First = 100, after: After = None, filter: LogFilterArgument = None
    ) -> Connection[EnvironmentLogLine] | None:
        """The log of all its deployments, by deployment, the oldest first."""
        deployments = info.context.services.deployments
        asked = PageRequest(first, after)
        page = await environment_logs(deployments, self.environment, asked, shown=log_filter(filter))
        return connection(page, EnvironmentLogLine.of, after=after)

    @classmethod
    def of(cls, environment: model.Environment) -> Self:
        return cls(
            id=strawberry.ID(environment.id),
            name=environment.name,
            kind=environment.kind,
            platform=environment.platform,
            health_path=environment.health_path,
            region=environment.hosting.region,
            size=environment.hosting.size,
            instances=environment.hosting.instances,
            variables=[Variable.of(variable) for variable in environment.variables],
            version=environment.version,
            created_at=environment.created_at,
            updated_at=environment.updated_at,
            environment=environment,
        )


@strawberry.input
class CreateEnvironmentInput:
    """A place to deploy to."""

    project_id: strawberry.ID
    """The project; it can have 20 environments."""
    name: str
    """One line of 1 to 50 characters, which no other of the project has, in whichever case."""
    kind: EnvironmentKind
    """What it is for."""
    platform: DeploymentPlatform
    """Where it is. It stays there."""
    health_path: str = "/health"
    """A path that answers 200 once a deployment is up; at most 200 characters."""
    region: str | None = None
    """Where its platform is to run it: `us` or `eu` at HEROKU, `frankfurt`, `ohio`, `oregon`, `singapore` or `virginia`
    at RENDER, where it stays at both; a region of RAILWAY's or VERCEL's, which say at the deployment whether there is
    such."""
    size: str | None = None
    """How large each instance is to be: a dyno size of HEROKU, such as `standard-2x`, which says at the deployment
    whether there is such; a plan of RENDER's, such as `starter`; units of CPU and MiB at AWS_ECS, as `512/1024`."""
    instances: int | None = None
    """How many are to run, from 1 to 100: at HEROKU, RAILWAY, RENDER and AWS_ECS. Of RENDER's plan `free` it is one."""
    client_mutation_id: ClientMutationId = retry_returns("environment")


@strawberry.input
class UpdateEnvironmentInput:
    """Changes to an environment; a null field stays as it is."""

    environment_id: strawberry.ID
    """The environment."""
    name: str | None = None
    """One line of 1 to 50 characters, which no other of the project has, in whichever case."""
    kind: EnvironmentKind | None = None
    """What it is for."""
    health_path: str | None = None
    """A path that answers 200 once a deployment is up."""
    region: str | None = None
    """Where its platform is to run what is deployed next. HEROKU and RENDER keep it where it is."""
    size: str | None = None
    """How large each instance of what is deployed next is to be."""
    instances: int | None = None
    """How many of what is deployed next are to run, from 1 to 100."""
    expected_version: int | None = None
    """Change nothing unless it still has this version: a CONFLICT then carries the environment as it is."""


@strawberry.input
class DeleteEnvironmentInput:
    """An environment to delete."""

    environment_id: strawberry.ID
    """An environment in which nothing is under way or runs."""


@strawberry.input
class VariableInput:
    """A variable to set."""

    name: str
    """1 to 100 letters, digits and underscores, no digit first; given once. HOME, HOST, PATH, PORT, TABLE_PREFIX,
    SNAPINFRA_VARIABLES and the AWS_ names of keys, region and endpoint are the platform's, or Snapinfra's."""
    value: str
    """At most 4,096 characters, and 2,000 lines in all values. Kept sealed, and given to what is deployed; never
    shown again. Where a program prints it, the log has `***` instead, if it has at least 6 characters: also as it
    stands in URLs, JSON, HTML, hexadecimal digits and Base64; not in capitals, nor encoded twice, but for JSON in
    JSON."""


@strawberry.input
class SetVariablesInput:
    """Variables to set in an environment."""

    environment_id: strawberry.ID
    """The environment."""
    variables: Annotated[list[VariableInput], AtMost(rules.MOST)]
    """Set beside those that are there, which these replace by name."""


@strawberry.input
class DeleteVariablesInput:
    """Variables to take out of an environment."""

    environment_id: strawberry.ID
    """The environment."""
    names: Annotated[list[str], AtMost(rules.MOST)]
    """Those that are not there are left alone."""


@strawberry.type
class WithEnvironment(Payload):
    """An environment, or what was wrong; the base of payloads."""

    environment: Environment | None = None
    """The environment as it is now, also after a CONFLICT; null after other user errors."""


@strawberry.type
class CreateEnvironmentPayload(WithEnvironment):
    """The new environment, or what was wrong."""


@strawberry.type
class UpdateEnvironmentPayload(WithEnvironment):
    """The changed environment, or what was wrong."""


@strawberry.type
class SetVariablesPayload(WithEnvironment):
    """The environment with its variables, or what was wrong."""


@strawberry.type
class DeleteVariablesPayload(WithEnvironment):
    """The environment without them, or what was wrong."""


@strawberry.type
class DeleteEnvironmentPayload(Payload):
    """The environment that is gone, or what was wrong."""

    deleted_environment_id: strawberry.ID | None = None
    """The environment's id; null where there are user errors."""


@strawberry.type
class EnvironmentsQuery:
    @strawberry.field
    async def environment(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The environment.")]
    ) -> Environment | None:
        """Return one environment."""
        return Environment.of(await info.context.services.environments.get(EnvironmentId(id), by=info.context.actor))


@strawberry.type
class EnvironmentsMutation:
    @mutation("What, and where.")
    async def create_environment(self, info: Info, input: CreateEnvironmentInput) -> CreateEnvironmentPayload:
        """Make a place to deploy a project's code to. Nothing is begun at the platform before the first deployment."""
        new = service.NewEnvironment(
            project_id=ProjectId(input.project_id),
            name=input.name,
            kind=input.kind,
            platform=input.platform,
            health_path=input.health_path,
            hosting=Hosting(input.region, input.size, input.instances),
            client_mutation_id=input.client_mutation_id,
        )
        return CreateEnvironmentPayload.of(await info.context.services.environments.create(new, by=info.context.actor))

    @mutation("What to change.")
    async def update_environment(self, info: Info, input: UpdateEnvironmentInput) -> UpdateEnvironmentPayload:
        """Rename an environment, or change what it is for, how its health is asked for, or where and how much runs of
        what is deployed next; `scaleDeployment` changes what runs now.
        """
        hosting = Hosting(input.region, input.size, input.instances)
        change = service.EnvironmentChange(input.name, input.kind, input.health_path, hosting, input.expected_version)
        changed = await info.context.services.environments.update(
            EnvironmentId(input.environment_id), change, by=info.context.actor
        )
        return UpdateEnvironmentPayload.of(changed)

    @mutation("Which one.")
    async def delete_environment(self, info: Info, input: DeleteEnvironmentInput) -> DeleteEnvironmentPayload:
        """Delete an environment with its variables. A CONFLICT where something is under way or runs there. What the
        platform keeps of it, such as its tables, stays.
        """
        deleted = await info.context.services.deletion.delete_environment(
            EnvironmentId(input.environment_id), by=info.context.actor
        )
        return DeleteEnvironmentPayload.of(deleted)

    @mutation("Which ones.")
    async def set_variables(self, info: Info, input: SetVariablesInput) -> SetVariablesPayload:
        """Set variables of an environment. What runs keeps its own until it is deployed again (`isStale`)."""
        values = {variable.name: variable.value for variable in input.variables}
        if len(values) < len(input.variables):
            raise Invalid([Fault("A variable is given more than once.", ("variables",))])
        changed = await info.context.services.environments.set_variables(
            EnvironmentId(input.environment_id), values, by=info.context.actor
        )
        return SetVariablesPayload.of(changed)

    @mutation("Which ones.")
    async def delete_variables(self, info: Info, input: DeleteVariablesInput) -> DeleteVariablesPayload:
        """Take variables out of an environment. What runs keeps its own until it is deployed again."""
        changed = await info.context.services.environments.delete_variables(
            EnvironmentId(input.environment_id), frozenset(input.names), by=info.context.actor
        )
        return DeleteVariablesPayload.of(changed)
