"""The record of a push: a generation's code, as a commit of a repository of the user's."""

from typing import Final

import msgspec

from services.core.ids import GenerationId, IntegrationId, ProjectId, PushId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec
from services.platforms.github.outcomes import FileOutcome


class PushedFile(msgspec.Struct, frozen=True):
    """A file that people had changed since it was generated."""

    path: str
    outcome: FileOutcome


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
    """False where the branch got no commit: `commit` is the one that it led to."""
    created_repository: bool
    generated: str | None = None
    """The commit of the branch `generated`; None for a push from before there was one."""
    is_merged: bool = True
    """Whether the branch has what was generated."""
    files: tuple[PushedFile, ...] = ()
    pull_request_url: str | None = None


PUSHES: Final = TableSpec(
    "pushes",
    Push,
    fate=(GoesWith(Owner.PROJECT, "ProjectIdIndex"),),
    sort="projectId",
    indexes=(Index("ProjectIdIndex", "projectId", "createdAt"),),
)
