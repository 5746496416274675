"""The names of agents and environments that a team's totals are kept by: a bounded number of each.

Rollups are one item an hour for each name, so senders must not be able to make as many as they like. The first names of
a team are kept by themselves, those that come later together as OTHERS. A few more may get in where processes meet.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final

from services.analytics.model import ROLLUPS_KEPT, AnalyticsEvent, Rollup
from services.analytics.rollups import Part, parts_of
from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import TeamId
from services.core.recent import Recent
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table

OTHERS: Final = "*"
"""What all names count as for which there is no room."""

MOST: Final[Mapping[str, int]] = {"agent": 1000, "environment": 100}

REMEMBERED_FOR: Final = timedelta(hours=1)
MOST_REMEMBERED: Final = 1000
"""Lists of names that a process keeps in mind."""

Counted = Mapping[Part, Part]
"""By what each agent and environment of some events is counted."""


@frozen
class Names:
    table: Table[Rollup]
    recent: Recent[frozenset[str]]
    now: Clock
    most: Mapping[str, int]

    async def counted(self, events: Iterable[AnalyticsEvent]) -> Counted:
        """Return by what the agents and environments of a team's events are counted; new ones get a place."""
        places: dict[Part, Part] = {}
        for event in events:
            for part in parts_of(event):
                if part not in places:
                    places[part] = await self._place(event.team_id, part)
        return places

    async def _place(self, team_id: TeamId, part: Part) -> Part:
        kind, name = part
        names = await self._listed(team_id, kind)
        if name in names:
            return part
        if len(names) >= self.most[kind]:
            return kind, OTHERS
        now = self.now()
        expires_at = int((now + ROLLUPS_KEPT).timestamp())
        row = Rollup(id=_list(team_id, kind), period=name, created_at=now, updated_at=now, expires_at=expires_at)
        with suppress(AlreadyExists):  # another process was first
            await self.table.put_new(row)
        self.recent.put(_list(team_id, kind), names | {name}, read_at=now)
        return part

    async def _listed(self, team_id: TeamId, kind: str) -> frozenset[str]:
        names = self.recent.get(_list(team_id, kind))
        if names is None:
            read_at = self.now()
            names = frozenset(row.period for row in await self.table.between(_list(team_id, kind), " ", "\U0010ffff"))
            self.recent.put(_list(team_id, kind), names, read_at=read_at)
        return names


def _list(team_id: TeamId, kind: str) -> str:
    """Return the partition of a team's names."""
    return f"{team_id}#names#{kind}"
