"""What becomes of an operation before it runs: parsed, let in, validated, weighed, its input counted.

Nothing of it has happened when it is refused here. What costs time comes after what may refuse it, and what takes long
leaves the event loop to others meanwhile.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its middleware
    get_operation_ast,
)
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from graph.codes import RequestCode
from graph.documents import MOST_OPERATIONS, Checked, check, kept, read
from graph.encoding import encoded
from graph.inputs import Inputs, TooMuch
from graph.introspection import introspection_faults
from graph.limits import Scales
from graph.scopes import OPEN, needed_scopes, root_fields
from graph.turns import in_turn
from resolvers.context import SIGN_IN, Context
from services.core.errors import Fault, Invalid, Problem, Unauthenticated
from services.core.frozen import frozen

P = ParamSpec("P")
T = TypeVar("T")

SHORT: Final = 1_000
"""Characters of a document that is parsed and validated at once, in some milliseconds; longer ones have a thread."""

MOST_ANSWERS: Final = 16
"""Answers to introspection that are kept, those used last. The largest take some hundred kilobytes."""

_answers: Final[OrderedDict[bytes, ExecutionResult]] = OrderedDict()


@frozen
class Chosen:
    """The operation of a document that is meant."""

    operation: OperationDefinitionNode
    kind: OperationType
    roots: frozenset[str]
    """The names of its own fields."""
    is_closed: bool
    """Whether one must have signed in for some of them."""


@dataclass(slots=True)
class Preparation:
    """Prepares an operation. `about` says what is asked, and takes the document."""

    schema: GraphQLSchema
    about: ExecutionContext
    operation_name: str | None
    _roots: frozenset[str] = field(default=frozenset())
    """The names of the operation's own fields."""

    async def errors(self) -> list[GraphQLError]:
        """Return why the operation does not run.

        Raises MissingQueryError, CannotGetOperationTypeError and InvalidOperationTypeError, which Strawberry expects.
        """
        query = self.about.query
        if not query:
            raise MissingQueryError
        try:
            checked = kept(query)
            if checked is None:
                if self._is_anonymous:  # whose document is parsed, but not validated unless anybody may ask it
                    self._admit(await self._at_length(read, query), {})
                checked = await self._at_length(check, self.schema, query)
            chosen = self._admit(checked.document, checked.chosen)
            if isinstance(self.about.context, Context):
                self.about.context.plans = checked.plans
        except GraphQLError as refusal:
            return [refusal.with_traceback(None)]  # which refers to all of this, as this to it
        if checked.errors:
            return list(checked.errors)
        scales, too_much = self._weighed(checked, chosen)
        errors = too_much or list(self._errors_of_input(scales))
        if scales.calls:
            await asyncio.sleep(0)  # counting a large input takes its time, and so does coercing it next
        if isinstance(self.about.context, Context):
            self.about.context.points = scales.whole.points
        return errors or (await self._introspect(scales) if scales.introspected else [])

    @property
    def _is_anonymous(self) -> bool:
        return isinstance(self.about.context, Context) and self.about.context.signed_in is None

    async def _at_length(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something with the document, in the thread where it is long."""
        if len(self.about.query or "") <= SHORT:
            return work(*args, **kwargs)
        caller = self.about.context.caller if isinstance(self.about.context, Context) else ""
        return await in_turn(caller, work, *args, **kwargs)

    def _admit(self, document: DocumentNode, known: "dict[str | None, Chosen]") -> "Chosen":
        """Find the operation. Raises GraphQLError where it is not clear which, or where one must have signed in."""
        self.about.graphql_document = document
        chosen = known.get(self.operation_name)
        if chosen is None:
            chosen = self._choose(document)
            if len(known) < MOST_OPERATIONS:
                known[self.operation_name] = chosen
        if chosen.kind not in self.about.allowed_operations:
            raise InvalidOperationTypeError(chosen.kind)
        self._roots = chosen.roots
        if isinstance(self.about.context, Context):
            self.about.context.needed_scopes = partial(needed_scopes, document, self.operation_name)
        if self._is_anonymous and chosen.is_closed:
            raise _refused(Unauthenticated(SIGN_IN))
        return chosen

    def _choose(self, document: DocumentNode) -> "Chosen":
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if len(operations) > 1 and self.operation_name is None:
            message = "The document has several operations: say which one by `operationName`."
            raise GraphQLError(message, extensions={"code": RequestCode.OPERATION_RESOLUTION_FAILURE})
        operation = get_operation_ast(document, self.operation_name)
        if operation is None:
            raise CannotGetOperationTypeError(self.operation_name)
        roots = frozenset(root_fields(document, operation))
        fields: Any = getattr(self.schema.get_root_type(operation.operation), "fields", {})
        is_closed = any(name in fields for name in roots - OPEN)
        return Chosen(operation, OperationType(operation.operation.value), roots, is_closed)

    def _weighed(self, checked: Checked, chosen: "Chosen") -> tuple[Scales, list[GraphQLError]]:
        """Weigh the operation, and say what is too much; once, where variables change nothing about that."""
        variables, name = self.about.variables or {}, self.operation_name
        if (known := checked.weighed.get(name)) is not None:
            return known.for_variables(chosen.operation, variables), []
        scales = Scales(self.schema, checked.document, variables)
        errors = scales.errors(name)
        if not errors and not scales.varies and len(checked.weighed) < MOST_OPERATIONS:
            checked.weighed[name] = replace(scales, variables={}, given={})
        return scales, errors

    def _errors_of_input(self, scales: Scales) -> Iterator[GraphQLError]:
        """Count what is sent. A mutation's overlong lists become user errors of its payload (resolvers.errors)."""
        inputs, overlong = Inputs(scales.given), dict[str, list[Fault]]()
        try:
            for call in scales.calls:
                faults = list(inputs.faults(call.node, call.field.args))
                if faults and call.parent is self.schema.mutation_type and isinstance(self.about.context, Context):
                    overlong[call.key] = [Fault(fault.message, fault.field[1:]) for fault in faults]
                    self.about.context.overlong = overlong
                elif faults:
                    yield _refused(Invalid(faults))
        except TooMuch as much:
            yield _refused(Invalid([Fault(much.message)]))
        else:
            inputs.empty()

    async def _introspect(self, scales: Scales) -> list[GraphQLError]:
        """Weigh what introspects. Where there is nothing else, its result is there before anything runs."""
        if not self._roots <= OPEN:
            return introspection_faults(self.schema, scales.document, scales.introspected, scales.given, alone=False)
        given = {name: value for name, value in scales.variables.items() if name in scales.given}
        key = encoded((self.about.query, self.operation_name, given))
        errors, answer = [], _answers.get(key)
        if answer is None:
            caller = self.about.context.caller if isinstance(self.about.context, Context) else ""
            errors, answer = await in_turn(caller, self._answer, scales, key)
        if answer is not None and not answer.errors:
            _keep(key, answer)
        self.about.result = answer  # pyright: ignore[reportAttributeAccessIssue] - as Strawberry itself sets it
        return errors

    def _answer(self, scales: Scales, key: bytes) -> tuple[list[GraphQLError], ExecutionResult | None]:
        if (kept := _answers.get(key)) is not None:  # made while this one waited
            return [], kept
        document, given = scales.document, scales.given
        if errors := introspection_faults(self.schema, document, scales.introspected, given, alone=True):
            return errors, None
        answer = execute_sync(
            self.schema, document, variable_values=self.about.variables, operation_name=self.operation_name
        )
        data: Any = answer.data and msgspec.Raw(msgspec.json.encode(answer.data))
        return [], ExecutionResult(data, answer.errors)


def _keep(key: bytes, answer: ExecutionResult) -> None:
    _answers[key] = answer
    _answers.move_to_end(key)
    if len(_answers) > MOST_ANSWERS:
        _answers.popitem(last=False)


def _refused(problem: Problem) -> GraphQLError:
    return GraphQLError(problem.message, original_error=problem)
