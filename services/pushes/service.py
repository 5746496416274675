"""Pushes: the code of a generation goes to a repository of the user's, while they wait, and is merged there."""

import asyncio
from dataclasses import field
from typing import Final

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, Limited, NotFound, Problem, Unavailable
from services.core.frozen import frozen
from services.core.ids import GenerationId, IntegrationId, PushId
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.core.text import Kind, bounded
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import Idempotency, Try
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.generations.service import Generations
from services.integrations.model import IntegrationType
from services.integrations.service import Integrations, Opened
from services.platforms.github import pushing
from services.platforms.github.delivering import Delivered
from services.platforms.github.names import branch_fault, repository_fault
from services.platforms.github.pushing import GitHub, Pushed
from services.platforms.port import DeployFailed
from services.platforms.vendors.patience import Patience
from services.projects.model import Project
from services.projects.service import Projects
from services.pushes.model import Push, PushedFile

SECONDS: Final = 25
"""That somebody waits for a push."""
HURRY: Final = Patience(answer=10, trying=15, longest=3)
"""With GitHub, while somebody waits."""
MESSAGE_LENGTH: Final = 2_000

_FIELDS: Final = {
    "CREDENTIALS_REFUSED": "integrationId",
    "NO_CREDENTIALS": "integrationId",
    "BRANCH_PROTECTED": "branch",
    "UNRELATED": "branch",
    "SECRET_FOUND": "generationId",
}
"""What to correct, by the reason of a failure; else the repository."""


@frozen
class NewPush:
    generation_id: GenerationId
    repository: str | None = None
    """None for the one of the project's last push."""
    branch: str | None = None
    """None for that of the last push there, else the repository's default branch."""
    integration_id: IntegrationId | None = None
    """None for that of the last push there, else the newest of the project."""
    message: str | None = field(default=None, repr=False)
    client_mutation_id: str | None = None


@frozen
class _Target:
    repository: str
    branch: str | None
    opened: Opened


