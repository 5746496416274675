"""How much one operation may ask for, whoever asks and by whichever transport: docs/limits.md explains it.

A document is bounded by the parser before anything else looks at it, and weighed before it runs. Weighing visits each
selection of the document once, however often fragments repeat it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_operation_ast,
    is_composite_type,
    value_from_ast_untyped,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from graph.lengths import length_of
from resolvers.lists import AsLongAs
from services.core.frozen import frozen

MOST_CHARACTERS: Final = 65_536
"""Of a document. The longest that we ship has 1,400; what is large belongs into variables."""

MOST_TOKENS: Final = 4_000
"""Of a document, comments apart: about 20 ms of parsing. The longest that we ship has 200."""

MOST_COMMENTS: Final = 1_000
"""Lines of comments in a document."""

MOST_DEPTH: Final = 15
"""Fields within fields, introspection apart."""

MOST_NESTED: Final = 60
"""Selections within selections, those of fragments included."""

MOST_ROOT_FIELDS: Final = 20
"""Fields of the operation itself, each of which is a request of its own to the services."""

MOST_ALIASES: Final = 50
"""Fields that another name is given, by which one field could be asked for any number of times."""

MOST_POINTS: Final = 10_000
"""What an operation may cost: a field costs 1, and what is below a list counts as often as the list may be long."""

INTROSPECTION: Final = frozenset({"__schema", "__type"})
"""Fields that show the schema itself."""

PARSING: Final[dict[str, Any]] = {
    "max_source_length": MOST_CHARACTERS,
    "max_lexical_tokens": MOST_TOKENS,
    "max_comments": MOST_COMMENTS,
}
"""Options of graphql-core's parser."""

_VARYING: Final = (VariableNode, ListValueNode, ObjectValueNode)
"""Values that are variables, or may hold some."""

# graphql-core compares each two fields of one name, and gives up after half a million comparisons: 0.9 s. The 17
# documents that we ship need less than 500.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 10_000


@dataclass(slots=True)
class Weight:
    """What a selection asks for, with what its fragments repeat."""

    points: int = 0
    """At most one more than an operation may cost."""
    depth: int = 0
    fields: int = 0
    """Those of the selection itself."""
    aliases: int = 0

    def faults(self) -> Iterator[str]:
        """Yield what is too much for an operation."""
        if self.depth > MOST_DEPTH:
            yield f"The operation is {self.depth} fields deep; {MOST_DEPTH} is the most."
        if self.fields > MOST_ROOT_FIELDS:
            yield f"The operation has {self.fields:,} root fields; {MOST_ROOT_FIELDS} is the most."
        if self.aliases > MOST_ALIASES:
            yield f"The operation has {self.aliases:,} aliases; {MOST_ALIASES} is the most."
        if self.points > MOST_POINTS:
            yield (
                f"The operation costs more than {MOST_POINTS:,} points. A field costs 1, and what is below a list "
                "counts `first` times: ask for shorter pages, or for less of each item."
            )


class TooNested(Exception):
    """The selections of a document nest so deeply that they are not weighed."""


@frozen
class Call:
    """A field that arguments are given to."""

    node: FieldNode
    field: GraphQLField
    parent: GraphQLNamedType

    @property
    def key(self) -> str:
        """The name that the field has in the answer."""
        return (self.node.alias or self.node.name).value


