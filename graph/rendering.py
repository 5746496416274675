"""The fast way from a stream's event to its answer: what is selected of a type is worked out once.

graphql-core executes the whole operation anew for each event. An event of which only plain fields are selected needs
none of that: the first of its type yields a plan, by which it and all that follow are rendered. Whatever a plan can't
do, and whatever goes wrong in one, graphql-core does; it is the oracle in tests/graph/test_rendering.py.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from time import perf_counter
from typing import Any, Final, cast

from graphql import (
    ExecutionResult,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, collect_fields
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext, get_object_definition
from strawberry.types.execution import StreamExecutionResult

LONG: Final = 20
"""Items of a list that takes others' time: each may have any number of fields."""

SLICE: Final = 0.003
"""Seconds that a list is worked on before others have their turn."""

Render = Callable[[Any], Any]
"""Turns a value into what the answer holds in its place."""


class _NoPlan(Exception):
    """This selection, or this value, is graphql-core's to do."""


class EventExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes as graphql-core does, but for events whose selection has a plan, and long lists, which pause."""

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

    def build_per_event_executor(self, payload: Any) -> Any:
        """Return the executor of one event."""
        kind = cast("type[Any]", type(payload))
        plan = self._plan_of(kind)
        if plan is not None:
            with suppress(Exception):  # whatever it is, graphql-core says it better, and with its path
                return _Rendered(plan(payload))
        core: Any = super()
        return core.build_per_event_executor(payload)

    def _plan_of(self, kind: type[Any]) -> Render | None:
        plans: dict[type[Any], Render | None] = self.__dict__.setdefault("_plans", {})
        if kind not in plans:
            plans[kind] = None
            with suppress(_NoPlan):
                plans[kind] = _operation_plan(self, kind)
        return plans[kind]


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


class _Rendered:
    """Stands in for the executor of an event that is rendered already."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def execute_operation(self, serially: bool | None = None) -> ExecutionResult:  # noqa: ARG002, FBT001 - Executor's
        return ExecutionResult(self._data, None)


class EventRunner(SchemaExtensionsRunner):
    """Runs extensions for a stream's results as far as ours have something to do: where a result has errors.

    Strawberry's own enters a context for each extension and event, which costs more than rendering the event does.
    """

    def on_stream_result(self, result: StreamExecutionResult) -> Any:
        return super().on_stream_result(result) if getattr(result, "errors", None) else _NOTHING

    async def get_extensions_results(self, ctx: ExecutionContext) -> dict[str, Any]:
        """Return what the operation has; no extension of ours adds to it."""
        return ctx.extensions_results


_NOTHING: AbstractAsyncContextManager[None] = nullcontext()


def _operation_plan(executor: EventExecutor, kind: type[Any]) -> Render:
    """Plan a subscription for events of a class. Raises _NoPlan."""
    root = executor.schema.get_root_type(OperationType.SUBSCRIPTION)
    definition = get_object_definition(kind)
    if root is None or definition is None:
        raise _NoPlan
    collected = collect_fields(
        executor.schema,
        executor.fragments,
        executor.variable_values,
        root,
        executor.operation,
        executor.hide_suggestions,
    )
    [(name, details)] = collected.grouped_field_set.items()
    field = root.fields[details[0].node.name.value]
    render = _object_plan(executor, _member(executor, field.type, definition.name), details)
    return lambda payload: {name: render(payload)}


def _member(executor: EventExecutor, given: Any, name: str) -> GraphQLObjectType:
    """Return the type of that name where it is the given one or a member of the given union."""
    inner = _inner(given) if isinstance(given, GraphQLNonNull) else given
    kind = executor.schema.get_type(name)
    fits = kind is inner or (isinstance(inner, GraphQLUnionType) and kind in inner.types)
    if not isinstance(kind, GraphQLObjectType) or not fits:
        raise _NoPlan
    return kind


def _object_plan(executor: EventExecutor, kind: GraphQLObjectType, details: FieldDetailsList) -> Render:
    selected = executor.collect_subfields(kind, details).grouped_field_set
    steps = [(name, _field_plan(executor, kind, chosen)) for name, chosen in selected.items()]
    return lambda value: {name: render(value) for name, render in steps}


def _field_plan(executor: EventExecutor, kind: GraphQLObjectType, details: FieldDetailsList) -> Render:
    """Plan a field that shows an attribute of its object as it is."""
    name = details[0].node.name.value
    if name == "__typename":
        return lambda _: kind.name
    field = kind.fields[name]
    if not getattr(field.resolve, "_is_default", False):  # as Strawberry marks resolvers that only read an attribute
        raise _NoPlan
    attribute: str = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].python_name
    complete = _completion(executor, field.type, details)
    return lambda value: complete(getattr(value, attribute))


def _completion(executor: EventExecutor, kind: Any, details: FieldDetailsList) -> Render:
    if isinstance(kind, GraphQLNonNull):
        return _not_null(_completion(executor, _inner(kind), details))
    if isinstance(kind, GraphQLList):
        item = _completion(executor, _inner(kind), details)
        return _or_null(lambda values: [item(value) for value in values])
    if isinstance(kind, GraphQLObjectType):
        return _or_null(_object_plan(executor, kind, details))
    if is_leaf_type(kind):
        return _or_null(_not_null_after(kind.coerce_output_value))
    raise _NoPlan


def _inner(kind: Any) -> Any:
    """Return the type that a non-null type or a list wraps."""
    return kind.of_type


def _not_null(render: Render) -> Render:
    def checked(value: Any) -> Any:
        if value is None:
            raise _NoPlan
        return render(value)

    return checked


def _or_null(render: Render) -> Render:
    return lambda value: None if value is None else render(value)


def _not_null_after(serialize: Render) -> Render:
    def checked(value: Any) -> Any:
        serialized = serialize(value)
        if serialized is None:
            raise _NoPlan
        return serialized

    return checked