@frozen(kw_only=True)
class Pushes:
    table: Table[Push]
    projects: Projects
    generations: Generations
    integrations: Integrations
    github: GitHub
    idempotency: Idempotency
    now: Clock

    async def create(self, new: NewPush, *, by: Actor) -> Push:
        """Push the files of a generation and merge them, and return when they are there, or a pull request is.

        A try that was cut short may have pushed: the next one with the same `client_mutation_id` finds the commit by
        the id of the push. Raises Invalid with GitHub's reason, Limited, and Unavailable where GitHub takes too long.
        """
        async with self.idempotency.trying("pushToGitHub", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(PushId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewPush, attempt: Try, *, by: Actor) -> Push:
        generation = await self.generations.get(new.generation_id, by=by, action=Action.EDIT)
        project = await self.projects.get(generation.project_id, by=by, action=Action.EDIT)
        if new.integration_id is not None:
            await self.integrations.get(new.integration_id, by=by)
        _check(new, generation)
        target = await self._target(new, project)
        artifact = await self.generations.artifact(generation)
        if artifact is None:
            raise Conflict("The code of this generation is gone.")
        push_id = PushId(await attempt.take_id("push"))
        order = pushing.Push(
            repository=target.repository,
            branch=target.branch,
            files={file.path: file.content.encode() for file in artifact.files},
            message=new.message or f"Generation {generation.number} of {project.name}",
            mark=push_id,
            description=project.name,
            generation=generation.id,
        )
        push = self._record(await self._delivered(order, target), push_id, generation, target, by=by)
        try:
            await self.table.put_new(push)
        except AlreadyExists:
            push = await self.get(push_id, by=by)
        await self.projects.journal.created(push, _short(push), place=project, by=by.user_id)
        return push

    async def get(self, push_id: PushId, *, by: Actor) -> Push:
        """Return a push of a project that the actor sees."""
        push = await self.table.find(push_id)
        if push is None:
            raise NotFound("push", push_id)
        try:
            await self.projects.get(push.project_id, by=by)
        except NotFound:
            raise NotFound("push", push_id) from None
        return push

    async def of_project(self, project: Project, page: PageRequest) -> Page[Push]:
        """Return those of a project that the caller was given, newest first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    async def _target(self, new: NewPush, project: Project) -> _Target:
        """Return where to push to, with the credentials: what is not said is as it was last time."""
        last = await self.table.latest("ProjectIdIndex", project.id)
        repository = new.repository or (last.repository if last else None)
        if repository is None:
            words = "Say which repository to push to: it is remembered for the next push of the project."
            raise Invalid.one(words, "repository")
        before = last if last is not None and last.repository.lower() == repository.lower() else None
        branch = new.branch or (before.branch if before else None)
        return _Target(repository, branch, await self._opened(new.integration_id, before, project))

    async def _opened(self, integration_id: IntegrationId | None, before: Push | None, project: Project) -> Opened:
        kind = IntegrationType.GITHUB
        asked = before.integration_id if integration_id is None and before else integration_id
        opened = None if asked is None else await self.integrations.opened(asked, kind, project)
        if opened is None and integration_id is not None:
            words = "integrationId must be an enabled GITHUB integration of the project, or of its whole team."
            raise Invalid.one(words, "integrationId")
        opened = opened or await self.integrations.credentials(project.team_id, kind, project_id=project.id)
        if opened is None:
            words = "There is no enabled GITHUB integration for this project: create one."
            raise Invalid.one(words, "integrationId")
        return opened

    async def _delivered(self, order: pushing.Push, target: _Target) -> tuple[Pushed, Delivered]:
        try:
            async with asyncio.timeout(SECONDS):
                return await self.github.deliver(order, target.opened.credentials)
        except TimeoutError:
            raise Unavailable("GitHub takes long; try again: what was pushed by then is not pushed twice.") from None
        except DeployFailed as failure:
            raise _problem(failure) from None

    def _record(
        self,
        done: tuple[Pushed, Delivered],
        push_id: PushId,
        generation: Generation,
        target: _Target,
        *,
        by: Actor,
    ) -> Push:
        now = self.now()
        pushed, delivered = done
        return Push(
            id=push_id,
            project_id=generation.project_id,
            user_id=by.user_id,
            generation_id=generation.id,
            integration_id=target.opened.integration.id,
            repository=pushed.repository,
            url=pushed.url,
            branch=pushed.branch,
            commit=pushed.commit,
            commit_url=pushed.commit_url,
            has_changes=pushed.is_new,
            created_repository=pushed.has_created,
            generated=delivered.generated,
            is_merged=delivered.is_merged,
            files=tuple(PushedFile(path, outcome) for path, outcome in delivered.files.items()),
            pull_request_url=delivered.pull_request,
            created_at=now,
            updated_at=now,
        )


def _check(new: NewPush, generation: Generation) -> None:
    faults: list[Fault] = []
    if generation.kind is not GenerationKind.CODE:
        faults.append(Fault("Only a CODE generation can be pushed.", ("generationId",)))
    elif generation.status is not GenerationStatus.COMPLETED:
        words = f"Only a COMPLETED generation can be pushed; this one is {generation.status.value}."
        faults.append(Fault(words, ("generationId",)))
    if new.repository is not None and (fault := repository_fault(new.repository)):
        faults.append(Fault(f"repository {fault}", ("repository",)))
    if new.branch is not None and (fault := branch_fault(new.branch)):
        faults.append(Fault(f"branch {fault}", ("branch",)))
    if new.message is not None:
        faults += bounded(new.message, field=["message"], most=MESSAGE_LENGTH, kind=Kind.LINES)
    if faults:
        raise Invalid(faults)


def _problem(failure: DeployFailed) -> Problem:
    """Word a failure for whom can do something about it."""
    if failure.reason == "RATE_LIMITED":
        return Limited(failure.message, retry_after=failure.again_after or HURRY.longest)
    if failure.again_after is not None:
        return Unavailable(failure.message)
    return Invalid.one(failure.message, _FIELDS.get(failure.reason, "repository"))


def _short(push: Push) -> str:
    """Return what the activity calls a push: without the owner, who may be a person."""
    return push.repository.rpartition("/")[2]
