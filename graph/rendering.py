"""The fast way from an object to its answer: what is selected of a type is worked out once for each document.

graphql-core works out for each request, each object, and each event of a stream, what is selected of it, and asks for
each field as if it could be anything. A document that is kept has its executor kept, of which each request has a copy:
what is selected of a type is the same for all of them. Fields that only show an attribute need less: the first object
of its type yields a plan, by which it and all that follow are rendered. Whatever a plan can't do, and whatever goes
wrong in one, graphql-core does; it is the oracle in tests/graph/test_rendering.py.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Any, Final, cast

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    VariableValues,
    get_named_type,
    get_variable_values,
    is_composite_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields
from graphql.execution.executor import CollectedErrors
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext

from graph.documents import MOST_OPERATIONS
from graph.encoding import encoded
from graph.plans import NoPlan, Plan, Render, nullable, operation_plan, selection_plan

LONG: Final = 20
"""Items of a list that takes others' time: each may have any number of fields."""

MOST_STEPS: Final = 150
"""Fields in the plans of a document, each of which takes a kilobyte. What is beyond has no plan."""

MOST_FAULTS: Final = 50
"""Of variables, that are told."""

_STEPS: Final = "steps"
"""Where a document's plans are counted."""

_EXECUTORS: Final = "executors"
"""Where its operations' executors are kept, by their names; nothing of the requests for which they were made."""

MANY: Final = 100
"""Items of a list that are shown by a plan in one turn: a page of the longest takes a millisecond or two."""

SLICE: Final = 0.003
"""Seconds that a list is worked on before others have their turn."""


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes as graphql-core does, but for what has a plan, and long lists, which pause."""

    _roots: GroupedFieldSet | None = None
    """The operation's own fields, where they are the same for each request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # they refer to the executor, so it and its document would wait for the garbage collector; no resolver has a use
        # for them
        self.async_helpers = GraphQLResolveInfoHelpers(gather=_gathered, track=_track)

    def keep(self) -> None:
        """Work out what of the operation is the same for each request. Raises RecursionError."""
        root = self.schema.get_root_type(self.operation.operation)
        if root is not None:
            fields = collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation)
            self._roots = fields.grouped_field_set

    def for_request(self, about: ExecutionContext | None, variables: VariableValues) -> "EventExecutor":
        """Return an executor of the same operation for another request; for None one to be kept."""
        copied = object.__new__(type(self))
        vars(copied).update(vars(self))
        copied.context_value, copied.root_value = (about.context, about.root_value) if about else (None, None)
        copied.operation_extensions = about.operation_extensions if about else None
        copied.variable_values = variables
        copied.collected_errors = CollectedErrors()
        copied.pending_incremental_futures, copied.background_futures = set(), set()
        if len(self._relevant_sub_fields) > MOST_STEPS:
            copied._relevant_sub_fields = {}
        return copied

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: FBT001 - graphql-core's
        """Execute the operation: return its result, or what becomes that."""
        core: Any = super()
        root = self.schema.get_root_type(self.operation.operation)
        if self._roots is None or root is None:
            return core.execute_operation(serially)
        try:
            in_order = self.operation.operation is OperationType.MUTATION if serially is None else serially
            data = core.execute_root_grouped_field_set(root, self.root_value, self._roots, in_order, None)
        except GraphQLError as error:
            return self._without_data(error)
        return self._awaited(data) if hasattr(data, "__await__") else self.build_response(data)

    async def _awaited(self, data: Awaitable[dict[str, Any]]) -> Any:
        try:
            return self.build_response(await data)
        except GraphQLError as error:
            return self._without_data(error)

    def _without_data(self, error: GraphQLError) -> Any:
        self.collected_errors.add(error, None)
        return self.build_response(None)

    def complete_iterable_value(  # noqa: PLR0917 - graphql-core's
        self, item_type: Any, field_details_list: Any, info: Any, path: Any, items: Any, position_context: Any
    ) -> Any:
        """Complete a list. The items of a long one come one by one, so that others have their turn between them."""
        details, position = field_details_list, position_context
        core: Any = super()
        if isinstance(items, list):
            listed = cast("list[Any]", items)
            if (shown := self._shown_items(item_type, details, info, listed)) is not None:
                return shown
            if len(listed) >= LONG and is_composite_type(get_named_type(item_type)):
                pausing = _with_pauses(listed)
                return core.complete_async_iterator_value(item_type, details, info, path, pausing, position)
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

    def _shown_items(self, of: Any, details: FieldDetailsList, info: Any, items: list[Any]) -> list[Any] | None:
        """Return the items of a list whose plan does everything, where they are few enough for one turn."""
        kind = nullable(of)
        if len(items) > MANY or not isinstance(kind, GraphQLObjectType) or kind.is_type_of is None:
            return None
        plan = self._plan(kind, details)
        if plan is None or plan.others or not all(kind.is_type_of(item, info) is True for item in items):
            return None
        shown = [plan.shown(item) for item in items]
        return None if None in shown else shown

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


def executor_of(schema: GraphQLSchema, about: ExecutionContext) -> EventExecutor | list[GraphQLError]:
    """Return what executes an operation that has been prepared, or what is wrong with its variables."""
    plans: dict[Any, Any] | None = getattr(about.context, "plans", None)
    executors: dict[str | None, EventExecutor] = {} if plans is None else plans.setdefault(_EXECUTORS, {})
    kept = executors.get(about.operation_name)
    if kept is None:
        built = _built(schema, about)
        if plans is not None and len(executors) < MOST_OPERATIONS and isinstance(built, EventExecutor):
            built.keep()
            executors[about.operation_name] = built.for_request(None, VariableValues({}, {}))
        return built
    definitions, variables = kept.operation.variable_definitions, kept.variable_values
    if definitions:
        given = get_variable_values(schema, definitions, about.variables or {}, max_errors=MOST_FAULTS)
        if isinstance(given, list):
            return given
        variables = given
    return kept.for_request(about, variables)


def _built(schema: GraphQLSchema, about: ExecutionContext) -> EventExecutor | list[GraphQLError]:
    kind: Any = EventExecutor
    return kind.build(
        schema,
        about.graphql_document,
        about.root_value,
        about.context,
        about.variables,
        about.operation_name,
        max_coercion_errors=MOST_FAULTS,
        is_awaitable=optimized_is_awaitable,
        operation_extensions=about.operation_extensions,
    )


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
