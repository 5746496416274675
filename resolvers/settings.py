"""Settings in the schema."""

from datetime import datetime
from typing import Annotated, Any, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import Payload, mutation
from resolvers.platforms import DeploymentPlatform
from services import settings as model
from services.core.ids import TeamId
from services.settings import NotifiableEvent, Theme

for _enum in (Theme, NotifiableEvent):
    strawberry.enum(_enum)


@strawberry.type
class UserSettings:
    """What a user prefers."""

    theme: Theme
    """How a frontend looks; SYSTEM at first."""
    timezone: str
    """The time zone in which times are shown to them, such as `Europe/Berlin`; `UTC` at first."""
    notify_on: Annotated[list[NotifiableEvent], AtMost(len(NotifiableEvent))]
    """What they want to be told of by mail: everything but GENERATION_COMPLETED at first. It takes a server that sends
    mail, and an address that the identity provider tells."""
    version: int
    """Counts the changes, from 0; pass it as `expectedVersion` to change only what you have seen."""
    updated_at: datetime | None
    """When they were last changed; null where they never were."""

    @classmethod
    def of(cls, settings: model.UserSettings) -> Self:
        return cls(
            theme=settings.theme,
            timezone=settings.timezone,
            notify_on=list(settings.notify_on),
            version=settings.version,
            updated_at=settings.updated_at if settings.version else None,
        )


@strawberry.type
class TeamSettings:
    """What the members of a team share."""

    default_platform: DeploymentPlatform | None
    """Where deployments go that name no platform; null at first."""
    default_model: str | None
    """The model of generations that name none; null, as at first, leaves it to the server."""
    version: int
    """Counts the changes, from 0; pass it as `expectedVersion` to change only what you have seen."""
    updated_at: datetime | None
    """When they were last changed; null where they never were."""

    @classmethod
    def of(cls, settings: model.TeamSettings) -> Self:
        return cls(
            default_platform=settings.default_platform,
            default_model=settings.default_model,
            version=settings.version,
            updated_at=settings.updated_at if settings.version else None,
        )


@strawberry.input
class UpdateSettingsInput:
    """Changes to your settings; a null field stays as it is."""

    theme: Theme | None = None
    """How a frontend looks."""
    timezone: str | None = None
    """A name of the IANA time zone database, such as `Europe/Berlin`."""
    notify_on: Annotated[list[NotifiableEvent], AtMost(len(NotifiableEvent))] | None = None
    """Everything that you want to be mailed about; empty for nothing."""
    expected_version: int | None = None
    """Change nothing unless the settings still have this version: a CONFLICT then carries them as they are."""


@strawberry.input
class UpdateTeamSettingsInput:
    """Changes to a team's settings; a field that is left out stays as it is."""

    team_id: strawberry.ID
    """The team; you must be its OWNER or an ADMIN."""
    default_platform: DeploymentPlatform | None = strawberry.UNSET
    """Where deployments go that name no platform; null for nowhere."""
    default_model: str | None = strawberry.UNSET
    """The model of generations that name none; null leaves it to the server."""
    expected_version: int | None = None
    """Change nothing unless the settings still have this version: a CONFLICT then carries them as they are."""


@strawberry.type
class UpdateSettingsPayload(Payload):
    """Your settings, or what was wrong."""

    settings: UserSettings | None = None
    """The settings as they are now, also after a CONFLICT."""

    @classmethod
    def of(cls, settings: model.UserSettings) -> Self:
        return cls(settings=UserSettings.of(settings))


@strawberry.type
class UpdateTeamSettingsPayload(Payload):
    """A team's settings, or what was wrong."""

    settings: TeamSettings | None = None
    """The settings as they are now, also after a CONFLICT."""

    @classmethod
    def of(cls, settings: model.TeamSettings) -> Self:
        return cls(settings=TeamSettings.of(settings))


@strawberry.type
class SettingsMutation:
    @mutation("What to change.")
    async def update_settings(self, info: Info, input: UpdateSettingsInput) -> UpdateSettingsPayload:
        """Change your own settings."""
        notify_on = None if input.notify_on is None else tuple(dict.fromkeys(input.notify_on))
        asked = {"theme": input.theme, "timezone": input.timezone, "notify_on": notify_on}
        fields = {name: value for name, value in asked.items() if value is not None}
        change = model.SettingsChange(fields, input.expected_version)
        return UpdateSettingsPayload.of(await info.context.services.settings.update_user(change, by=info.context.actor))

    @mutation("What to change.")
    async def update_team_settings(self, info: Info, input: UpdateTeamSettingsInput) -> UpdateTeamSettingsPayload:
        """Change the settings of a team, as its OWNER or an ADMIN."""
        asked: dict[str, Any] = {"default_platform": input.default_platform, "default_model": input.default_model}
        fields = {name: value for name, value in asked.items() if value is not strawberry.UNSET}
        settings = await info.context.services.settings.update_team(
            TeamId(input.team_id), model.SettingsChange(fields, input.expected_version), by=info.context.actor
        )
        return UpdateTeamSettingsPayload.of(settings)
