"""Strawberry's schema, with operations that are bounded, prepared and executed as this api does.

A query or a mutation is executed, with one result; on a socket any operation is responded to, with as many as it has.
The oracles of tests/graph/test_bounded.py are Strawberry's own methods.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, aclosing, nullcontext
from time import perf_counter
from typing import Any, Final, Protocol, cast

import strawberry
from graphql import ExecutionResult as CoreResult
from graphql import (
    GraphQLError,
    create_source_event_stream,  # pyright: ignore[reportUnknownVariableType] - its executor
)
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

from graph.access_log import AccessLine, operation_attributes
from graph.encoding import encoded
from graph.preparing import Preparation
from graph.rendering import EventExecutor, executor_of
from graph.results import result_of
from graph.turns import SHARE, share_of
from resolvers.context import Context
from resolvers.streams import Watch
from services.core.instruments import SUBSCRIPTIONS
from services.core.telemetry import Role, is_heard, span

_REFUSALS: Final = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
"""What transports word themselves."""

MUCH: Final = 1_000
"""Points of an operation that keeps others waiting for some milliseconds."""


class Hearer(Protocol):
    """Whoever is told results, as JSON."""

    async def hear(self, result: bytes) -> bool:
        """Take a result, and return whether there is still somebody to hear more."""
        ...

    def hear_now(self, results: Sequence[bytes]) -> bool:
        """Take results where that needs no waiting; return False, having taken none, where it does."""
        ...


class BoundedSchema(strawberry.Schema):
    """Prepares operations as graph.preparing says, on every transport; streams take the fast way (graph.rendering).

    Logging is left to graph.errors, which knows a user's error from a mistake of ours.
    """

    async def execute(  # noqa: PLR0917 - Strawberry's
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute a query or a mutation. Raises what transports word themselves."""
        about = self._create_execution_context(
            query=query,
            allowed_operation_types=DEFAULT_ALLOWED_OPERATION_TYPES
            if allowed_operation_types is None
            else allowed_operation_types,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name or None,  # an empty name is none
            operation_extensions=operation_extensions,
        )
        line, began = AccessLine(about), perf_counter()
        try:
            result = await self._result(about)
            if result.errors:
                result.errors = line.note(result.errors)
        except _REFUSALS as refusal:
            line.note([refusal])
            raise
        except Exception as mistake:  # noqa: BLE001 - which becomes an error of the answer
            result = PreExecutionError(None, line.note([mistake]))
        finally:
            line.write(perf_counter() - began)
        return result

    async def respond(
        self,
        hearer: Hearer,
        query: str | None,
        variables: dict[str, Any] | None,
        context: Any,
        *,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] = DEFAULT_ALLOWED_OPERATION_TYPES,
    ) -> list[GraphQLError]:
        """Run an operation of any kind and tell each of its results; return why it does not begin, if so."""
        about = self._create_execution_context(
            query=query,
            allowed_operation_types=allowed_operation_types,
            variable_values=variables,
            context_value=context.for_operation() if isinstance(context, Context) else context,  # many share a socket
            operation_name=operation_name or None,  # an empty name is none
            operation_extensions=operation_extensions,
        )
        line, began = AccessLine(about), perf_counter()
        try:
            return await self._respond(about, _Teller(hearer, line))
        except _REFUSALS as refusal:
            return line.note([refusal])
        finally:
            line.write(perf_counter() - began)

    async def _respond(self, about: ExecutionContext, teller: "_Teller") -> list[GraphQLError]:
        if errors := await self._prepare(about):
            return teller.line.note(errors)
        if about.operation_type is not OperationType.SUBSCRIPTION:
            answered = await self._executed(about)
            await teller.tell(answered.data, answered.errors)
            return []
        try:
            executor, source = await self._subscribed(about)
            if executor is None:
                return teller.line.note(source)
            pours = cast("Watch[Any, Any]", source) if isinstance(source, Watch) else None
            async with aclosing(cast("AsyncGenerator[Any]", source)) as events, SUBSCRIPTIONS.during():
                async for event in events:
                    if not await _tell_event(event, executor, teller):
                        break
                    if pours is not None:
                        await pours.pour(executor.rendering, teller.hearer.hear_now)
        except Exception as failure:  # noqa: BLE001 - which is the stream's last result
            await teller.tell(None, [failure])
        return []

    async def _subscribed(self, about: ExecutionContext) -> tuple[EventExecutor | None, Any]:
        """Begin a subscription: return its executor and its source, or None and errors."""
        executor = executor_of(self._schema, about)
        if isinstance(executor, list):
            return None, executor
        source: Any = await await_maybe(create_source_event_stream(executor))
        if isinstance(source, CoreResult):
            return None, source.errors
        return executor, source

    async def _result(self, about: ExecutionContext) -> ExecutionResult:
        if errors := await self._prepare(about):
            return PreExecutionError(None, errors)
        answered = await self._executed(about)
        return ExecutionResult(answered.data, answered.errors)

    async def _prepare(self, about: ExecutionContext) -> list[GraphQLError]:
        name = about._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `operation_name` is that of the first where none is given
        return await Preparation(self._schema, about, name).errors()

    async def _executed(self, about: ExecutionContext) -> Any:
        """Execute a query or a mutation, unless its result is there already."""
        if about.result is not None:
            return about.result
        async with _share_of(about.context):
            executor = executor_of(self._schema, about)
            if isinstance(executor, list):
                return CoreResult(None, executor)
            with _traced(about):
                result = executor.execute_operation()
                return await result if hasattr(result, "__await__") else result


class _Teller:
    """Tells the results of an operation, and notes their errors for its line of the log."""

    __slots__ = ("hearer", "line")

    def __init__(self, hearer: Hearer, line: AccessLine) -> None:
        self.hearer, self.line = hearer, line

    async def tell(self, data: Any, errors: Iterable[Exception] | None) -> bool:
        return await self.hearer.hear(encoded(result_of(data, self.line.note(errors))))


async def _tell_event(event: Any, executor: EventExecutor, teller: _Teller) -> bool:
    """Tell the result of a stream's event, and return whether there is still somebody."""
    rendered = executor.rendered(event)
    if rendered is not None:
        return await teller.hearer.hear(rendered)
    answered = await await_maybe(executor.executed(event))
    return await teller.tell(answered.data, answered.errors)


def _traced(about: ExecutionContext) -> AbstractContextManager[Any]:
    """Return the span of a query or a mutation. It goes on with the trace of a client that has signed in."""
    if not is_heard():
        return nullcontext()
    kind, context = about.operation_type.value, about.context
    parent = context.traceparent if isinstance(context, Context) and context.signed_in is not None else None
    return span(kind, Role.SERVER, operation_attributes(about, kind), parent=parent)


def _share_of(context: object) -> AbstractAsyncContextManager[Any]:
    """Return what an operation holds while it runs: of a caller some run at a time, of those that cost much one."""
    if not isinstance(context, Context):
        return nullcontext()
    return share_of(context.caller, 1 if context.points > MUCH else SHARE)
