"""How inputs become objects of their classes, worked out once for each class.

Strawberry works it out anew for each object, which takes 0.2 ms for an event of analytics: with a batch of a thousand,
everybody else would wait for a fifth of a second.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    get_object_definition,
)

Convert = Callable[[Any], Any]
"""Turns a coerced value, which is not null, into that of a class."""


class _Different(Exception):
    """A type tells null from nothing, which Strawberry does."""


def convert_inputs(schema: GraphQLSchema, config: StrawberryConfig) -> None:
    """Let input types make their objects by themselves, but for those with fields that tell null from nothing."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            definition: StrawberryObjectDefinition = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
            with suppress(_Different):
                definition.from_input = _with_origin(_making(definition, config))


def _with_origin(make: Convert) -> Callable[[type, Mapping[str, Any], InputContext], Any]:
    return lambda _origin, given, _context: make(given)


def _making(definition: StrawberryObjectDefinition, config: StrawberryConfig) -> Convert:
    """Return what makes an object of its coerced fields. Raises _Different."""
    origin, name_of = definition.origin, config.name_converter.from_field
    steps = [(name_of(field), field.python_name, _conversion(field.type, config)) for field in definition.fields]
    nothing = {
        field.python_name: None
        for field in definition.fields
        if MISSING is field.default is field.default_factory  # pyright: ignore[reportUnknownMemberType] - generic
    }

    def make(given: Mapping[str, Any]) -> Any:
        arguments: dict[str, Any] = dict(nothing)
        for key, name, convert in steps:
            if key in given:
                value = given[key]
                arguments[name] = value if convert is None or value is None else convert(value)
        return origin(**arguments)

    return make


def _conversion(kind: Any, config: StrawberryConfig) -> Convert | None:
    """Return how values of a type are converted; None where they stay as they are. Raises _Different."""
    if isinstance(kind, StrawberryMaybe):
        raise _Different
    if isinstance(kind, StrawberryOptional):
        return _conversion(kind.of_type, config)
    if isinstance(kind, StrawberryList):
        convert = _conversion(kind.of_type, config)
        return list if convert is None else _of_each(convert)
    definition = get_object_definition(kind)
    return None if definition is None else _making(definition, config)


def _of_each(convert: Convert) -> Convert:
    return lambda values: [value if value is None else convert(value) for value in values]
