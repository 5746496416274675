"""How records of the services are shown, and got by their ids.

Each slice enters its types here, so that slices can show one another's, `node` shows any of them, and so do the
payloads of mutations that met a conflict.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, Self, TypeVar

import strawberry

from services.bootstrap import Services
from services.core.actor import Actor
from services.core.errors import NotFound
from services.core.ids import prefix_of
from services.foundation.aws.items import Entity

if TYPE_CHECKING:
    from resolvers.activity import Activity
    from resolvers.architectures import Architecture
    from resolvers.deployments.objects import Deployment
    from resolvers.documentation import DocumentationFilter, DocumentationPage
    from resolvers.domains import Domain
    from resolvers.environments import Environment
    from resolvers.generations.objects import Generation
    from resolvers.projects import Project
    from resolvers.pushes import Push
    from resolvers.schemas.inputs import SchemaFilter
    from resolvers.schemas.objects import Schema
    from resolvers.users import User

AnyActivity = Annotated["Activity", strawberry.lazy("resolvers.activity")]
AnyArchitecture = Annotated["Architecture", strawberry.lazy("resolvers.architectures")]
AnyDeployment = Annotated["Deployment", strawberry.lazy("resolvers.deployments.objects")]
AnyDocumentationFilter = Annotated["DocumentationFilter", strawberry.lazy("resolvers.documentation")]
AnyDocumentationPage = Annotated["DocumentationPage", strawberry.lazy("resolvers.documentation")]
AnyDomain = Annotated["Domain", strawberry.lazy("resolvers.domains")]
AnyEnvironment = Annotated["Environment", strawberry.lazy("resolvers.environments")]
AnyGeneration = Annotated["Generation", strawberry.lazy("resolvers.generations.objects")]
AnyProject = Annotated["Project", strawberry.lazy("resolvers.projects")]
AnyPush = Annotated["Push", strawberry.lazy("resolvers.pushes")]
AnySchema = Annotated["Schema", strawberry.lazy("resolvers.schemas.objects")]
AnySchemaFilter = Annotated["SchemaFilter", strawberry.lazy("resolvers.schemas.inputs")]
AnyUser = Annotated["User", strawberry.lazy("resolvers.users")]


class Shows(Protocol):
    """A type of the schema that is made of a record."""

    @classmethod
    def of(cls, record: Any, /) -> Self: ...


T = TypeVar("T", bound=type[Shows])
Get = Callable[[Services], Callable[..., Awaitable[Entity]]]
"""Takes the id and `by`; raises NotFound where the actor may not see what has it."""

_TYPES: Final[dict[type, Callable[[Any], Any]]] = {}
_GETS: Final[dict[str, Get]] = {}


def shows(record: type[Entity], *, prefix: str, get: Get) -> Callable[[T], T]:
    """Enter a type of the schema as the one that shows records of a type, which are got by ids with the prefix."""

    def enter(shown_as: T) -> T:
        _TYPES[record] = shown_as.of
        _GETS[prefix] = get
        return shown_as

    return enter


def shown(record: object | None) -> Any:
    """Return a record as its type of the schema; None as null. Raises KeyError for one that no type shows."""
    return None if record is None else _TYPES[type(record)](record)


async def seen(services: Services, object_id: str, *, by: Actor) -> Entity | None:
    """Return what has the id, or None where there is no such thing or the actor may not see it."""
    get = _GETS.get(prefix_of(object_id) or "")
    if get is None:
        return None
    try:
        return await get(services)(object_id, by=by)
    except NotFound:
        return None


def prefixes() -> Collection[str]:
    """Return the prefixes of the ids by which something is got."""
    return _GETS.keys()
