"""What the services of a project's jobs have in common: reading, listing and stopping, by what the project allows."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from itertools import compress
from typing import ClassVar, Generic, TypeVar

from services.core.actor import Actor
from services.core.errors import Conflict, NotFound
from services.core.frozen import frozen
from services.core.ids import ProjectId
from services.core.pages import Page, PageRequest
from services.core.policy import Action
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import OPEN, JobRecord, longest_silent
from services.projects.model import Project
from services.projects.service import Projects

Id = TypeVar("Id", bound=str)
R = TypeVar("R", bound=JobRecord)


@frozen(kw_only=True)
class ProjectJobs(ABC, Generic[Id, R]):
    """The base of the service of a kind of job. `Id` is that of its records, `R`."""

    noun: ClassVar[str]
    """What messages call one of them; also the prefix of its id."""

    table: Table[R]
    projects: Projects

    @abstractmethod
    def _label(self, record: R) -> str:
        """Return what the activity calls one of them."""

    @abstractmethod
    async def _stop(self, job_id: str) -> R | None:
        """Ask one to stop, for somebody who may; None where it is gone. Raises Conflict as `cancel` does."""

    async def get(self, job_id: Id, *, by: Actor, action: Action = Action.VIEW) -> R:
        """Return one of a project on which the actor may do `action`. Raises NotFound, and Forbidden."""
        record = await self.table.find(job_id)
        if record is None:
            raise NotFound(self.noun, job_id)
        try:
            await self.projects.get(record.project_id, by=by, action=action)
        except NotFound:
            raise NotFound(self.noun, job_id) from None
        return record

    async def find(self, job_id: Id) -> R | None:
        """Return one, for work that was authorized otherwise."""
        return await self.table.find(job_id)

    async def many(self, keys: Sequence[tuple[Id, ProjectId]]) -> Sequence[R | None]:
        """Return some of projects that the caller was given, by their ids and the projects'; None for none."""
        return await self.table.find_many(keys)

    async def of_project(self, project: Project, page: PageRequest) -> Page[R]:
        """Return those of a project that the caller was given, newest first."""
        return await self.table.query("ProjectIdIndex", project.id, page)

    def every(self, project: Project) -> AsyncGenerator[R]:
        """Yield all of a project that the caller may end, the oldest first."""
        return self.table.every("ProjectIdIndex", project.id)

    async def silent_longest(self) -> R | None:
        """Return the open one that nobody has written for longest."""
        return await longest_silent(self.table)

    async def cancel(self, job_id: Id, *, by: Actor) -> R:
        """Ask one to stop. It is CANCELING until its work has stopped; one not begun is CANCELED at once.

        Of one that is CANCELED, a repeat changes nothing. Raises Conflict, with the record, where it ended otherwise.
        """
        await self.get(job_id, by=by, action=Action.EDIT)
        record = await self._stop(job_id)
        if record is None:
            raise NotFound(self.noun, job_id)
        await self.projects.journal.canceled(record, self._label(record), by=by.user_id)
        return record

    async def stop_all(self, project: Project) -> None:
        """Stop whatever is under way for a project that the caller may end."""
        async for record in self.table.every("ProjectIdIndex", project.id, newest_first=True):
            if record.finished_at is None:
                with suppress(Conflict):  # it ended meanwhile
                    await self._stop(record.id)

    async def _listed(
        self, page: PageRequest, *, project_id: ProjectId | None, where: Mapping[str, str | None], by: Actor
    ) -> Page[R]:
        """Return those of a project, or all that the actor asked for, newest first; None in `where` is any."""
        asked = {name: value for name, value in where.items() if value is not None} or None
        if project_id is None:
            return await self._started(page, where=asked, by=by)
        project = await self.projects.get(project_id, by=by)
        return await self.table.query("ProjectIdIndex", project.id, page, where=asked)

    async def _started(self, page: PageRequest, *, where: Mapping[str, str] | None, by: Actor) -> Page[R]:
        """Return what the actor asked for, without projects that they do not see; empty only at the end.

        A page takes one Query and one BatchGetItem, unless all on it is of projects that they do not see any more.
        """
        while True:
            asked = await self.table.query("UserIdIndex", by.user_id, page, where=where)
            shown = await self._visible(asked.items, by=by)
            if any(shown) or not asked.has_next:
                return Page(list(compress(asked.items, shown)), list(compress(asked.cursors, shown)), asked.has_next)
            page = PageRequest(page.first, asked.cursors[-1])

    async def _visible(self, records: Sequence[R], *, by: Actor) -> Sequence[bool]:
        """Say of which records the actor sees the project: it may have been moved or deleted since."""
        keys = dict.fromkeys((record.project_id, record.project_owner_id or by.user_id) for record in records)
        seen = {project.id for project in await self.projects.many(list(keys), by=by) if project is not None}
        return [record.project_id in seen for record in records]

    async def _any_open(self, project_id: ProjectId, **where: str) -> bool:
        """Say whether one of a project is open that has these attributes."""
        page = await self.table.query("ProjectIdIndex", project_id, PageRequest(first=1), where={**where, "open": OPEN})
        return bool(page.items)
