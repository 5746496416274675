"""This file is what becomes of a document before it runs: bounded, parsed, validated, its operation found and weighed.

Nothing of an operation has happened when it is refused here. A valid document that came lately is neither parsed nor
validated again.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from graph.limits import PARSING, Scales

KEPT: Final = 256
"""Valid documents that are kept, those used last."""

MOST_KEPT: Final = 4_096
"""Characters of a document that is kept: all of them together take less than 100 MB, whoever sends what."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, and where it breaks the schema's rules."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]


class Faulty(Exception):
    """The document breaks the schema's rules."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(checked)
        self.checked = checked


class Documents(SchemaExtension):
    """Prepares operations, alike on every transport."""

    checked: Checked | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options = cast("Any", PARSING)  # typed as if there were one option only
        yield

    def on_parse(self) -> Iterator[None]:
        """Leave to the schema what can't be parsed: it reports that by itself, on every transport."""
        query = self.execution_context.query or ""
        with suppress(GraphQLError):
            self.checked = check(self._schema, query)
            self.execution_context.graphql_document = self.checked.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = list(self._errors())
        yield

    def _errors(self) -> Iterator[GraphQLError]:
        context = self.execution_context
        if self.checked is None:
            return
        document, name = self.checked.document, context.operation_name
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) > 1 and context._provided_operation_name is None:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - `operation_name` is that of the first then
            message = "The document has several operations: say which one by `operationName`."
            yield GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})
        elif self.checked.errors:
            yield from self.checked.errors
        else:
            yield from Scales(self._schema, document, context.variables or {}).errors(name)

    @property
    def _schema(self) -> GraphQLSchema:
        return self.execution_context.schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - as Strawberry's own extensions do


def check(schema: GraphQLSchema, query: str) -> Checked:
    """Parse a document and validate it. Raises GraphQLError for one that can't be parsed."""
    try:
        return _kept(schema, query) if len(query) <= MOST_KEPT else _checked(schema, query)
    except Faulty as faulty:
        return faulty.checked


def _checked(schema: GraphQLSchema, query: str) -> Checked:
    document = parse(query, **PARSING)
    checked = Checked(document, tuple(_clear(error) for error in validate_document(schema, document, specified_rules)))
    if checked.errors:
        raise Faulty(checked)  # an exception, so that nobody's mistakes push others' documents out
    return checked


def _clear(error: GraphQLError) -> GraphQLError:
    """Say what graphql-core means when it gives up (graph.limits)."""
    if error.message != "Validation aborted.":
        return error
    return GraphQLError("The document asks for the same fields, or uses its fragments, too many times.")


_kept = lru_cache(KEPT)(_checked)
