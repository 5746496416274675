"""How long the lists of the schema are: inputs are counted by it (graph.inputs), operations weighed (graph.limits)."""

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from resolvers.lists import AtMost, Length, length_in
from resolvers.paging import Connection

_LENGTH: Final = "length"
_DEFINITION: Final = GraphQLCoreConverter.DEFINITION_BACKREF


class NoLength(Exception):
    """A list does not say how long it may be."""


def declare_lengths(schema: GraphQLSchema) -> None:
    """Note the length of every list where `length_of` finds it, and add it to the description. Raises NoLength."""
    for place, element in _lists(schema):
        definition: StrawberryField | StrawberryArgument = element.extensions[_DEFINITION]
        annotation = definition.type_annotation
        length = None if annotation is None else length_in(annotation.annotation)
        if length is None or (not isinstance(length, AtMost) and not isinstance(element, GraphQLField)):
            raise NoLength(f"{place} is a list: say how long it may be (resolvers.lists).")
        element.extensions[_LENGTH] = length
        if isinstance(length, AtMost):
            element.description = f"{element.description or ''} {length.sentence}".strip()


def length_of(element: Any) -> Length | None:
    """Return how long the list of a field, an argument or an input field may be; None where it is no list."""
    return element.extensions.get(_LENGTH)


def _lists(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        match kind:
            case GraphQLInputObjectType():
                yield from ((f"{kind}.{name}", field) for name, field in kind.fields.items() if is_list(field.type))
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in kind.fields.items():
                    yield from ((f"{kind}.{name}({key})", arg) for key, arg in field.args.items() if is_list(arg.type))
                    if is_list(field.type) and not _is_connection(kind):
                        yield f"{kind}.{name}", field
            case _:
                pass


def unwrapped(kind: Any, *wrappers: type) -> Any:
    """Return a type without the outer wrappers, of which it may be GraphQLNonNull and GraphQLList."""
    while type(kind) in wrappers:
        kind = kind.of_type
    return kind


def is_list(kind: Any) -> bool:
    """Tell whether a type is a list, nullable or not."""
    return isinstance(unwrapped(kind, GraphQLNonNull), GraphQLList)


def _is_connection(kind: GraphQLObjectType | GraphQLInterfaceType) -> bool:
    """Tell whether a type is a page, whose lists are as long as `first` says where the page is asked for."""
    definition: StrawberryObjectDefinition = kind.extensions[_DEFINITION]
    return definition.concrete_of is not None and definition.concrete_of.origin is Connection
