"""The trash: deleted projects, until somebody restores them or their time is over.

A deleted project belongs to no team but to its team's trash, in which nobody has a role: the policy hides it, and all
that belongs to it, on every path. `Projects.find` hides it from work that no policy is asked about.
"""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, NotFound
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, allows, of_team
from services.foundation.aws.clearing import clear
from services.projects.model import PURGE, Project
from services.projects.service import Projects

RESTORABLE_FOR: Final = timedelta(days=30)
"""How long a deleted project can be restored."""


@frozen
class DeletedProjects:
    projects: Projects
    now: Clock

    async def put(self, project: Project, *, by: Actor) -> None:
        """Hide a project that the actor may delete, with all that belongs to it."""

        def trashed(old: Project) -> Project:
            if old.is_deleted:
                raise NotFound("project", project.id)
            if old.team_id != project.team_id:
                raise Conflict("The project has changed meanwhile; try again.")
            now = self.now()
            return replace(
                old,
                team_id=_trash_of(old.team_id),
                deleted=old.team_id,
                deleted_at=now,
                deleted_by=by.user_id,
                purge=PURGE,
                purge_at=now + RESTORABLE_FOR,
            )

        trashed_project = await self.projects.table.update(project.id, trashed)
        if trashed_project is None:
            raise NotFound("project", project.id)
        nth = trashed_project.version
        await self.projects.journal.deleted(project, project.name, place=project, by=by.user_id, nth=nth)

    async def list(self, page: PageRequest, *, team_id: TeamId | None, by: Actor) -> Page[Project]:
        """Return what can be restored to a team (None: the actor's personal one), deleted last first."""
        team = of_team(Action.DELETE, team_id, by=by)
        return await self.projects.table.query("DeletedIndex", team, page)

    async def restore(self, project_id: ProjectId, *, by: Actor) -> Project:
        """Bring back a deleted project as it was; one that is not deleted stays as it is."""
        deleted_project = await self.projects.table.find(project_id)
        team_id = deleted_project.deleted if deleted_project else None
        if team_id is None:
            return await self.projects.get(project_id, by=by, action=Action.DELETE)
        if not allows(by, Action.VIEW, team_id):
            raise NotFound("project", project_id)
        of_team(Action.DELETE, team_id, by=by)

        def restored(old: Project) -> Project:
            if old.deleted != team_id:
                raise Conflict("The project has changed meanwhile; try again.")
            return replace(
                old, team_id=team_id, deleted=None, deleted_at=None, deleted_by=None, purge=None, purge_at=None
            )

        project = await self.projects.table.update(project_id, restored)
        if project is None:
            raise NotFound("project", project_id)
        await self.projects.journal.restored(project, project.name, place=project, by=by.user_id)
        return project

    async def due(self) -> AsyncGenerator[Project]:
        """Yield what can not be restored any more, due first."""
        now = self.now()
        async for project in self.projects.table.every("PurgeIndex", PURGE):
            if project.purge_at is None or project.purge_at > now:
                return  # they come in the order of their time
            yield project

    async def remove(self, project: Project) -> None:
        """Delete what is left of a condemned project: its record."""
        await clear(self.projects.table, project.id)

    async def condemn(self, project_id: ProjectId, *, due: bool = False) -> bool:
        """Take away that a project can be restored, so that it is purged; with `due` only where its time is over.

        Returns whether it is condemned: one that was restored meanwhile is not.
        """
        now = self.now()

        def condemned(old: Project) -> Project:
            if (due and (old.purge_at is None or old.purge_at > now)) or _is_condemned(old):
                return old
            team_id = old.team_id if old.is_deleted else _trash_of(old.team_id)
            return replace(old, team_id=team_id, deleted=None, purge=PURGE, purge_at=now)

        project = await self.projects.table.update(project_id, condemned)
        return project is not None and _is_condemned(project)


def _trash_of(team_id: TeamId) -> TeamId:
    """Return the team that a deleted project belongs to: nobody has a role in it."""
    return TeamId(f"{team_id}#deleted")


def _is_condemned(project: Project) -> bool:
    return project.is_deleted and project.deleted is None
