"""API keys in the schema."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers.context import Info
from resolvers.lists import AtMost
from resolvers.mutations import ClientMutationId, Payload, mutation, retry_returns
from resolvers.node import Node
from resolvers.shown import shows
from services.api_keys import model, service
from services.api_keys.text import key_prefix
from services.core.actor import Scope
from services.core.ids import ApiKeyId, TeamId

strawberry.enum(Scope, name="ApiKeyScope")


@shows(model.ApiKey, prefix="key", get=lambda services: services.api_keys.get)
@strawberry.type
class ApiKey(Node):
    """What a program signs in with. It acts for the person who made it, in one team, with their role there."""

    name: str
    """What people call it."""
    prefix: str
    """How its text begins: the part that is no secret."""
    scopes: Annotated[list[Scope], AtMost(len(Scope))]
    """What it may be used for, besides what the role of its maker allows."""
    user_id: strawberry.ID
    """Who made it."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime | None
    """When it ends by itself; null where it does not."""
    last_used_at: datetime | None
    """When it was last used, give or take a minute; null where it never was."""
    revoked_at: datetime | None
    """When it was revoked; null where it was not."""

    @classmethod
    def of(cls, key: model.ApiKey) -> Self:
        return cls(
            id=strawberry.ID(key.id),
            name=key.name,
            prefix=key_prefix(key.id),
            scopes=list(key.scopes),
            user_id=strawberry.ID(key.user_id),
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
        )


@strawberry.input
class CreateApiKeyInput:
    """An API key to make."""

    name: str
    """One line of 1 to 100 characters."""
    scopes: Annotated[list[Scope], AtMost(len(Scope))]
    """What it may be used for; at least one."""
    team_id: strawberry.ID | None = None
    """The team that it is for; null means your personal team."""
    expires_at: datetime | None = None
    """When it ends by itself; null means never."""
    client_mutation_id: ClientMutationId = retry_returns("key", without="its text")


@strawberry.input
class RevokeApiKeyInput:
    """An API key to revoke."""

    api_key_id: strawberry.ID
    """The key."""


@strawberry.type
class CreateApiKeyPayload(Payload):
    """The new key with its text, or what was wrong."""

    api_key: ApiKey | None = None
    """The key; null where there are user errors."""
    text: str | None = None
    """What to send as `Authorization: Bearer …` or `x-api-key: …`. Shown this once; null where a retry made nothing."""

    @classmethod
    def of(cls, created: tuple[model.ApiKey, str | None]) -> Self:
        key, text = created
        return cls(api_key=ApiKey.of(key), text=text)


@strawberry.type
class RevokeApiKeyPayload(Payload):
    """The revoked key, or what was wrong."""

    api_key: ApiKey | None = None
    """The key as it is now."""


@strawberry.type
class ApiKeysMutation:
    @mutation("What to make.")
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> CreateApiKeyPayload:
        """Make an API key for a team whose keys you manage. Its text is shown this once."""
        new = service.NewApiKey(
            name=input.name,
            scopes=tuple(input.scopes),
            team_id=None if input.team_id is None else TeamId(input.team_id),
            expires_at=input.expires_at,
            client_mutation_id=input.client_mutation_id,
        )
        return CreateApiKeyPayload.of(await info.context.services.api_keys.create(new, by=info.context.actor))

    @mutation("Which one.")
    async def revoke_api_key(self, info: Info, input: RevokeApiKeyInput) -> RevokeApiKeyPayload:
        """End an API key for good, and what it has open within 5 seconds."""
        key = await info.context.services.api_keys.revoke(ApiKeyId(input.api_key_id), by=info.context.actor)
        return RevokeApiKeyPayload.of(key)
