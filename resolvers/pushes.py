"""Pushes of code to repositories, in the schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.projects import Project
from resolvers.scalars import URL
from resolvers.shown import AnyGeneration, AnyUser, shown, shows
from services.core.ids import GenerationId, IntegrationId
from services.platforms.github.outcomes import FileOutcome
from services.pushes import model, service

strawberry.enum(FileOutcome)

MOST_FILES: Final = 200
"""That are listed; there may be as many as two generations have."""


@strawberry.type
class PushedFile:
    """A generated file that somebody has changed in the branch, and what the push made of it."""

    path: str
    """The file."""
    outcome: FileOutcome
    """What became of it, or would if the branch had been merged."""


@shows(model.Push, prefix="push", get=lambda services: services.pushes.get)
@strawberry.type
class Push(Node):
    """The code of a generation at GitHub: a commit of the branch `generated`, merged into a branch of yours."""

    repository: str
    """Its owner and name, such as `octocat/bike-rental`, as it was called then."""
    repository_url: URL
    """Its page."""
    branch: str
    """The branch that leads to the commit, or to later ones."""
    commit: str
    """The commit's SHA-1 in hex. If it was made by this push, its last line says so: `Snapinfra-Id: push_…`."""
    commit_url: URL
    """Its page."""
    has_changes: bool
    """Whether the branch got a commit; if not, it had these files already or was not merged, and `commit` is where it
    was."""
    is_merged: bool
    """Whether the branch has what was generated. If not, both have changed the same lines, or its rules forbid it, and
    it is as it was: merge the branch `generated`, by the pull request."""
    generated_commit: str | None
    """The SHA-1 of the commit of the branch `generated`, which has the generation's files and nothing else; null for a
    push from before there was that branch."""
    files: Annotated[list[PushedFile], AtMost(MOST_FILES)]
    """The generated files that people had changed in the branch: those in conflict first, then by path. All others
    are as they were generated."""
    pull_request_url: URL | None
    """The page of the open pull request; null where it is merged, and where the token may not open one."""
    created_repository: bool
    """Whether the repository was created for it: a private one."""
    created_at: datetime
    """When it was done."""
    push: strawberry.Private[model.Push]

    @strawberry.field
    async def project(self, info: Info) -> Project | None:
        """The project it belongs to."""
        return Project.of(await info.context.services.projects.get(self.push.project_id, by=info.context.actor))

    @strawberry.field
    async def generation(self, info: Info) -> AnyGeneration | None:
        """The generation whose code it is; null once that is deleted."""
        return shown(await info.context.loaders.generation(self.push.generation_id, self.push.project_id))

    @strawberry.field
    async def pushed_by(self, info: Info) -> AnyUser | None:
        """Who asked for it."""
        return shown(await info.context.loaders.user(self.push.user_id))

    @classmethod
    def of(cls, push: model.Push) -> Self:
        return cls(
            id=strawberry.ID(push.id),
            repository=push.repository,
            repository_url=URL(push.url),
            branch=push.branch,
            commit=push.commit,
            commit_url=URL(push.commit_url),
            has_changes=push.has_changes,
            created_repository=push.created_repository,
            is_merged=push.is_merged,
            generated_commit=push.generated,
            files=[PushedFile(path=file.path, outcome=file.outcome) for file in _listed(push)],
            pull_request_url=None if push.pull_request_url is None else URL(push.pull_request_url),
            created_at=push.created_at,
            push=push,
        )


def _listed(push: model.Push) -> Sequence[model.PushedFile]:
    """Return the files that are listed: those in conflict first."""
    settled = {FileOutcome.KEPT, FileOutcome.MERGED}
    return sorted(push.files, key=lambda file: (file.outcome in settled, file.path))[:MOST_FILES]


@strawberry.input
class PushToGitHubInput:
    """What to push, and where to. What is left out is as it was for the project's last push."""

    generation_id: strawberry.ID
    """A COMPLETED generation of CODE."""
    repository: str | None = None
    """`owner/name`, or `name` alone for one of the token's own user. Created, private, where there is none. Null for
    the repository of the project's last push."""
    branch: str | None = None
    """At most 200 bytes. Begun at the default branch where there is none. Null for that of the last push to this
    repository, else its default branch."""
    integration_id: strawberry.ID | None = None
    """A GITHUB integration of the project or its team, with a token that may write. Null for that of the last push to
    this repository, else the newest."""
    message: str | None = None
    """Of the commit: at most 2,000 characters. Null for one that names the generation and the project."""
    client_mutation_id: ClientMutationId = retry_returns("push")


@strawberry.type
class PushToGitHubPayload(Payload):
    """The push, once it is done, or what was wrong."""

    push: Push | None = None
    """What is at GitHub now; null where there are user errors."""


@strawberry.type
class PushesMutation:
    @mutation("What to push, and where to.")
    async def push_to_git_hub(self, info: Info, input: PushToGitHubInput) -> PushToGitHubPayload:
        """Push the files of a generation to GitHub, and wait for it, at most 25 seconds. They are one commit of the
        branch `generated`, which is merged into yours: what you have changed since the last push stays. Where both have
        changed the same lines your branch stays as it is, `push.files` says which, and a pull request is opened. Never
        with force. Files that keep secrets, such as `.env`, are left out. UNAVAILABLE where GitHub takes longer: try
        again with the same `clientMutationId`, and nothing is pushed twice.
        """
        new = service.NewPush(
            generation_id=GenerationId(input.generation_id),
            repository=input.repository,
            branch=input.branch,
            integration_id=None if input.integration_id is None else IntegrationId(input.integration_id),
            message=input.message,
            client_mutation_id=input.client_mutation_id,
        )
        return PushToGitHubPayload.of(await info.context.services.pushes.create(new, by=info.context.actor))
