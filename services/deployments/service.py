"""What users do with deployments that there are: watch one, read its logs, stop it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import compress
from typing import Final

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, NotFound, Unavailable
from services.core.frozen import frozen
from services.core.ids import DeploymentId, ProjectId, TeamId
from services.core.pages import MAX_FIRST, Page, PageRequest
from services.core.policy import Action
from services.core.text import check_search
from services.deployments.archive import LogArchive
from services.deployments.events import DeploymentEvent, LogFilter, NumberedLine, lines, merging
from services.deployments.history import DeploymentHistory, close_stream
from services.deployments.model import ENDINGS, Deployment, DeploymentConfig, DeploymentStatus
from services.deployments.variables import Variables
from services.environments.model import Environment
from services.foundation.aws.queue import Queue
from services.foundation.aws.transactions import write_together
from services.foundation.events.cursor import Cursor, decode, encode
from services.foundation.events.follow import Followed, follow
from services.foundation.events.hub import Hub
from services.foundation.events.port import EventLog, LogUnavailable
from services.foundation.jobs.record import OPEN, NotEnded, StopCause, stop_requested
from services.foundation.vault.port import CanNotOpen
from services.generations.model import Generation
from services.projects.jobs import ProjectJobs
from services.projects.model import NO_DEPLOYMENT, Project

TRIES: Final = 20
MOST_LOOKED_AT: Final = 5_000
"""Entries of a stream for one page: a program that runs for months may have written millions."""


@frozen(kw_only=True)
class Deployments(ProjectJobs[DeploymentId, Deployment]):
    noun = "deployment"

    archive: LogArchive
    queue: Queue
    event_log: EventLog
    hub: Hub
    variables: Variables
    now: Clock

    async def chosen(self, deployment: Deployment) -> DeploymentConfig:
        """Return what was chosen for a deployment, with the values of variables. Raises Unavailable."""
        try:
            variables = await self.variables.opened(deployment)
        except CanNotOpen:
            message = "The environment variables can not be decrypted any more; deploy with new ones."
            raise Unavailable(message) from None
        config = deployment.config
        return DeploymentConfig(dict(variables), config.build_command, config.start_command)

    async def list(
        self,
        page: PageRequest,
        *,
        project_id: ProjectId | None,
        status: DeploymentStatus | None,
        environment: str | None = None,
        by: Actor,
    ) -> Page[Deployment]:
        """Return the deployments of a project, or those that the actor started, newest first."""
        check_search(environment=environment)
        where = {"status": status and status.value, "environment": environment}
        return await self._listed(page, project_id=project_id, where=where, by=by)

    async def newest_of_team(self, team_id: TeamId, *, by: Actor) -> Sequence[Deployment]:
        """Return the hundred newest deployments that a team asked for, of projects that the actor sees."""
        deployments = (await self.table.query("TeamIdIndex", team_id, PageRequest(first=MAX_FIRST))).items
        return list(compress(deployments, await self._visible(deployments, by=by)))

    async def any_open_of(self, generation: Generation) -> bool:
        """Say whether a deployment of a generation's code is under way or runs."""
        return await self._any_open(generation.project_id, generationId=generation.id)

    async def look_up_latest(self, project: Project) -> Deployment | None:
        """Return the newest deployment of a project that the caller was given, and let the project know it."""
        deployment = await self.table.latest("ProjectIdIndex", project.id)
        await self.projects.know_latest(project.id, deployment.id if deployment else NO_DEPLOYMENT)
        return deployment

    async def any_open_in(self, environment: Environment) -> bool:
        """Say whether a deployment in an environment is under way or runs."""
        return await self._any_open(environment.project_id, environmentId=environment.id)

    async def under_way_of(self, team_id: TeamId) -> AsyncGenerator[Deployment]:
        """Yield a team's deployments that neither answer yet nor have ended."""
        async for deployment in self.table.every("TeamIdIndex", team_id, where={"open": OPEN}, newest_first=True):
            if deployment.is_under_way:
                yield deployment

    async def remove(self, deployment: Deployment) -> None:
        """Delete a settled deployment that the caller may delete, with its log. May be repeated.

        The record goes last, so that a delete cut short can be done again. Raises Conflict where it has not ended.
        """
        with suppress(LogUnavailable):  # nobody can read a stream without its record; the log lets go of it by itself
            await self.event_log.forget(deployment.id)
        await self.archive.remove(deployment.id)  # after the log, from which nothing can be archived any more
        for _ in range(TRIES):
            stored = await self.table.find(deployment.id)
            if stored is None:
                return
            if stored.finished_at is None:
                raise NotEnded("deployment", stored.status)
            project = await self.projects.stored(stored.project_id)
            parts = [self.table.removal(stored)]
            if project is not None and project.latest_deployment_id == stored.id:
                parts.append(self.projects.pointing_to(project, await self._newest_before(stored)))
            if not await write_together(parts):
                return
        raise Conflict("The project keeps changing; try again.")

    @asynccontextmanager
    async def follow(
        self, deployment_id: DeploymentId, *, after: str | None, shown: LogFilter, by: Actor
    ) -> AsyncGenerator[Followed[DeploymentEvent]]:
        """Follow a deployment's stream from after a cursor (None: from the start) to its terminal event."""
        await self.get(deployment_id, by=by)
        async with follow(
            self.hub, deployment_id, after=after, history=self._history, merged=merging(shown)
        ) as followed:
            yield followed

    async def logs(self, deployment: Deployment, page: PageRequest, *, shown: LogFilter) -> Page[NumberedLine]:
        """Return a page of the log of a deployment that the caller was given, oldest first.

        The cursors are those of the stream: either continues where the other stopped. Where a filter shows few of very
        many lines, a page ends before it is full.
        """
        position = None if page.after is None else decode(page.after)
        numbered: list[NumberedLine] = []
        cursors: list[str] = []
        more, looked = True, 0
        while more and len(numbered) <= page.first and looked < MOST_LOOKED_AT:
            read = await self.hub.read(deployment.id, after=position, limit=500, history=self._history)
            for line in lines(read.entries, shown):
                numbered.append(line)
                cursors.append(encode(Cursor(read.epoch or "", line.seq)))
            more, looked = read.has_more, looked + len(read.entries)
            if read.entries and read.epoch:
                position = Cursor(read.epoch, read.entries[-1].seq)
        if len(numbered) > page.first:
            return Page(numbered[: page.first], cursors[: page.first], has_next=True)
        return Page(numbered, cursors, has_next=more, end=encode(position) if more and position else None)

    @property
    def _history(self) -> DeploymentHistory:
        return DeploymentHistory(self.table, self.archive)

    async def _newest_before(self, deployment: Deployment) -> DeploymentId:
        """Return the newest deployment of the project without this one: it is there, whatever the index still shows."""
        async for other in self.table.every("ProjectIdIndex", deployment.project_id, newest_first=True):
            if other.id != deployment.id and await self.table.find(other.id) is not None:
                return other.id
        return NO_DEPLOYMENT

    def _label(self, record: Deployment) -> str:
        return record.platform.value

    async def stop(self, deployment_id: DeploymentId, *, by: Actor) -> Deployment:
        """Ask that nothing runs any more of one that is live. It is CANCELING until nothing does, then STOPPED.

        Of one that is STOPPED, a repeat changes nothing. Raises Conflict, with the record, where it was not live.
        """
        await self.get(deployment_id, by=by, action=Action.EDIT)
        deployment = await self._end(deployment_id, StopCause.STOPPED)
        if deployment is None:
            raise NotFound(self.noun, deployment_id)
        await self.projects.journal.canceled(deployment, self._label(deployment), by=by.user_id)
        return deployment

    async def _stop(self, job_id: str) -> Deployment | None:
        return await self._end(job_id, StopCause.CANCELED)

    async def _end(self, job_id: str, cause: StopCause) -> Deployment | None:
        def stopped(old: Deployment) -> Deployment:
            if old.status is ENDINGS[cause] and old.stop is cause:
                return old
            if old.finished_at is not None:
                raise Conflict(f"The deployment has ended already: it is {old.status.value}.", current=old)
            if old.stop is StopCause.STOPPED:
                return old
            if cause is StopCause.STOPPED and old.status is not DeploymentStatus.SUCCESS:
                message = f"Only a deployment that is live can be stopped; this one is {old.status.value}: cancel it."
                raise Conflict(message, current=old)
            return stop_requested(old, cause, running=DeploymentStatus.CANCELING, ended=ENDINGS[cause], now=self.now)

        deployment = await self.table.update(job_id, stopped)
        if deployment is not None and deployment.finished_at is not None:
            await self.projects.went_down(deployment.project_id, deployment.id, failed=False)
            await close_stream(self.event_log, self.archive, deployment)
        elif deployment is not None and deployment.lease is None:  # it waits at its platform: let a run stop it there
            await self.queue.send(deployment.id, group=deployment.team_id)
        return deployment
