"""The schema as a client reads it from the SDL; built once, since that takes a quarter of a second."""

from functools import cache

from graphql import GraphQLSchema, build_schema

from graph.schema import sdl


@cache
def sdl_schema() -> GraphQLSchema:
    """Return the schema of the SDL that the code prints."""
    return build_schema(sdl())
