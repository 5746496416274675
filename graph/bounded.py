"""Strawberry's schema, with operations that are bounded, prepared and executed as this api does."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from time import perf_counter
from typing import Any, Final

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    execute,  # pyright: ignore[reportUnknownVariableType] - its middleware
)
from strawberry.exceptions import MissingQueryError
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import DEFAULT_ALLOWED_OPERATION_TYPES
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.await_maybe import await_maybe

from graph.access_log import AccessLog
from graph.errors import coded
from graph.preparing import Preparation
from graph.rendering import EventExecutor, EventRunner
from graph.turns import SHARE, share_of
from resolvers.context import Context

_REFUSALS: Final = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
"""What transports word themselves."""

_is_awaitable: Final[Any] = optimized_is_awaitable

MUCH: Final = 1_000
"""Points of an operation that keeps others waiting for some milliseconds."""


class OperationContext(SchemaExtension):
    """Gives every operation a context of its own, also where many share a socket."""

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context):
            self.execution_context.context = context.for_operation()
        yield


class BoundedSchema(strawberry.Schema):
    """Prepares operations as graph.preparing says, on every transport; streams take the fast way (graph.rendering).

    Logging is left to graph.errors, which knows a user's error from a mistake of ours.
    """

    def _create_execution_context(  # noqa: PLR0917 - Strawberry's
        self,
        query: str | None,
        allowed_operation_types: Iterable[OperationType],
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionContext:
        """Take an empty name of an operation for none."""
        return super()._create_execution_context(
            query=query,
            allowed_operation_types=allowed_operation_types,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name or None,
            operation_extensions=operation_extensions,
        )

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
        """Execute a query or a mutation, as Strawberry does with the extensions of this schema.

        Each does here in one line what takes Strawberry several contexts and generators. The oracle of
        tests/graph/test_bounded.py is Strawberry's own method.
        """
        context = context_value.for_operation() if isinstance(context_value, Context) else context_value
        about = self._create_execution_context(
            query=query,
            allowed_operation_types=DEFAULT_ALLOWED_OPERATION_TYPES
            if allowed_operation_types is None
            else allowed_operation_types,
            variable_values=variable_values,
            context_value=context,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
        )
        line, began = AccessLog(), perf_counter()
        line.execution_context = about
        try:
            result = await self._result(about)
            if result.errors:
                result.errors = [coded(error) for error in result.errors]
            line.note(result.errors)
        except _REFUSALS as refusal:
            line.note([coded(refusal)])
            raise
        except Exception as mistake:  # noqa: BLE001 - which becomes an error of the answer
            line.note([coded(mistake)])
            result = PreExecutionError(None, [coded(mistake)])
        finally:
            line.write(perf_counter() - began)
        return result

    async def _result(self, about: ExecutionContext) -> ExecutionResult:
        name = about._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as below
        if errors := await Preparation(self._schema, about, name).errors():
            return PreExecutionError(None, errors)
        answered: Any = about.result
        if answered is None:
            async with _share_of(about.context):
                answered = await await_maybe(
                    execute(
                        self._schema,
                        _document_of(about),
                        about.root_value,
                        about.context,
                        about.variables,
                        about.operation_name,
                        is_awaitable=_is_awaitable,
                        executor_class=EventExecutor,
                        operation_extensions=about.operation_extensions,
                    )
                )
        return ExecutionResult(answered.data, answered.errors)

    async def _execute_operation(self, execution_context: ExecutionContext, *more: Any, **named: Any) -> Any:
        async with _share_of(execution_context.context):
            return await super()._execute_operation(execution_context, *more, **named)

    async def _prepare_operation_async(
        self,
        context: ExecutionContext,
        extensions_runner: SchemaExtensionsRunner,
    ) -> PreExecutionError | None:
        del extensions_runner  # no extension of ours looks at parsing or validation
        name = context._provided_operation_name  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `operation_name` is that of the first where none is given
        preparation = Preparation(self._schema, context, name)
        context.pre_execution_errors = errors = await preparation.errors()
        return PreExecutionError(data=None, errors=errors) if errors else None

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> EventRunner:
        return EventRunner(execution_context=execution_context, extensions=extensions)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing."""


def _share_of(context: object) -> AbstractAsyncContextManager[Any]:
    """Return what an operation holds while it runs: of a caller some run at a time, of those that cost much one."""
    if not isinstance(context, Context):
        return nullcontext()
    return share_of(context.caller, 1 if context.points > MUCH else SHARE)


def _document_of(about: ExecutionContext) -> DocumentNode:
    assert about.graphql_document is not None  # noqa: S101 - it has just been prepared
    return about.graphql_document
