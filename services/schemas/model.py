"""The record of a schema: one version of what a project's database is to be."""

from typing import Final

from services.core.ids import GenerationId, ProjectId, SchemaId, UserId
from services.designs.schema import SchemaModel
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class Schema(Entity, frozen=True, kw_only=True, rename="camel"):
    """One version of a project's schema; `version` is its number. Never changes."""

    id: SchemaId
    project_id: ProjectId
    user_id: UserId
    name: str
    model: SchemaModel
    generation_id: GenerationId | None = None
    """The generation that made it; None for one made by hand."""


SCHEMAS: Final = TableSpec(
    "schemas",
    Schema,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "version", sort_type="N"),
        Index("ProjectIdNameIndex", "projectId", "name"),
    ),
)
