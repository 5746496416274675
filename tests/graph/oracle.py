"""Strawberry's own way with this schema: its methods, contexts and extensions, and graphql-core's executor."""

import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError, StreamExecutionResult

from graph.access_log import AccessLine
from graph.errors import coded
from graph.preparing import Preparation
from graph.schema import schema
from resolvers.context import Context


class ContextOfOperation(SchemaExtension):
    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        if isinstance(context, Context):
            self.execution_context.context = context.for_operation()
        yield


class Logged(SchemaExtension):
    """Logs an operation when it has ended."""

    line: AccessLine

    def on_operation(self) -> Iterator[None]:
        began, self.line = time.perf_counter(), AccessLine(self.execution_context)
        try:
            yield
        except Exception as error:
            self.line.note([error])
            raise
        finally:
            self.line.note(getattr(self.execution_context.result, "errors", None))
            self.line.write(time.perf_counter() - began)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        yield
        self.line.note(getattr(result, "errors", None))


class Coded(MaskErrors):
    def __init__(self) -> None:
        super().__init__(should_mask_error=lambda error: "code" not in (error.extensions or {}))

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        return coded(error)


class Strawberrys(strawberry.Schema):
    """Prepares operations as ours does, and leaves the rest to Strawberry."""

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        del extensions_runner
        name = context._provided_operation_name or None  # pyright: ignore[reportPrivateUsage] - as ours
        context._provided_operation_name = name  # pyright: ignore[reportPrivateUsage] - which has no other way to say none
        context.pre_execution_errors = errors = await Preparation(self._schema, context, name).errors()
        return PreExecutionError(data=None, errors=errors) if errors else None

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing: Coded does."""


@cache
def strawberrys_schema() -> strawberry.Schema:
    """Return the product's schema, with Strawberry's own methods."""
    own: Any = object.__new__(Strawberrys)
    own.__dict__ |= {
        **vars(schema()),
        "extensions": [ContextOfOperation, Logged, Coded],
        "execution_context_class": StrawberryGraphQLCoreExecutionContext,
    }
    return own
