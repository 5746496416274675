"""The tests of how a description says that clients speak to the backend."""

import pytest

from services.designs.schema import Api
from services.scaffold.api import read_api
from services.scaffold.schema import derive_schema


@pytest.mark.parametrize(
    "description",
    [
        "A shop with a GraphQL API",
        "a GraphQL backend for notes",
        "Notes via GraphQL",
        "Use GraphQL",
        "A shop (GraphQL)",
        "GraphQL instead of REST",
        "GraphQL, not REST",
        "A to-do list in graphql, for the rest of us",
    ],
)
def test_graphql_is_asked_for(description: str) -> None:
    assert read_api(description) is Api.GRAPHQL


@pytest.mark.parametrize(
    "description",
    [
        "GraphQL and REST for a blog",
        "both REST and GraphQL",
        "REST/GraphQL",
        "A RESTful and GraphQL API",
        "A rest API and a graphql API",
        "with GraphQL as well as REST",
    ],
)
def test_both_are_asked_for(description: str) -> None:
    assert read_api(description) is Api.BOTH


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Build a user management API with teams and roles",
        "A REST API for notes",
        "A shop, no GraphQL",
        "REST instead of GraphQL",
        "REST rather than a GraphQL API",
        "A blog about GraphQL",
        "Courses on GraphQL and Rust",
        "GraphQL courses with lessons",
    ],
)
def test_graphql_is_not_asked_for(description: str) -> None:
    assert read_api(description) is Api.REST


def test_a_derived_schema_says_what_was_asked_for_and_nothing_else_changes() -> None:
    plain, asked = derive_schema("A blog with posts"), derive_schema("A blog with posts and a GraphQL API")

    assert (plain.api, asked.api) == (Api.REST, Api.GRAPHQL)
    assert (plain.tables, plain.accounts) == (asked.tables, asked.accounts)
