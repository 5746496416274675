"""A stage for the tests of analytics: its services on the emulator, with a clock to set, and who asks."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from services.analytics.service import Analytics, Overview, TimeRange
from services.analytics.validation import NewEvent
from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor, Role, Scope
from services.core.clock import iso
from services.core.frozen import frozen
from services.core.ids import ProjectId, TeamId, UserId, new_id
from services.projects.service import NewProject

NOW: Final = datetime(2037, 3, 31, 12, 30, tzinfo=UTC)
"""In the future, since the emulator deletes what has expired by the real clock."""


def actor(team_id: TeamId, *scopes: Scope) -> Actor:
    """Return the owner of a team, or with scopes an API key of it."""
    found = frozenset(scopes) if scopes else None
    return Actor(UserId(f"user_{team_id}"), {team_id: Role.OWNER}, team_id, scopes=found)


def event(event_id: str = "e1", at: datetime = NOW, **fields: Any) -> NewEvent:
    """Return an event that is good unless `fields` make it bad."""
    given: dict[str, Any] = {"id": event_id, "type": "REQUEST", "timestamp": iso(at), **fields}
    return NewEvent(**given)


@dataclass
class Moment:
    """A clock that stands still until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@frozen
class Stage:
    """A team with a project, and another team."""

    config: Config
    services: Services
    clock: Moment
    project_id: ProjectId
    team_id: TeamId
    other_team_id: TeamId = field(default_factory=lambda: TeamId(new_id("team")))

    @property
    def analytics(self) -> Analytics:
        return self.services.analytics

    @property
    def person(self) -> Actor:
        return actor(self.team_id)

    @property
    def key(self) -> Actor:
        return actor(self.team_id, Scope.ANALYTICS)

    @property
    def other_key(self) -> Actor:
        return actor(self.other_team_id, Scope.ANALYTICS)

    async def codes(self, *events: NewEvent, by: Actor | None = None) -> list[str]:
        """Record events and return what became of each."""
        return [outcome.code.value for outcome in await self.analytics.record(events, by=by or self.key)]

    async def overview(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        project_id: ProjectId | None = None,
        by: Actor | None = None,
    ) -> Overview:
        """Return the totals of a time, or of the last 30 days."""
        time = TimeRange(start, end) if start and end else None
        return await self.analytics.overview(None, project_id, time, by=by or self.person)


@asynccontextmanager
async def on_stage(config: Config, clock: Moment) -> AsyncGenerator[Services]:
    """Open the services of a stage that is provisioned already."""
    async with opened(config, dict(os.environ), now=clock) as process:  # noqa: TID251 - a child may need it
        yield process.services


@asynccontextmanager
async def new_team(config: Config) -> AsyncGenerator[Stage]:
    """Make a team with a project, on a stage that is provisioned already."""
    clock, team_id = Moment(), TeamId(new_id("team"))
    async with on_stage(config, clock) as services:
        project = await services.projects.create(NewProject("Shop"), by=actor(team_id))
        yield Stage(config, services, clock, project.id, team_id)
