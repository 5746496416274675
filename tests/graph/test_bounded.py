"""The promise that queries and mutations are executed as by Strawberry's own method, with the same extensions."""

import logging
from typing import Any

import pytest
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from graph.schema import schema
from resolvers.context import Context
from services.bootstrap import Services
from services.core.actor import Actor
from services.foundation.auth.tokens import Subject
from tests.graph.oracle import strawberrys_schema

ASKED: dict[str, dict[str, Any]] = {
    "a field": {"query": "{ viewer { id teams { nodes { name personal } } } }"},
    "no field of ours": {"query": "{ __typename }"},
    "introspection": {"query": "{ __schema { queryType { name } } }"},
    "introspection and more": {"query": '{ __type(name: "User") { name } viewer { id } }'},
    "variables": {"query": "query($id: ID!) { project(id: $id) { id } }", "variable_values": {"id": "project_1"}},
    "a variable too few": {"query": "query($id: ID!) { project(id: $id) { id } }"},
    "a variable of another type": {
        "query": "query($n: Int!) { projects(first: $n) { nodes { id } } }",
        "variable_values": {"n": "many"},
    },
    "a null where none may be": {
        "query": "query($n: Int) { projects(first: $n) { nodes { id } } }",
        "variable_values": {"n": None},
    },
    "an error of a field": {"query": '{ a: project(id: "project_1") { id } viewer { id } }'},
    "several names": {"query": "query A { __typename } query B { viewer { id } }", "operation_name": "B"},
    "no name of several": {"query": "query A { __typename } query B { viewer { id } }"},
    "an unknown name": {"query": "query A { __typename }", "operation_name": "C"},
    "an empty name": {"query": "query A { __typename }", "operation_name": ""},
    "no operation": {"query": "fragment F on Query { __typename }"},
    "no syntax": {"query": "{"},
    "no document": {"query": ""},
    "an unknown field": {"query": "{ nothing }"},
    "too much": {"query": "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(30)) + " }"},
    "a page too long": {"query": "{ projects(first: 100000) { nodes { id } } }"},
    "a mutation": {
        "query": 'mutation { updateProfile(input: {firstName: "Ada"}) { user { firstName } userErrors { code } } }'
    },
    "a mutation that is refused": {
        "query": 'mutation { createProject(input: {name: ""}) { project { id } userErrors { code field message } } }'
    },
    "a mutation where none may be": {
        "query": "mutation { __typename }",
        "allowed_operation_types": {OperationType.QUERY},
    },
    "a subscription": {"query": "subscription { __typename }", "allowed_operation_types": {OperationType.QUERY}},
}


@pytest.fixture
async def actor(services: Services) -> Actor:
    return await services.users.actor(Subject("user_execution"))


async def came_to(execute: Any, services: Services, actor: Actor | None, asked: dict[str, Any]) -> Any:
    try:
        result: ExecutionResult = await execute(**asked, context_value=Context(services, signed_in=actor))
    except (CannotGetOperationTypeError, InvalidOperationTypeError, Exception) as error:  # noqa: BLE001 - compared
        return type(error), str(error)
    errors = [error.formatted for error in result.errors or []]
    return type(result).__name__, result.data, without_ids(errors), result.extensions or {}


def without_ids(errors: list[Any]) -> list[Any]:
    for error in errors:
        error.get("extensions", {}).pop("requestId", None)
    return errors


@pytest.mark.parametrize("who", ["somebody", "nobody"])
@pytest.mark.parametrize("name", ASKED)
async def test_whatever_is_asked_the_answer_and_the_log_are_strawberrys(
    services: Services, actor: Actor, caplog: pytest.LogCaptureFixture, name: str, who: str
) -> None:
    signed_in = actor if who == "somebody" else None
    found = list[Any]()
    for execute in (schema().execute, strawberrys_schema().execute):
        caplog.clear()
        with caplog.at_level(logging.INFO, "snapinfra.access"):
            answer = await came_to(execute, services, signed_in, ASKED[name])
        lines = [{**record.__dict__["fields"], "durationMs": 0} for record in caplog.records]
        found.append((answer, lines))

    assert found[0] == found[1]
    assert len(found[0][1]) == 1
