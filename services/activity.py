"""Reading and watching the activity of a team, within what the reader may see."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from services.core.actor import Actor
from services.core.errors import NotFound, Unavailable
from services.core.frozen import frozen
from services.core.ids import ActivityId, ProjectId, TeamId, UserId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, allows, require
from services.foundation.events.follow import Followed, Merge, follow
from services.foundation.events.hub import Hub
from services.foundation.events.port import Entry, LogUnavailable
from services.foundation.events.shared import NoHistory, SharedStreams
from services.foundation.events.stream import StreamEvent
from services.journal.model import ActivityEntry, EntityType
from services.journal.reading import JournalReader
from services.projects.model import Project
from services.projects.service import Projects

_DECODER: Final = msgspec.json.Decoder(ActivityEntry)


@frozen(kw_only=True)
class Activity:
    journal: JournalReader
    projects: Projects
    streams: SharedStreams
    hub: Hub

    async def get(self, activity_id: ActivityId, *, by: Actor) -> ActivityEntry:
        """Return an entry of one of the actor's teams."""
        entry = await self.journal.find(activity_id)
        return require(by, Action.VIEW, entry, missing=NotFound("activity", activity_id))

    async def of_project(self, project: Project, page: PageRequest) -> Page[ActivityEntry]:
        """Return what was done in a project that the caller was given, newest first."""
        return await self.journal.of_project(project.id, page)

    async def of_user(
        self, user_id: UserId, page: PageRequest, *, team_id: TeamId | None, by: Actor
    ) -> Page[ActivityEntry]:
        """Return what somebody did in a team (None: the actor's personal one), newest first."""
        return await self.journal.of_user(_team(team_id, by=by), user_id, page)

    async def of_type(
        self, entity_type: EntityType, page: PageRequest, *, team_id: TeamId | None, by: Actor
    ) -> Page[ActivityEntry]:
        """Return what was done to objects of a type in a team (None: the actor's personal one), newest first."""
        return await self.journal.of_type(_team(team_id, by=by), entity_type, page)

    @asynccontextmanager
    async def follow(
        self, *, team_id: TeamId | None, project_id: ProjectId | None, after: str | None, by: Actor
    ) -> AsyncGenerator[Followed[ActivityEntry]]:
        """Follow what is done in a project, or a team (None: the personal one), after a cursor (None: from now on)."""
        project = None if project_id is None else await self.projects.get(project_id, by=by)
        team = project.team_id if project else _team(team_id, by=by)
        try:
            start = after or await self.streams.end(team)
        except LogUnavailable:
            raise Unavailable("What happens live can't be watched at the moment; try again.") from None
        async with follow(self.hub, team, after=start, history=NoHistory(), merged=_of_project(project_id)) as followed:
            yield followed


def _team(team_id: TeamId | None, *, by: Actor) -> TeamId:
    if team_id is None:
        return by.personal_team_id
    if not allows(by, Action.VIEW, team_id):
        raise NotFound("team", team_id)
    return team_id


def _of_project(project_id: ProjectId | None) -> Merge[ActivityEntry]:
    """Make the decoder of a team's stream that leaves out other projects; None keeps all."""

    def merged(epoch: str, entries: Sequence[Entry]) -> Iterable[StreamEvent[ActivityEntry]]:
        for entry in entries:
            noted = _DECODER.decode(entry.data)
            if project_id in (None, noted.project_id):
                yield StreamEvent(epoch, entry.seq, entry.at, noted)

    return merged
