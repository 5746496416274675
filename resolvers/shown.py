"""How records of the services are shown. Each slice enters its types here, so that slices can show one another's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, Self, TypeVar

import strawberry

if TYPE_CHECKING:
    from resolvers.activity import Activity
    from resolvers.architectures import Architecture
    from resolvers.deployments.objects import Deployment
    from resolvers.documentation import DocumentationFilter, DocumentationPage
    from resolvers.generations.objects import Generation
    from resolvers.projects import Project
    from resolvers.schemas import Schema, SchemaFilter
    from resolvers.users import User

AnyActivity = Annotated["Activity", strawberry.lazy("resolvers.activity")]
AnyArchitecture = Annotated["Architecture", strawberry.lazy("resolvers.architectures")]
AnyDeployment = Annotated["Deployment", strawberry.lazy("resolvers.deployments.objects")]
AnyDocumentationFilter = Annotated["DocumentationFilter", strawberry.lazy("resolvers.documentation")]
AnyDocumentationPage = Annotated["DocumentationPage", strawberry.lazy("resolvers.documentation")]
AnyGeneration = Annotated["Generation", strawberry.lazy("resolvers.generations.objects")]
AnyProject = Annotated["Project", strawberry.lazy("resolvers.projects")]
AnySchema = Annotated["Schema", strawberry.lazy("resolvers.schemas")]
AnySchemaFilter = Annotated["SchemaFilter", strawberry.lazy("resolvers.schemas")]
AnyUser = Annotated["User", strawberry.lazy("resolvers.users")]


class Shows(Protocol):
    """A type of the schema that is made of a record."""

    @classmethod
    def of(cls, record: Any, /) -> Self: ...


T = TypeVar("T", bound=type[Shows])

_TYPES: Final[dict[type, Callable[[Any], Any]]] = {}


def shows(record: type) -> Callable[[T], T]:
    """Enter a type of the schema as the one that shows records of a type."""

    def enter(shown_as: T) -> T:
        _TYPES[record] = shown_as.of
        return shown_as

    return enter


def shown(record: object | None) -> Any:
    """Return a record as its type of the schema; None as null. Raises KeyError for one that no type shows."""
    return None if record is None else _TYPES[type(record)](record)
