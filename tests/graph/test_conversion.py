"""Inputs become the objects that Strawberry makes of them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_argument
from strawberry.types.base import get_object_definition

from graph.conversion import convert_inputs


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.input
class Point:
    x: int
    y: int | None


@strawberry.input
class Shape:
    title: str
    middle: Point
    corners: list[Point]
    holes: list[Point | None] | None
    tags: list[str] = strawberry.field(default_factory=lambda: ["new"])
    colour: Colour = Colour.RED
    second_colour: Colour | None = Colour.RED
    edge: Point | None = None


@strawberry.input
class Filter:
    title: strawberry.Maybe[str]


@strawberry.type
class Query:
    @strawberry.field
    def area(self, shape: Shape, filter: Filter) -> int:
        del shape, filter
        return 0


GIVEN: list[Mapping[str, Any]] = [
    {"title": "a", "middle": {"x": 1}, "corners": []},
    {"title": "a", "middle": {"x": 1, "y": None}, "corners": [{"x": 2, "y": 3}], "holes": [None, {"x": 4}], "tags": []},
    {"title": "", "middle": {"x": 0}, "corners": [], "holes": None, "secondColour": None, "edge": {"x": 5}},
]


def test_objects_are_those_that_strawberry_makes() -> None:
    schema, config = strawberry.Schema(query=Query), StrawberryConfig()

    def made() -> list[Any]:
        return [convert_argument(it, Shape, schema.schema_converter.scalar_registry, config) for it in GIVEN]

    theirs = made()
    convert_inputs(schema._schema, config)  # pyright: ignore[reportPrivateUsage] - graphql-core's
    ours = made()

    assert ours == theirs
    assert ours[0].tags == ["new"]
    assert has_maker(Shape)
    assert not has_maker(Filter)


def has_maker(kind: type) -> bool:
    definition = get_object_definition(kind, strict=True)
    return definition.from_input is not None
