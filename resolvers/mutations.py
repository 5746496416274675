"""What mutations have in common: retries that are safe, and payloads that say what was wrong."""

import asyncio
import dataclasses
import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Concatenate, ParamSpec, Self, TypeVar

import strawberry

from resolvers.context import Context
from resolvers.errors import UserError, UserErrors, user_errors
from resolvers.shown import seen, shown
from services.core import errors

ClientMutationId = str | None


def retry_returns(thing: str, *, without: str = "") -> Any:
    """Declare the `client_mutation_id` of a create, by what a retry of it returns, and what that then lacks."""
    lacking = f", without {without}," if without else ""
    return strawberry.field(
        default=None,
        description=(
            "Makes a retry safe: for a day, the same value with the same input makes nothing more, and returns the "
            f"{thing} of the first try{lacking} as long as you may see it. With other input it is a CONFLICT."
        ),
    )


class Payload:
    """What a mutation returns: what it changed, and behind it what was wrong. The base of all payloads."""

    user_errors: list[UserError]
    """What you can correct; empty on success."""

    def __init_subclass__(cls) -> None:
        """Declare `userErrors` in the payload itself, behind its own fields: Strawberry has inherited ones first."""
        super().__init_subclass__()
        annotations = inspect.get_annotations(cls)
        if "user_errors" not in annotations:
            cls.__annotations__ = {**annotations, "user_errors": UserErrors}
            cls.user_errors = strawberry.field(default_factory=list)

    @classmethod
    def of(cls, thing: Any, /) -> Self:
        """Make the payload that shows an object of the services by its first field: as its type, or as its id."""
        payload: Any = cls  # Strawberry makes a dataclass of each payload
        name, is_id = _first_field(cls)
        return payload(**{name: strawberry.ID(thing.id) if is_id else shown(thing)})

    @classmethod
    def with_current(cls, thing: Any, /) -> Self:
        """Make the payload of a mutation that has changed nothing of an object: the id is that of what was deleted."""
        return cls() if _first_field(cls)[1] else cls.of(thing)


def _first_field(payload: Any) -> tuple[str, bool]:
    """Return the name of the field that shows what was changed, and whether that is an id."""
    name = dataclasses.fields(payload)[0].name
    return name, name.endswith("_id")


Y = TypeVar("Y", bound=Payload)
P = ParamSpec("P")
S = TypeVar("S")


def mutation(of_input: str, /) -> Callable[[Callable[..., Awaitable[Payload]]], Any]:
    """Declare a mutation that takes one `input`, by what the schema says of that argument; it is `reporting`."""

    def declare(resolve: Callable[..., Awaitable[Payload]]) -> Any:
        declared = inspect.get_annotations(resolve)
        argument = strawberry.argument(description=of_input)
        resolve.__annotations__ = {**declared, "input": Annotated[declared["input"], argument]}
        return strawberry.mutation(reporting(resolve))

    return declare


def reporting(
    resolve: Callable[Concatenate[S, P], Awaitable[Y]],
) -> Callable[Concatenate[S, P], Awaitable[Y]]:
    """Turn what the user can correct into user errors of the payload that a mutation is declared to return.

    A conflict shows the object as it is now, to whom may see it by its id: others are told that there is a conflict.
    """
    payload: type[Y] = inspect.get_annotations(resolve)["return"]

    @functools.wraps(resolve)
    async def reported(root: S, *args: P.args, **kwargs: P.kwargs) -> Y:
        info: Any = kwargs["info"]  # Strawberry gives it by name
        context: Context = info.context
        try:
            await asyncio.sleep(0)  # reading a large input has taken its time: others have theirs
            context.require_counted(info.path.key)
            return await resolve(root, *args, **kwargs)
        except errors.Conflict as conflict:
            is_seen = conflict.current and await seen(context.services, conflict.current.id, by=context.actor)
            answer = payload.with_current(conflict.current) if is_seen else payload()
            answer.user_errors = user_errors(conflict)
            return answer
        except (errors.Invalid, errors.Exhausted) as problem:
            answer = payload()
            answer.user_errors = user_errors(problem)
            return answer

    return reported
