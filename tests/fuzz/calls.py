"""Calls: an operation with one root field of the SDL, arguments for it, and everything selected that needs none."""

# graphql-core's types of types are generic without arguments.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)
from hypothesis import strategies as st

from services.core.frozen import frozen
from tests.fuzz.values import Raw, Ref, of_type

_LEVELS: Final = 3
"""Of what is selected below a root field."""
_MOST_BELOW: Final = 4
"""Fields of an object that have fields of their own."""
_MOST_ARGUMENTS: Final = 5
"""Of all that is below a root field."""


_BY_VARIABLE: Final = st.just(True)  # noqa: FBT003 - a value like others


class Caller(Enum):
    OWNER = "the owner"
    KEY = "an API key"
    ANALYTICS_KEY = "an API key for analytics"
    ADMIN = "an administrator"
    ANONYMOUS = "nobody"


@frozen
class Argument:
    """A value for an argument, by a variable or as a literal."""

    name: str
    kind: Any
    value: Any
    by_variable: bool


@frozen
class Call:
    operation: str
    """query, mutation or subscription."""
    name: str
    """Of the root field."""
    caller: Caller
    arguments: tuple[Argument, ...]
    selection: str
    below: tuple[Argument, ...] = ()
    """Arguments of fields of the selection, which has variables for them."""
    decoded: bool = True
    """Whether the variables come as JSON: else they are already what the services might be given by anybody."""

    def document(self, refers: Callable[[Ref], str]) -> tuple[str, str]:
        """Return the text of the operation and the JSON of its variables; ids are looked up."""
        written = _Writer(refers)
        passed = [f"{one.name}: {written.argument(one, f'v{number}')}" for number, one in enumerate(self.arguments)]
        for number, one in enumerate(self.below):
            written.variable(one, f"b{number}")
        declared = f"({', '.join(written.declared)})" if written.declared else ""
        given = f"({', '.join(passed)})" if passed else ""
        text = f"{self.operation} Fuzz{declared} {{ {self.name}{given} {self.selection} }}"
        return text, "{" + ", ".join(f'"{name}": {value}' for name, value in written.variables.items()) + "}"

    def __str__(self) -> str:
        text, variables = self.document(lambda ref: f"<{ref.kind} {ref.nth}>")
        return f"{self.caller.value}: {_short(text)} with {_short(variables)}"


@dataclass
class _Writer:
    refers: Callable[[Ref], str]
    declared: list[str] = field(default_factory=list[str])
    variables: dict[str, str] = field(default_factory=dict[str, str])

    def argument(self, argument: Argument, name: str) -> str:
        if not argument.by_variable:
            return self.literal(argument.value, argument.kind)
        self.variable(argument, name)
        return f"${name}"

    def variable(self, argument: Argument, name: str) -> None:
        self.declared.append(f"${name}: {argument.kind}")
        self.variables[name] = self.json(argument.value)

    def json(self, value: Any) -> str:
        match value:
            case Ref():
                return json.dumps(self.refers(value))
            case Raw():
                return value.text
            case dict():
                return "{" + ", ".join(f"{json.dumps(name)}: {self.json(item)}" for name, item in value.items()) + "}"
            case list():
                return f"[{', '.join(map(self.json, value))}]"
            case _:
                return json.dumps(value)

    def literal(self, value: Any, kind: Any) -> str:
        while isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        match value:
            case dict():
                fields = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
                names = {
                    name: f"x{number}" if not name.isidentifier() or not name.isascii() else name
                    for number, name in enumerate(value)
                }
                items = (
                    f"{names[name]}: {self.literal(item, fields[name].type if name in fields else None)}"
                    for name, item in value.items()
                )
                return "{" + ", ".join(items) + "}"
            case list():
                of = kind.of_type if isinstance(kind, GraphQLList) else None
                return f"[{', '.join(self.literal(item, of) for item in value)}]"
            case str() if isinstance(kind, GraphQLEnumType):
                return value
            case _:
                return self.json(value)


def calls(schema: GraphQLSchema) -> st.SearchStrategy[Call]:
    """Return calls of every root field of a schema, as likely as any other."""
    roots = (
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    )
    return st.one_of(
        [_call(operation, name, found) for operation, root in roots if root for name, found in root.fields.items()]
    )


def _call(operation: str, name: str, found: GraphQLField) -> st.SearchStrategy[Call]:
    below: list[tuple[str, Any]] = []
    selection = selected(found.type, below, levels=_LEVELS)
    return st.builds(
        Call,
        st.just(operation),
        st.just(name),
        st.sampled_from([Caller.OWNER] * 12 + list(_likely(name)) + list(Caller)),
        _arguments(name, found),
        st.just(selection),
        st.tuples(*(_argument(key, kind, _BY_VARIABLE, owner="", rarely=True) for key, kind in below)),
        st.sampled_from([True, True, True, False]),
    )


def _likely(name: str) -> Iterator[Caller]:
    if name == "recordEvents":
        yield from [Caller.ANALYTICS_KEY] * 40
    if name in {"queueStatus", "deadJobs", "redriveJob"}:
        yield from [Caller.ADMIN] * 20


def _arguments(owner: str, found: GraphQLField) -> st.SearchStrategy[tuple[Argument, ...]]:
    parts = [_argument(name, argument.type, st.booleans(), owner=owner) for name, argument in found.args.items()]
    keep = st.lists(st.sampled_from([True] * 6 + [False]), min_size=len(parts), max_size=len(parts))
    return st.tuples(st.tuples(*parts), keep).map(
        lambda drawn: tuple(
            one for one, kept in zip(*drawn, strict=True) if kept or isinstance(one.kind, GraphQLNonNull)
        )
    )


def _argument(
    name: str, kind: Any, by_variable: st.SearchStrategy[bool], *, owner: str, rarely: bool = False
) -> st.SearchStrategy[Argument]:
    value = of_type(kind, name, owner=owner)
    if rarely and not isinstance(kind, GraphQLNonNull):
        value = st.none() | st.none() | st.none() | value
    return st.builds(Argument, st.just(name), st.just(kind), value, by_variable)


def selected(kind: Any, below: list[tuple[str, Any]], *, levels: int, prefix: str = "") -> str:
    """Write what is selected of a type, with variables for the arguments of its fields, which go into `below`."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLUnionType):
        members = (
            f"... on {one.name} {selected(one, below, levels=1, prefix=f'm{number}_')}"
            for number, one in enumerate(named.types)
        )
        return f"{{ __typename {' '.join(members)} }}"
    if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    parts, objects = ["__typename"], 0
    for name, found in named.fields.items():
        if is_composite_type(get_named_type(found.type)):
            objects += 1
            if levels <= 1 or objects > _MOST_BELOW:
                continue
        if len(below) + len(found.args) > _MOST_ARGUMENTS:
            continue
        passed = [f"{key}: $b{len(below) + nth}" for nth, key in enumerate(found.args)]
        below += [(key, argument.type) for key, argument in found.args.items()]
        given = f"({', '.join(passed)})" if passed else ""
        alias = f"{prefix}{name}: " if prefix else ""
        parts.append(f"{alias}{name}{given} {selected(found.type, below, levels=levels - 1)}".strip())
    return f"{{ {' '.join(parts)} }}"


def _short(text: str, most: int = 1_500) -> str:
    shown = text.encode("ascii", "backslashreplace").decode()
    return shown if len(shown) <= most else f"{shown[:most]}… ({len(shown):,} characters)"
