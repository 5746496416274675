"""This file is what belongs to a team besides its projects and members, and how all of it goes with the team."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.aws.tables import Table
from services.core.ids import TeamId
from services.core.pages import PageRequest


@dataclass(frozen=True, slots=True)
class Belongings:
    """Webhooks, notification targets, integrations, API keys, invitations, settings, and the topic of the targets.

    What is left to expire by itself is seen by nobody: deliveries of webhooks, activity, analytics, usage.
    """

    tables: Sequence[Table[Any]]
    """Each with a TeamIdIndex."""
    settings: Table[Any]
    """Has at most one item of a team, under its id."""
    close_topic: Callable[[TeamId], Awaitable[None]]

    async def delete(self, team_id: TeamId) -> None:
        """Delete all of it. Cut short, it can be done again: it deletes what is still there."""
        await self.close_topic(team_id)
        for table in self.tables:
            await self._empty(table, team_id)
        if (settings := await self.settings.find(team_id)) is not None:
            await _delete(self.settings, settings)

    async def _empty(self, table: Table[Any], team_id: TeamId) -> None:
        page = PageRequest(first=100)
        while True:
            found = await table.query("TeamIdIndex", team_id, page)
            for thing in found.items:
                await _delete(table, thing)
            if not found.has_next:
                return
            page = PageRequest(first=100, after=found.cursors[-1])


async def _delete(table: Table[Any], thing: Any) -> None:
    """Delete a thing, also where it has just changed."""
    while thing is not None and not await table.delete(thing):
        thing = await table.find(thing.id)
