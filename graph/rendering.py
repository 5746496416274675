"""The fast way from an object to its answer: what is selected of a type is worked out once for each document.

graphql-core works out for each object, and for each event of a stream, what is selected of it, and asks for each field
as if it could be anything. Fields that only show an attribute need none of that: the first object of its type yields a
plan, by which it and all that follow are rendered. Whatever a plan can't do, and whatever goes wrong in one,
graphql-core does; it is the oracle in tests/graph/test_rendering.py.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, Final, cast

from graphql import GraphQLObjectType, get_named_type, is_composite_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.encoding import encoded
from graph.plans import NoPlan, Plan, Render, operation_plan, selection_plan

LONG: Final = 20
"""Items of a list that takes others' time: each may have any number of fields."""

MOST_STEPS: Final = 150
"""Fields in the plans of a document, each of which takes a kilobyte. What is beyond has no plan."""

_STEPS: Final = "steps"
"""Where a document's plans are counted."""

SLICE: Final = 0.003
"""Seconds that a list is worked on before others have their turn."""


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes as graphql-core does, but for what has a plan, and long lists, which pause."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # they refer to the executor, so it and its document would wait for the garbage collector; no resolver has a use
        # for them
        self.async_helpers = GraphQLResolveInfoHelpers(gather=_gathered, track=_track)

    def complete_iterable_value(  # noqa: PLR0917 - graphql-core's
        self, item_type: Any, field_details_list: Any, info: Any, path: Any, items: Any, position_context: Any
    ) -> Any:
        """Complete a list. The items of a long one come one by one, so that others have their turn between them."""
        details, position = field_details_list, position_context
        core: Any = super()
        is_long = isinstance(items, list) and len(cast("list[Any]", items)) >= LONG
        if is_long and is_composite_type(get_named_type(item_type)):
            items = _with_pauses(cast("list[Any]", items))
            return core.complete_async_iterator_value(item_type, details, info, path, items, position)
        return core.complete_iterable_value(item_type, details, info, path, items, position)

    def collect_and_execute_subfields(
        self, return_type: GraphQLObjectType, field_details_list: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """Answer what is selected of an object."""
        plan = None if position_context else self._plan(return_type, field_details_list)
        shown = None if plan is None else plan.shown(result)
        if plan is None or shown is None:
            core: Any = super()
            return core.collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)
        if not plan.others:
            return shown
        others: Any = self.execute_fields(return_type, result, path, dict(plan.others), None)
        return _joined(plan, shown, others) if hasattr(others, "__await__") else plan.whole(shown, others)

    def _plan(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Plan | None:
        plans = self._plans
        key = (kind.name, *(id(detail.node) for detail in details))
        if key not in plans:
            if plans.get(_STEPS, 0) >= MOST_STEPS:
                return None
            plan = plans[key] = selection_plan(self, kind, details)
            plans[_STEPS] = plans.get(_STEPS, 0) + (len(plan.order) if plan else 1)
        return plans[key]

    @property
    def rendering(self) -> "Rendering":
        return Rendering(self, (id(self._plans), id(self.operation)))

    @property
    def _plans(self) -> dict[Any, Any]:
        """The plans of the document, or where that has none, of this operation."""
        plans = getattr(self.context_value, "plans", None)
        return self.__dict__.setdefault("_own_plans", {}) if plans is None else plans

    def rendered(self, event: Any) -> bytes | None:
        """Return the result of an event, as JSON; None where graphql-core has to execute it."""
        plan = self._plan_of(cast("type[Any]", type(event)))
        if plan is None:
            return None
        with suppress(Exception):  # whatever it is, graphql-core says it better, and with its path
            return encoded({"data": plan(event)})

    def executed(self, event: Any) -> Any:
        """Return the result of an event as graphql-core has it, or what becomes that."""
        core: Any = self
        return core.build_per_event_executor(event).execute_operation(serially=False)

    def _plan_of(self, kind: type[Any]) -> Render | None:
        plans, key = self._plans, (kind, id(self.operation))
        if key not in plans:
            plans[key] = None
            with suppress(NoPlan):
                plans[key] = operation_plan(self, kind)
        return plans[key]


class Rendering:
    """How events are rendered: equal for all operations that ask for the same of them."""

    __slots__ = ("_executor", "_key")

    def __init__(self, executor: EventExecutor, key: tuple[int, int]) -> None:
        self._executor = executor
        self._key = key

    def __call__(self, event: Any) -> bytes | None:
        return self._executor.rendered(event)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rendering) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


async def _gathered(values: Sequence[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*values))


def _track(values: Sequence[Any]) -> None:
    """Leave awaitables to themselves."""
    del values


async def _with_pauses(items: Iterable[Any]) -> AsyncGenerator[Any]:
    began = perf_counter()
    for item in items:
        if perf_counter() - began > SLICE:
            await asyncio.sleep(0)
            began = perf_counter()
        yield item


async def _joined(plan: Plan, shown: Mapping[str, Any], others: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
    return plan.whole(shown, await others)
