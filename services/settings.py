"""Settings: what a user prefers, and what the members of a team share. Everything has a default."""

import dataclasses
from collections.abc import Collection
from enum import Enum
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

import msgspec
from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import TeamId, UserId
from services.core.policy import Action, require, require_person
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import E, GoesWith, Owner, TableSpec
from services.foundation.aws.tables import Table
from services.journal.journal import Journal
from services.llm.port import Options
from services.memberships.model import TeamItself
from services.platforms.port import DeploymentPlatform


class Theme(Enum):
    """How a frontend looks."""

    SYSTEM = "SYSTEM"
    """As the device is set."""
    LIGHT = "LIGHT"
    """Dark text on light ground."""
    DARK = "DARK"
    """Light text on dark ground."""


class NotifiableEvent(Enum):
    """Something that a user may want to be mailed about."""

    GENERATION_COMPLETED = "GENERATION_COMPLETED"
    """A generation that they asked for is COMPLETED."""
    GENERATION_FAILED = "GENERATION_FAILED"
    """A generation that they asked for is INCOMPLETE or FAILED."""
    DEPLOYMENT_LIVE = "DEPLOYMENT_LIVE"
    """A deployment that they started answers."""
    DEPLOYMENT_FAILED = "DEPLOYMENT_FAILED"
    """A deployment that they started has FAILED."""


DEFAULT_NOTIFY_ON: Final = tuple(
    event for event in NotifiableEvent if event is not NotifiableEvent.GENERATION_COMPLETED
)
"""Who asks for a generation mostly waits for it, and there may be many a day."""


class UserSettings(Entity, frozen=True, kw_only=True, rename="camel"):
    """`version` is 0 while nothing was ever changed."""

    id: UserId = msgspec.field(name="userId")
    version: int = 0
    theme: Theme = Theme.SYSTEM
    timezone: str = "UTC"
    """A name of the IANA time zone database."""
    notify_on: tuple[NotifiableEvent, ...] = DEFAULT_NOTIFY_ON


class TeamSettings(TeamItself, frozen=True, kw_only=True, rename="camel"):
    """`version` is 0 while nothing was ever changed."""

    version: int = 0
    default_platform: DeploymentPlatform | None = None
    default_model: str | None = None


SETTINGS: Final = TableSpec("settings", UserSettings, fate=(GoesWith(Owner.USER),), partition="userId")
TEAM_SETTINGS: Final = TableSpec("team-settings", TeamSettings, fate=(GoesWith(Owner.TEAM),))


@frozen
class SettingsChange:
    """The fields to change, by their names in the entity; the others stay."""

    fields: dict[str, Any]
    expected_version: int | None = None


@frozen(kw_only=True)
class Settings:
    users: Table[UserSettings]
    teams: Table[TeamSettings]
    models: frozenset[str]
    """The models that may be chosen."""
    platforms: frozenset[DeploymentPlatform]
    """The platforms that may be chosen."""
    journal: Journal
    now: Clock

    async def of_user(self, *, by: Actor) -> UserSettings:
        """Return the actor's own settings."""
        return await self.users.find(by.user_id) or self._new_user(by.user_id)

    async def notify_on(self, user_id: UserId) -> Collection[NotifiableEvent]:
        """Return what a user wants to know by mail, for what was authorized when it was asked for."""
        settings = await self.users.find(user_id)
        return settings.notify_on if settings else DEFAULT_NOTIFY_ON

    async def of_team(self, team_id: TeamId, *, by: Actor, action: Action = Action.VIEW) -> TeamSettings:
        """Return the settings of a team in which the actor may do `action`."""
        require(by, action, self._new_team(team_id), missing=NotFound("team", team_id))
        return await self._of_team(team_id)

    async def update_user(self, change: SettingsChange, *, by: Actor) -> UserSettings:
        """Change the actor's own settings."""
        require_person(by)
        timezone = change.fields.get("timezone")
        if timezone is not None and timezone not in _timezones():
            raise Invalid.one(f"No time zone '{timezone[:100]}': use a name such as Europe/Berlin.", "timezone")
        return await _changed(self.users, self._new_user(by.user_id), change)

    async def update_team(self, team_id: TeamId, change: SettingsChange, *, by: Actor) -> TeamSettings:
        """Change the settings of a team in which the actor is an administrator or owner."""
        await self.of_team(team_id, by=by, action=Action.MANAGE_INTEGRATIONS)
        model, platform = change.fields.get("default_model"), change.fields.get("default_platform")
        if model is not None and model not in self.models:
            raise Invalid.one(f"defaultModel must be one of: {', '.join(sorted(self.models))}.", "defaultModel")
        if platform is not None and platform not in self.platforms:
            raise Invalid.one(f"{platform.value} is not available on this server.", "defaultPlatform")
        settings = await _changed(self.teams, self._new_team(team_id), change)
        if change.fields:
            await self.journal.updated(settings, "settings", place=settings, by=by.user_id)
        return settings

    async def completed(self, options: Options, *, team_id: TeamId) -> Options:
        """Return how to ask the model where the user has chosen none: the team's, as long as there is such a model."""
        if options.model is not None:
            return options
        model = (await self._of_team(team_id)).default_model
        return dataclasses.replace(options, model=model) if model in self.models else options

    async def default_platform(self, team_id: TeamId) -> DeploymentPlatform:
        """Return where a team deploys. Raises Invalid where it has chosen nothing."""
        platform = (await self._of_team(team_id)).default_platform
        if platform is None:
            raise Invalid.one("Say in platform where to deploy; the team has no default platform.", "platform")
        return platform

    async def _of_team(self, team_id: TeamId) -> TeamSettings:
        return await self.teams.find(team_id) or self._new_team(team_id)

    def _new_user(self, user_id: UserId) -> UserSettings:
        return UserSettings(id=user_id, created_at=self.now(), updated_at=self.now())

    def _new_team(self, team_id: TeamId) -> TeamSettings:
        return TeamSettings(id=team_id, created_at=self.now(), updated_at=self.now())


async def _changed(table: Table[E], default: E, change: SettingsChange) -> E:
    """Change what is stored, or the defaults where nothing is."""

    def changed(old: E) -> E:
        if change.expected_version not in (None, old.version):
            raise Conflict("The settings have changed meanwhile.", current=old)
        return replace(old, **change.fields) if change.fields else old

    settings = await table.update(default.id, changed)
    if settings is not None:
        return settings
    first = changed(default)
    if first is default:
        return default
    first = replace(first, version=1)
    try:
        await table.put_new(first)
    except AlreadyExists:
        return await table.update(default.id, changed) or first
    return first


@cache
def _timezones() -> frozenset[str]:
    """Return the names of all time zones, without those that are another one on each machine, or a placeholder."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})
