"""This file is looking up anything by its id."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry

from resolvers.activity import Activity
from resolvers.analytics import Session
from resolvers.api_keys import ApiKey
from resolvers.architectures import Architecture
from resolvers.context import Info
from resolvers.deployments import Deployment
from resolvers.documentation import DocumentationPage
from resolvers.generations import Generation
from resolvers.integrations import Integration
from resolvers.node import Node
from resolvers.notifications import NotificationTarget, Webhook, WebhookDelivery
from resolvers.projects import Project
from resolvers.schemas import Schema
from resolvers.teams import Team
from resolvers.teams.objects import TeamInvitation
from resolvers.users import User
from services.bootstrap import Services
from services.core.errors import Invalid, NotFound
from services.core.ids import prefix_of

MOST: Final = 100

_BY_PREFIX: Final[dict[str, tuple[Callable[[Services], Callable[..., Awaitable[Any]]], Callable[[Any], Node]]]] = {
    "user": (lambda services: services.users.get, User.of),
    "team": (lambda services: services.teams.get, Team.of),
    "invitation": (lambda services: services.invitations.get, TeamInvitation.of),
    "key": (lambda services: services.api_keys.get, ApiKey.of),
    "project": (lambda services: services.projects.get, Project.of),
    "schema": (lambda services: services.schemas.get, Schema.of),
    "architecture": (lambda services: services.architectures.get, Architecture.of),
    "page": (lambda services: services.documentation.get, DocumentationPage.of),
    "activity": (lambda services: services.activity.get, Activity.of),
    "generation": (lambda services: services.generations.get, Generation.of),
    "deployment": (lambda services: services.deployments.get, Deployment.of),
    "webhook": (lambda services: services.webhooks.get, Webhook.of),
    "integration": (lambda services: services.integrations.get, Integration.of),
    "target": (lambda services: services.targets.get, NotificationTarget.of),
    "delivery": (lambda services: services.webhooks.delivery, WebhookDelivery.of),
    "session": (lambda services: services.analytics.session, Session.of),
}


async def _find(info: Info, object_id: str) -> Node | None:
    actor, entry = info.context.actor, _BY_PREFIX.get(prefix_of(object_id) or "")
    if entry is None:
        return None
    getter, show = entry
    try:
        return show(await getter(info.context.services)(object_id, by=actor))
    except NotFound:
        return None


@strawberry.type
class NodesQuery:
    @strawberry.field
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of anything.")]
    ) -> Node | None:
        """Return anything by its id; null where there is no such thing or you may not see it."""
        return await _find(info, id)

    @strawberry.field
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Up to 100 ids of anything.")],
    ) -> list[Node | None]:
        """Return several things by their ids, in the order of the ids."""
        if len(ids) > MOST:
            raise Invalid.one(f"At most {MOST} ids at once.", "ids")
        return list(await asyncio.gather(*(_find(info, object_id) for object_id in ids)))
