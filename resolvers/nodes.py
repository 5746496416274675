"""This file is looking up anything by its id."""

import asyncio
from collections.abc import Callable, Mapping
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
from resolvers.lists import AsLongAs, AtMost
from resolvers.node import Node
from resolvers.notifications import NotificationTarget, Webhook, WebhookDelivery
from resolvers.projects import Project
from resolvers.schemas import Schema
from resolvers.sight import seen
from resolvers.teams import Team
from resolvers.teams.objects import TeamInvitation
from resolvers.users import User
from services.core.ids import prefix_of

MOST: Final = 100

_BY_PREFIX: Final[dict[str, Callable[[Any], Node]]] = {
    "user": User.of,
    "team": Team.of,
    "invitation": TeamInvitation.of,
    "key": ApiKey.of,
    "project": Project.of,
    "schema": Schema.of,
    "architecture": Architecture.of,
    "page": DocumentationPage.of,
    "activity": Activity.of,
    "generation": Generation.of,
    "deployment": Deployment.of,
    "webhook": Webhook.of,
    "integration": Integration.of,
    "target": NotificationTarget.of,
    "delivery": WebhookDelivery.of,
    "session": Session.of,
}
"""How what has an id is shown; `resolvers.sight` says who may see it."""


async def _find(info: Info, object_id: str) -> Node | None:
    thing = await seen(info.context.services, object_id, by=info.context.actor)
    return None if thing is None else _BY_PREFIX[prefix_of(object_id) or ""](thing)


def _number_of_ids(arguments: Mapping[str, Any]) -> int:
    ids: Any = arguments.get("ids")
    return len(ids) if isinstance(ids, list) else 1  # pyright: ignore[reportUnknownArgumentType] - JSON


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
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Ids of anything."), AtMost(MOST)],
    ) -> Annotated[list[Node | None], AsLongAs(_number_of_ids)]:
        """Return several things by their ids, in the order of the ids."""
        return list(await asyncio.gather(*(_find(info, object_id) for object_id in ids)))
