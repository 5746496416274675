"""The descriptions of the SDL: the docstrings of the code, so that both say the same.

A type's, field's or mutation's description is its docstring; an attribute's is the string literal below it (PEP 257,
"attribute docstrings"); an enum value's likewise.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from enum import EnumType
from functools import cache
from types import ModuleType
from typing import Any

from graphql import GraphQLOneOfDirective
from strawberry.schema_directive import StrawberrySchemaDirective
from strawberry.schema_directives import OneOf
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition


def describe(modules: list[ModuleType]) -> None:
    """Give every type, field and enum value that the modules hold its docstring as its description.

    `@oneOf` has the specification's words, which Strawberry leaves out.
    """
    directive: StrawberrySchemaDirective = getattr(OneOf, "__strawberry_directive__")  # noqa: B009 - unknown to types
    directive.description = GraphQLOneOfDirective.description
    for module in modules:
        for thing in vars(module).values():
            definition = getattr(thing, "__strawberry_definition__", None)
            if isinstance(definition, StrawberryObjectDefinition):
                _describe_object(definition)
            elif isinstance(definition, StrawberryEnumDefinition) and isinstance(thing, EnumType):
                _describe_enum(definition, thing)


def _describe_object(definition: StrawberryObjectDefinition) -> None:
    definition.description = definition.description or _docstring(definition.origin)
    attributes: dict[str, str] = {}
    for base in reversed(definition.origin.__mro__):
        attributes |= _attributes(base)
    for field in definition.fields:
        resolver: Any = field.base_resolver  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - generic
        own = _docstring(resolver.wrapped_func) if resolver else attributes.get(field.python_name)
        field.description = field.description or own


def _describe_enum(definition: StrawberryEnumDefinition, enum: EnumType) -> None:
    definition.description = definition.description or _docstring(enum)
    attributes = _attributes(enum)
    for value in definition.values:
        value.description = value.description or attributes.get(value.name)


def _docstring(thing: Any) -> str | None:
    text = inspect.cleandoc(thing.__doc__) if thing.__doc__ else None
    return " ".join(text.split()) if text else None


def _attributes(owner: type) -> dict[str, str]:
    module = sys.modules.get(owner.__module__)
    if module is None or owner.__module__ == "builtins":
        return {}
    return _documented(module).get(owner.__qualname__, {})


@cache
def _documented(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the attribute docstrings of a module's classes."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_pairs(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _pairs(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, following in zip(owner.body, owner.body[1:], strict=False):
        match statement, following:
            case (
                (ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
            case _:
                continue
