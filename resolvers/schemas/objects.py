"""Versions of a project's database schema, and what changed between two."""

from datetime import datetime
from typing import Annotated, Final, Self, cast

import strawberry
from strawberry.scalars import JSON

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.schemas.parts import BackendAccounts, BackendTeams, Policy, Relationship, Table
from resolvers.shown import AnyGeneration, shown, shows
from services.core.ids import SchemaId
from services.designs.bounds import MAX_RELATIONSHIPS, MAX_TABLES
from services.designs.schema import Api
from services.schemas import diff, model
from services.schemas.diff import ChangeKind

strawberry.enum(ChangeKind)

MOST_CHANGES: Final = 8_000
"""Of two schemas: one takes 100,000 bytes, and what can change in it 26 of them at least."""


@strawberry.type
class SchemaChange:
    """One difference between two versions of a schema."""

    kind: ChangeKind
    """Whether it came, went or changed."""
    path: str
    """What it is about: `users`, `users.email`, `users.indexes.by_email`, `users.@policy`, `teams->users`, or
    `teams->users.ownerId` where it names its field, `posts<->tags` (MANY_TO_MANY), `@defaultPolicy`, `@accounts`,
    `@teams`, `@api`. A field is CHANGED, not added, if its `formerNames` have the one that it had before."""
    before: JSON | None
    """The thing as it was, without what has its default; null where it came."""
    after: JSON | None
    """The thing as it is, without what has its default; null where it went."""
    obstacle: str | None
    """Which rows that a backend has stand in its way, and what to do; null where none can. A deployment that meets some
    has FAILED with their keys, and nothing has changed."""

    @classmethod
    def of(cls, change: diff.SchemaChange) -> Self:
        return cls(
            kind=change.kind,
            path=change.path,
            before=change.before,
            after=change.after,
            obstacle=change.obstacle,
        )


@shows(model.Schema, prefix="schema", get=lambda services: services.schemas.get)
@strawberry.type
class Schema(Node):
    """A version of a project's database schema. Versions never change; a new one is made instead."""

    version: int
    """Its number in the project, from 1."""
    name: str
    """The project's name when it was made."""
    tables: Annotated[list[Table], AtMost(MAX_TABLES)]
    """Its tables."""
    relationships: Annotated[list[Relationship], AtMost(MAX_RELATIONSHIPS)]
    """How they relate."""
    default_policy: Policy | None
    """Who may do what to rows of tables without a policy of their own; null for nobody."""
    accounts: BackendAccounts | None
    """Where the backend keeps its own users; null where tokens come from elsewhere."""
    teams: BackendTeams | None
    """Where the backend finds who is in which team; null where it knows no teams."""
    api: Api
    """How clients speak to the backend."""
    created_at: datetime
    """When it was made."""
    schema: strawberry.Private[model.Schema]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        return Project.of(await info.context.services.projects.get(self.schema.project_id, by=info.context.actor))

    @strawberry.field
    async def generation(self, info: Info) -> AnyGeneration | None:
        """The generation that made it; null for one made by hand."""
        generation = await info.context.loaders.generation(self.schema.generation_id, self.schema.project_id)
        return shown(generation)

    @strawberry.field
    async def diff(
        self,
        info: Info,
        from_: Annotated[
            strawberry.ID, strawberry.argument(name="from", description="Another version of the same schema.")
        ],
    ) -> Annotated[list[SchemaChange], AtMost(MOST_CHANGES, weighs=2_000)] | None:
        """List what changed from another version to this one."""
        changes = await info.context.services.schemas.diff(self.schema, SchemaId(from_), by=info.context.actor)
        return [SchemaChange.of(change) for change in changes]

    @classmethod
    def of(cls, schema: model.Schema) -> Self:
        """Show a version; its parts are read from those of the design, whose attributes have the same names."""
        design = schema.model
        return cls(
            id=strawberry.ID(schema.id),
            version=schema.version,
            name=schema.name,
            tables=cast("list[Table]", list(design.tables)),
            relationships=cast("list[Relationship]", list(design.relationships)),
            default_policy=cast("Policy | None", design.default_policy),
            accounts=cast("BackendAccounts | None", design.accounts),
            teams=cast("BackendTeams | None", design.teams),
            api=design.api,
            created_at=schema.created_at,
            schema=schema,
        )