@dataclass(slots=True)
class Scales:
    """Weighs the operations of a valid document."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any]
    whole: Weight = field(default_factory=Weight)
    """What the operation weighs."""
    visits: int = 0
    """How many selections were looked at."""
    calls: list[Call] = field(default_factory=list[Call])
    """The fields of the operation that was weighed whose arguments have to be counted."""
    introspected: list[FieldNode] = field(default_factory=list[FieldNode])
    """Its fields that introspect: what they return is weighed apart (graph.introspection)."""
    given: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its variables, with their defaults."""
    varies: bool = False
    """Whether a variable decides how long a list of it may be."""
    _nested: int = 0
    _known: dict[str, Weight] = field(default_factory=dict[str, Weight])
    """The weight of each fragment: it is the same wherever the fragment is used."""
    _fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict[str, FragmentDefinitionNode])

    def errors(self, operation_name: str | None) -> list[GraphQLError]:
        """Return what is too much in an operation."""
        try:
            self.whole = self.weight(operation_name)
        except TooNested:
            return [GraphQLError(f"The selections of the operation nest more than {MOST_NESTED} levels deep.")]
        return [GraphQLError(fault) for fault in self.whole.faults()]

    def for_variables(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> "Scales":
        """Return what was weighed of an operation that does not vary, with other variables."""
        if not operation.variable_definitions:
            return self
        return replace(self, variables=variables, given=_given(operation, variables))

    def weight(self, operation_name: str | None) -> Weight:
        """Weigh an operation. Raises TooNested."""
        operation = get_operation_ast(self.document, operation_name)
        root = None if operation is None else self.schema.get_root_type(operation.operation)
        if operation is None or root is None:
            return Weight()
        self.given = _given(operation, self.variables)
        self._fragments = {
            node.name.value: node for node in self.document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        return self._selected(operation.selection_set, root)

    def _selected(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> Weight:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise TooNested
        whole = Weight()
        for node in selections.selections:
            self.visits += 1
            match node:
                case FieldNode():
                    part = self._field(node, parent)
                case InlineFragmentNode():
                    condition = node.type_condition
                    within = parent if condition is None else self.schema.type_map[condition.name.value]
                    part = self._selected(node.selection_set, within)
                case FragmentSpreadNode():
                    part = self._fragment(node.name.value)
                case _:
                    continue
            whole.points = min(whole.points + part.points, MOST_POINTS + 1)
            whole.depth = max(whole.depth, part.depth)
            whole.fields += part.fields
            whole.aliases += part.aliases
        self._nested -= 1
        return whole

    def _fragment(self, name: str) -> Weight:
        if name not in self._known:
            fragment = self._fragments[name]
            within = self.schema.type_map[fragment.type_condition.name.value]
            self._known[name] = self._selected(fragment.selection_set, within)
        return self._known[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> Weight:
        aliases = 0 if node.alias is None else 1
        definition = self.schema.get_field(parent, node.name.value) if is_composite_type(parent) else None
        if definition is not None and node.arguments:
            self.calls.append(Call(node, definition, parent))
        if node.name.value in INTROSPECTION:
            self.introspected.append(node)
            return Weight(points=1, depth=1, fields=1, aliases=aliases)
        if node.selection_set is None or definition is None:
            return Weight(points=1, depth=1, fields=1, aliases=aliases)
        kind = get_named_type(definition.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - the type of a list is generic
        below = self._selected(node.selection_set, kind)
        return Weight(
            points=min(1 + self._times(node, definition) * below.points, MOST_POINTS + 1),
            depth=1 + below.depth,
            fields=1,
            aliases=aliases + below.aliases,
        )

    def _times(self, node: FieldNode, definition: GraphQLField) -> int:
        """Return how often what is below a field may come. What is no number there, execution refuses."""
        if "first" in definition.args:
            first = self._arguments(node, "first").get("first")
            if first is None:  # also where a variable was left out
                first = definition.args["first"].default_value
            return max(int(first), 0) if isinstance(first, int) or _is_finite(first) else 1
        length = length_of(definition)
        if length is None:
            return 1
        return length.length(self._arguments(node) if isinstance(length, AsLongAs) else {})

    def _arguments(self, node: FieldNode, only: str | None = None) -> dict[str, Any]:
        """Return the arguments of a field, or only one of them, as they were sent."""
        arguments = [argument for argument in node.arguments or () if only in {None, argument.name.value}]
        self.varies = self.varies or any(isinstance(argument.value, _VARYING) for argument in arguments)
        return {argument.name.value: value_from_ast_untyped(argument.value, self.given) for argument in arguments}


def _given(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return an operation's variables, with their defaults."""
    given: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name, default = definition.variable.name.value, definition.default_value
        given[name] = variables.get(name, None if default is None else value_from_ast_untyped(default))
    return given


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and math.isfinite(value)
