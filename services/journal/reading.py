"""Reading what was noted. Who may see it is for the slices to say that ask here."""

from datetime import datetime

from services.core.clock import iso
from services.core.frozen import frozen
from services.core.ids import ActivityId, ProjectId, TeamId, UserId
from services.core.pages import Page, PageRequest
from services.foundation.aws.tables import Table
from services.journal.model import ActivityEntry, EntityType, Verb, within


@frozen
class JournalReader:
    """Pages are newest first."""

    table: Table[ActivityEntry]

    async def find(self, activity_id: ActivityId) -> ActivityEntry | None:
        return await self.table.find(activity_id)

    async def of_project(self, project_id: ProjectId, page: PageRequest) -> Page[ActivityEntry]:
        return await self.table.query("ProjectIdIndex", project_id, page)

    async def of_user(self, team_id: TeamId, user_id: UserId, page: PageRequest) -> Page[ActivityEntry]:
        """Return what somebody did in a team."""
        return await self.table.query("UserIdIndex", within(team_id, user_id), page)

    async def of_type(self, team_id: TeamId, entity_type: EntityType, page: PageRequest) -> Page[ActivityEntry]:
        """Return what was done to objects of a type in a team."""
        return await self.table.query("EntityTypeIndex", within(team_id, entity_type.value), page)

    async def count_created(self, team_id: TeamId, entity_type: EntityType, *, since: datetime) -> int:
        """Count the objects of a type that were created in a team."""
        partition, created = within(team_id, entity_type.value), {"verb": Verb.CREATED.value}
        return await self.table.count("EntityTypeIndex", partition, where=created, since=iso(since))
