"""The record of an API key: what a program signs in with, instead of a person."""

from datetime import datetime
from typing import Final

from services.core.actor import Scope
from services.core.ids import ApiKeyId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class ApiKey(Entity, frozen=True, kw_only=True, rename="camel"):
    """`hash` is the HMAC-SHA256 of its text with the server's pepper, in hex: the text itself is kept nowhere."""

    id: ApiKeyId
    team_id: TeamId
    user_id: UserId
    name: str
    scopes: tuple[Scope, ...]
    hash: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    """At most a minute behind."""
    revoked_at: datetime | None = None


API_KEYS: Final = TableSpec(
    "api-keys",
    ApiKey,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex"),),
    indexes=(Index("TeamIdIndex", "teamId", "createdAt"),),
)
