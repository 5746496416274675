"""The context of an operation: the services, and who asks."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, TypeAlias, TypeVar

import strawberry

from resolvers.loaders import Loaders
from services.bootstrap import Services
from services.core.actor import Actor, Scope
from services.core.errors import Fault, Forbidden, Invalid, Unauthenticated
from services.foundation.auth.tokens import Subject
from services.sign_in import Credential

T = TypeVar("T")

SIGN_IN: Final = "Sign in first: send 'Authorization: Bearer <token>'."


@dataclass(slots=True)
class Context:
    """Made for each HTTP request and each socket."""

    services: Services
    signed_in: Actor | None = None
    credential: Credential | None = None
    """What makes them who they are, for as long as it holds."""
    address: str = ""
    """Where they come from."""
    traceparent: str | None = None
    """The trace of which the request says that it is a part."""
    points: int = 0
    """What the operation costs (graph.limits)."""
    needed_scopes: Callable[[], AbstractSet[Scope]] = frozenset
    """Tells what the operation needs of an API key."""
    overlong: Mapping[str, Sequence[Fault]] = field(default_factory=dict[str, Sequence[Fault]])
    """Which lists of a mutation's input have too many items, by the mutation's key in the answer (graph.inputs)."""
    plans: dict[Any, Any] | None = None
    """What was worked out of the document's selections before (graph.rendering)."""
    _loaders: Loaders | None = None
    _loads: dict[Hashable, "asyncio.Future[Any]"] = field(default_factory=dict[Hashable, "asyncio.Future[Any]"])

    @property
    def actor(self) -> Actor:
        """Who is signed in. Raises Unauthenticated where nobody is, Forbidden where an API key's scopes do not do."""
        if self.signed_in is None:
            raise Unauthenticated(SIGN_IN)
        if self.signed_in.scopes is not None and (missing := self.needed_scopes() - self.signed_in.scopes):
            needed = " and ".join(sorted(scope.value for scope in missing))
            raise Forbidden(f"This API key may not do that: it lacks the scope {needed}.")
        return self.signed_in

    def require_counted(self, key: str) -> None:
        """Raise Invalid where an input has overlong lists: what is left of it is not what was sent."""
        if faults := self.overlong.get(key):
            raise Invalid(faults)

    @property
    def caller(self) -> str:
        """Whose requests are counted together: the API key's, the user's, or the address's of who has not signed in."""
        if self.credential is None:
            return self.address
        return self.credential.key_id or self.credential.actor.user_id

    def for_operation(self) -> Self:
        """Return this context with nothing loaded yet."""
        return replace(self, overlong={}, _loads={}, _loaders=None)

    async def take_up_roles(self) -> None:
        """Let the rest of this operation see the roles that it has just changed for whoever asks."""
        self.signed_in = await self.services.users.actor(Subject(self.actor.user_id), anew=True)

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
