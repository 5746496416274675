"""The record of an architecture: a drawing of a project's backend."""

from typing import Final

from services.core.ids import ArchitectureId, GenerationId, ProjectId, UserId
from services.designs.architecture import ArchitectureModel
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class Architecture(Entity, frozen=True, kw_only=True, rename="camel"):
    id: ArchitectureId
    project_id: ProjectId
    user_id: UserId
    model: ArchitectureModel
    generation_id: GenerationId | None = None
    """The generation that made it; None for one made by hand."""


ARCHITECTURES: Final = TableSpec(
    "architectures",
    Architecture,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(
        Index("UserIdIndex", "userId", "createdAt"),
        Index("ProjectIdIndex", "projectId", "updatedAt"),
    ),
)
