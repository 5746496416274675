"""The form of an operation's result (https://spec.graphql.org/October2021/#sec-Response-Format)."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError


def result_of(data: Any, errors: Sequence[GraphQLError]) -> dict[str, Any]:
    """Write a result. That of an operation that did not begin has no `data`."""
    result: dict[str, Any] = {} if data is None and is_of_request(errors) else {"data": data}
    if errors:
        result["errors"] = [error.formatted for error in errors]
    return result


def is_of_request(errors: Sequence[GraphQLError]) -> bool:
    """Tell whether these are errors of a request, not of its fields: they have no path."""
    return bool(errors) and not any(error.path for error in errors)
