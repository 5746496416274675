"""What the SDL itself promises."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    parse,
    validate,
)

from cli import operations
from cli.references import refresh
from tests.sdl import sdl_schema

ROOT = Path(__file__).parent.parent.parent


def test_the_generated_references_equal_the_code() -> None:
    assert refresh(check=True) == []


def test_everything_in_the_sdl_has_a_description() -> None:
    bare = [
        name for kind in sdl_schema().type_map.values() if not kind.name.startswith("__") for name in undescribed(kind)
    ]

    assert bare == []


def undescribed(kind: GraphQLNamedType) -> list[str]:
    found = [] if kind.description or kind.name in {"String", "Int", "Float", "Boolean", "ID"} else [kind.name]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            found += [] if field.description else [f"{kind.name}.{name}"]
            found += [f"{kind.name}.{name}({arg})" for arg, it in field.args.items() if not it.description]
    elif isinstance(kind, GraphQLInputObjectType):
        found += [f"{kind.name}.{name}" for name, field in kind.fields.items() if not field.description]
    elif isinstance(kind, GraphQLEnumType):
        found += [f"{kind.name}.{name}" for name, value in kind.values.items() if not value.description]
    return found


def test_fields_of_one_name_have_one_type_within_a_union_so_that_no_alias_is_needed() -> None:
    for union in sdl_schema().type_map.values():
        if isinstance(union, GraphQLUnionType):
            types: dict[str, set[str]] = {}
            for member in union.types:
                for name, field in member.fields.items():
                    types.setdefault(name, set()).add(str(field.type))
            assert {name: kinds for name, kinds in types.items() if len(kinds) > 1} == {}


def test_every_mutation_takes_one_input_and_returns_the_object_and_user_errors() -> None:
    mutation = sdl_schema().mutation_type
    assert mutation is not None

    for name, field in mutation.fields.items():
        assert list(field.args) == ["input"], name
        payload = sdl_schema().type_map[str(field.type).rstrip("!")]
        assert isinstance(payload, GraphQLObjectType)
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"
        assert list(payload.fields)[-1] == "userErrors"


def test_the_operations_that_we_ship_are_valid() -> None:
    schema = sdl_schema()
    tabs = [path.read_text() for path in sorted((ROOT / "graph/graphiql/src/tabs").glob("*.graphql"))]
    terminal = [text for name, text in vars(operations).items() if name.isupper() and isinstance(text, str)]

    assert len(tabs) >= 5
    assert len(terminal) >= 5
    for text in tabs + terminal:
        assert validate(schema, parse(text)) == [], text
