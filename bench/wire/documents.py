"""The documents that every contender answers, and the data that all of them have."""  # noqa: INP001 - benchmarks are not a package

import json
from collections.abc import Mapping
from typing import Any, Final

DEPLOYMENTS: Final = 20

TYPENAME: Final = "{ __typename }"
VIEWER: Final = "{ viewer { id } }"
PROJECT: Final = """query($id: ID!) {
  project(id: $id) {
    id name description status version createdAt updatedAt
    deployments(first: 20) {
      nodes { id status platform createdAt }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
EVENTS: Final = """subscription($id: ID!) {
  generationEvents(id: $id) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on TokenDelta { text offset }
    ... on StreamGap { fromSeq toSeq }
  }
}"""
"""Of the events of a generation, text is what there is most of."""


def body(query: str, variables: Mapping[str, Any] | None = None) -> bytes:
    """Write a request's body."""
    asked: dict[str, Any] = {"query": query}
    if variables:
        asked["variables"] = variables
    return json.dumps(asked).encode()
