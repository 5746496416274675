"""The record of a push: a generation's code, as a commit of a repository of the user's."""

from typing import Final

from services.core.ids import GenerationId, IntegrationId, ProjectId, PushId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class Push(Entity, frozen=True, kw_only=True, rename="camel"):
    """`user_id` asked for it. Stored once it is done; its id is the mark of its commit."""

    id: PushId
    project_id: ProjectId
    user_id: UserId
    generation_id: GenerationId
    integration_id: IntegrationId
    """Whose credentials were used."""
    repository: str
    """`owner/name`, as it was called then."""
    url: str
    branch: str
    commit: str
    commit_url: str
    has_changes: bool
    """False where the branch had these files already: `commit` is the one that it led to."""
    created_repository: bool


PUSHES: Final = TableSpec(
    "pushes",
    Push,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(Index("ProjectIdIndex", "projectId", "createdAt"),),
)
