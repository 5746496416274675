"""What an introspection returns, counted before anything of it is made.

It multiplies with each level that goes on from many things to many, so it is counted level by level: by how often each
thing comes there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_introspection_query,
    get_named_type,
    parse,
    value_from_ast_untyped,
)
from graphql.type.introspection import introspection_types

from graph.lengths import is_list

TIMES_STANDARD: Final = 2
"""How many times as much may be returned as to the standard query, of which clients have several versions."""

MOST_BESIDE: Final = 1_000
"""Fields that may be returned where others than introspecting ones stand beside."""

MOST_VISITS: Final = 100_000
"""Things that are looked at to count an operation's fields; the standard query takes a tenth."""

MOST_NESTED: Final = 60
"""Selections within selections, those of fragments included."""

Things = Counter[int]
"""How often each thing comes, by its `id`."""


class TooMuch(Exception):
    """An introspection returns more than it may, or it takes long to say how much."""


def introspection_faults(
    schema: GraphQLSchema,
    document: DocumentNode,
    nodes: Sequence[FieldNode],
    variables: Mapping[str, Any],
    *,
    alone: bool,
) -> list[GraphQLError]:
    """Return what is too much of an operation's introspecting fields; `alone`: no others stand beside them."""
    if sum(node.name.value == "__schema" for node in nodes) > 1:
        return [GraphQLError("Ask for __schema once in an operation.")]
    most = TIMES_STANDARD * standard_size(schema) if alone else MOST_BESIDE
    try:
        Counting(_answers(schema), document, variables, most).count(nodes)
    except TooMuch:
        advice = "" if alone else ", beside other fields: ask for it in an operation of its own"
        return [GraphQLError(f"The introspection returns too much: {most:,} fields are the most{advice}.")]
    return []


@cache
def standard_size(schema: GraphQLSchema) -> int:
    """Return how many fields the standard introspection query returns."""
    text = get_introspection_query(
        schema_description=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        input_value_deprecation=True,
        one_of=True,
    )
    document = parse(text)
    nodes: Any = document.definitions[0]
    return Counting(_answers(schema), document, {}, most=10**9).count(nodes.selection_set.selections)


@dataclass(slots=True)
class Answers:
    """What introspection finds behind each thing of a schema: always the same."""

    schema: GraphQLSchema
    _things: dict[int, Any] = field(default_factory=dict[int, Any])
    """By `id`; what is made anew for each look is kept from the first."""
    _behind: dict[tuple[str, str, int], tuple[int, ...]] = field(
        default_factory=dict[tuple[str, str, int], tuple[int, ...]]
    )

    def note(self, things: Iterable[Any]) -> tuple[int, ...]:
        """Remember things, and return their ids."""
        noted = {id(thing): thing for thing in things if thing is not None}
        self._things.update(noted)
        return tuple(noted)

    def behind(self, kind: str, name: str, thing: int) -> tuple[int, ...]:
        """Return what a field shows of a thing, deprecated things included."""
        key = (kind, name, thing)
        if key not in self._behind:
            shown = _field(kind, name)
            resolve: Any = shown.resolve
            arguments = {"includeDeprecated": True} if "includeDeprecated" in shown.args else {}
            value = resolve(self._things[thing], SimpleNamespace(schema=self.schema), **arguments)
            self._behind[key] = self.note((value or ()) if is_list(shown.type) else [value])  # pyright: ignore[reportUnknownMemberType] - the type of a list is generic
        return self._behind[key]


_answers = cache(Answers)


@dataclass(slots=True)
class Counting:
    """Counts the fields that introspecting fields of a valid document return; at `most` so many."""

    answers: Answers
    document: DocumentNode
    variables: Mapping[str, Any]
    most: int
    _visits: int = 0
    _nested: int = 0

    def count(self, nodes: Iterable[FieldNode]) -> int:
        """Return how many fields are returned. Raises TooMuch."""
        return self._checked(sum(map(self._root, nodes)))

    def _root(self, node: FieldNode) -> int:
        if node.name.value == "__schema":
            return 1 + self._selected(node.selection_set, "__Schema", [self.answers.schema])
        names = [value_from_ast_untyped(argument.value, dict(self.variables)) for argument in node.arguments or ()]
        types = [self.answers.schema.type_map.get(name) for name in names if isinstance(name, str)]
        return 1 + self._selected(node.selection_set, "__Type", types)

    def _selected(self, selections: SelectionSetNode | None, kind: str, things: Iterable[Any]) -> int:
        return self._of(selections, kind, Counter(self.answers.note(things)))

    def _of(self, selections: SelectionSetNode | None, kind: str, things: Things) -> int:
        if selections is None or not things:
            return 0
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise TooMuch
        total = 0
        for node in selections.selections:
            self._visits += len(things)
            match node:
                case FieldNode():
                    total += things.total() + self._behind(node, kind, things)
                case InlineFragmentNode():
                    total += self._of(node.selection_set, kind, things)
                case FragmentSpreadNode():
                    total += self._of(self._fragment(node.name.value).selection_set, kind, things)
                case _:
                    pass
            self._checked(total)
        self._nested -= 1
        return total

    def _behind(self, node: FieldNode, kind: str, things: Things) -> int:
        if node.selection_set is None:
            return 0
        name = node.name.value
        behind: Things = Counter()
        for thing, times in things.items():
            for inner in self.answers.behind(kind, name, thing):
                behind[inner] += times
        return self._of(node.selection_set, get_named_type(_field(kind, name).type).name, behind)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - the type of a list is generic

    def _checked(self, total: int) -> int:
        if total > self.most or self._visits > MOST_VISITS:
            raise TooMuch
        return total

    def _fragment(self, name: str) -> FragmentDefinitionNode:
        return next(
            node
            for node in self.document.definitions
            if isinstance(node, FragmentDefinitionNode) and node.name.value == name
        )


def _field(kind: str, name: str) -> GraphQLField:
    shown = introspection_types[kind]
    assert isinstance(shown, GraphQLObjectType)  # noqa: S101 - only those have fields to select from
    return shown.fields[name]
