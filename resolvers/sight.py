"""What somebody may see by its id: `node` shows it, and so do the payloads of mutations that met a conflict."""

from collections.abc import Awaitable, Callable
from typing import Final

from services.bootstrap import Services
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import prefix_of
from services.foundation.aws.items import Entity

GETTERS: Final[dict[str, Callable[[Services], Callable[..., Awaitable[Entity]]]]] = {
    "user": lambda services: services.users.get,
    "team": lambda services: services.teams.get,
    "invitation": lambda services: services.invitations.get,
    "key": lambda services: services.api_keys.get,
    "project": lambda services: services.projects.get,
    "schema": lambda services: services.schemas.get,
    "architecture": lambda services: services.architectures.get,
    "page": lambda services: services.documentation.get,
    "activity": lambda services: services.activity.get,
    "generation": lambda services: services.generations.get,
    "deployment": lambda services: services.deployments.get,
    "webhook": lambda services: services.webhooks.get,
    "integration": lambda services: services.integrations.get,
    "target": lambda services: services.targets.get,
    "delivery": lambda services: services.webhooks.delivery,
    "session": lambda services: services.analytics.session,
}
"""By the prefix of the id. They take it and `by`, and raise NotFound where the actor may not see what has it."""


async def seen(services: Services, object_id: str, *, by: Actor) -> Entity | None:
    """Return what has the id, or None where there is no such thing or the actor may not see it."""
    getter = GETTERS.get(prefix_of(object_id) or "")
    if getter is None:
        return None
    try:
        return await getter(services)(object_id, by=by)
    except NotFound:
        return None
