"""This file is the context of an operation: the services, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias, TypeVar

import strawberry

from resolvers.loaders import Loaders
from services.bootstrap import Services
from services.core.actor import Actor
from services.core.errors import Unauthenticated

T = TypeVar("T")


@dataclass(slots=True)
class Context:
    """Made for each HTTP request and each socket. `connection_params` are a socket's, from its connection_init."""

    services: Services
    signed_in: Actor | None = None
    connection_params: dict[str, Any] | None = None
    upgrade_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """A socket's, from the request that opened it."""
    _loaders: Loaders | None = None
    _loads: dict[Hashable, "asyncio.Future[Any]"] = field(default_factory=dict[Hashable, "asyncio.Future[Any]"])

    @property
    def actor(self) -> Actor:
        """The signed-in user. Raises Unauthenticated where nobody is."""
        if self.signed_in is None:
            raise Unauthenticated("Sign in first: send 'Authorization: Bearer <token>'.")
        return self.signed_in

    def for_operation(self) -> Self:
        """Return this context with nothing loaded yet."""
        return replace(self, _loads={}, _loaders=None)

    @property
    def loaders(self) -> Loaders:
        """What loads for many objects at once, as the signed-in user. Raises Unauthenticated where nobody is."""
        if self._loaders is None:
            self._loaders = Loaders(self.services, self.actor)
        return self._loaders

    async def loaded(self, key: Hashable, load: Callable[[], Awaitable[T]]) -> T:
        """Load something at most once for this operation, however many fields ask for it."""
        if key not in self._loads:
            self._loads[key] = asyncio.ensure_future(load())
        return await self._loads[key]


Info: TypeAlias = strawberry.Info[Context, None]
