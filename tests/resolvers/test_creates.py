"""That no mutation of the SDL is forgotten: each makes something, and may be repeated, or is known to make nothing."""

from functools import cache

from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLString, get_named_type

from tests.sdl import sdl_schema
from tests.tables import CREATES, MAKE_NOTHING


@cache
def mutations() -> GraphQLObjectType:
    mutations = sdl_schema().mutation_type
    assert mutations is not None
    return mutations


def texts_of(name: str) -> list[str]:
    """Return the texts of a mutation's payload: they are secrets, which are shown once."""
    payload = get_named_type(mutations().fields[name].type)  # pyright: ignore[reportUnknownVariableType] - any type
    assert isinstance(payload, GraphQLObjectType)
    return [text for text, it in payload.fields.items() if get_named_type(it.type) is GraphQLString]


def test_every_mutation_is_known_as_one_that_makes_something_or_does_not() -> None:
    repeatable: set[str] = set()
    for name, mutation in mutations().fields.items():
        given = get_named_type(mutation.args["input"].type)  # pyright: ignore[reportUnknownVariableType] - any type
        assert isinstance(given, GraphQLInputObjectType)
        repeatable |= {name} if "clientMutationId" in given.fields else set()

    assert repeatable == set(CREATES), "a create takes a clientMutationId, and tests/slices has an input for it"
    known = set(CREATES) | MAKE_NOTHING
    unknown = sorted(set(mutations().fields) - known)
    assert unknown == [], "say in tests/slices by which input they make something, or that they make nothing"
    assert sorted(known - set(mutations().fields)) == []
    assert not CREATES.keys() & MAKE_NOTHING
