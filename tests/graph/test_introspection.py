"""Introspection is weighed by what it really returns; its answers are made once, apart from other operations."""

import asyncio
from typing import Any, cast

import httpx
import pytest
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    execute_sync,  # pyright: ignore[reportUnknownVariableType] - its middleware
    get_introspection_query,
    parse,
    validate,
)

from graph.introspection import MOST_BESIDE, Answers, Counting, TooMuch, introspection_faults, standard_size
from graph.schema import schema
from services.core.tls import trusted
from tests.snapinfra import User

SCHEMA = schema()._schema  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it

DEEP = "types { fields { type { ofType { fields { type { ofType { name kind } } } } } } }"
RETURNING = [
    get_introspection_query(),
    get_introspection_query(specified_by_url=True, input_value_deprecation=True, one_of=True, type_depth=15),
    "{ __schema { queryType { name } types { kind } } }",
    f"{{ __schema {{ {DEEP} }} }}",
    "{ __schema { types { possibleTypes { name fields { args { type { name ofType { name } } } } } } } }",
    "{ __schema { types { inputFields { name defaultValue type { inputFields { name } } } enumValues { name } } } }",
    """
    { __schema { directives { name args { type { ofType { name } } } } subscriptionType { ...T } } }
    fragment T on __Type { name ... on __Type { fields { ...F } } }
    fragment F on __Field { name args { name } }
    """,
    '{ a: __type(name: "Project") { fields { type { name } } } b: __type(name: "Nothing") { name } }',
]


def counting(text: str, most: int = 10**9, **variables: Any) -> int:
    """Return how many fields an introspection says that it returns."""
    document = parse(text)
    operation = cast("OperationDefinitionNode", document.definitions[0])
    nodes = cast("list[FieldNode]", operation.selection_set.selections)
    return Counting(Answers(SCHEMA), document, variables, most).count(nodes)


def returned(value: Any) -> int:
    """Return how many fields an answer has."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return len(fields) + sum(returned(inner) for inner in fields.values())
    return sum(map(returned, cast("list[Any]", value))) if isinstance(value, list) else 0


@pytest.mark.parametrize("text", RETURNING)
def test_exactly_what_is_returned_is_counted(text: str) -> None:
    assert validate(SCHEMA, parse(text)) == []

    assert counting(text) == returned(execute_sync(SCHEMA, parse(text)).data)


def test_a_type_is_found_by_a_variable_too() -> None:
    text = "query($name: String!) { __type(name: $name) { name kind } }"

    assert counting(text, name="Project") == 3
    assert counting(text, name="Nothing") == 1
    assert counting(text, name=5) == 1


def test_deprecated_things_count_whether_they_are_asked_for_or_not() -> None:
    text = "{ __schema { types { fields(includeDeprecated: false) { name } } } }"

    assert counting(text) >= returned(execute_sync(SCHEMA, parse(text)).data)


def test_counting_gives_up_early_where_fragments_multiply() -> None:
    doubling = " ".join(f"fragment f{n} on __Type {{ ...f{n + 1} ...f{n + 1} }}" for n in range(30))
    text = f"{{ __schema {{ types {{ ...f0 }} }} }} {doubling} fragment f30 on __Type {{ name }}"
    chain = " ".join(f"fragment f{n} on __Type {{ ...f{n + 1} }}" for n in range(100))

    with pytest.raises(TooMuch):
        counting(text)
    with pytest.raises(TooMuch):
        counting(text.replace(doubling, chain).replace("f30", "f100"))


def test_the_standard_query_and_its_variants_are_let_through_whatever_the_options() -> None:
    for depth in (0, 7, 15):
        for options in ({}, {"descriptions": False}, {"input_value_deprecation": True, "one_of": True}):
            document = parse(get_introspection_query(type_depth=depth, **options))
            operation = cast("OperationDefinitionNode", document.definitions[0])
            nodes = cast("list[FieldNode]", operation.selection_set.selections)

            assert introspection_faults(SCHEMA, document, nodes, {}, alone=True) == []
    assert standard_size(SCHEMA) > 10 * MOST_BESIDE


REFUSED = {
    "many times": "{ " + " ".join(f"a{number}: __schema {{ {DEEP} }}" for number in range(20)) + " }",
    "twice": "{ a: __schema { queryType { name } } b: __schema { queryType { name } } }",
    "very much": f"{{ __schema {{ {DEEP.replace('name kind', ' '.join(f'n{i}: name' for i in range(100)))} }} }}",
    "beside other fields": f"{{ viewer {{ id }} __schema {{ {DEEP} }} }}",
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_returns_too_much_is_refused_alike_on_both_transports(alice: User, case: str) -> None:
    by_http = await alice.result(REFUSED[case])
    (by_socket,) = [result async for result in alice.follow(REFUSED[case])]

    assert by_socket == by_http
    assert by_http.keys() == {"errors"}
    assert [error["extensions"]["code"] for error in by_http["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_little_beside_other_fields_is_answered(alice: User) -> None:
    text = '{ __typename __type(name: "Project") { name } viewer { __typename } }'

    answered = await alice.result(text)

    assert answered == {
        "data": {"__typename": "Query", "__type": {"name": "Project"}, "viewer": {"__typename": "User"}}
    }


async def test_answers_are_what_the_schema_says_also_the_second_time_and_on_a_socket(alice: User) -> None:
    text = get_introspection_query(type_depth=5)
    expected = {"data": execute_sync(SCHEMA, parse(text)).data}

    at_once = await asyncio.gather(*(alice.result(text) for _ in range(3)))
    (by_socket,) = [result async for result in alice.follow(text)]

    assert at_once == [expected] * 3
    assert by_socket == expected


async def test_an_answer_is_kept_for_each_name_and_set_of_variables(alice: User) -> None:
    text = "query a($n: String!) { __type(name: $n) { name } } query b($n: String!) { __type(name: $n) { kind } }"

    async def asked(operation: str, name: str) -> Any:
        body = {"query": text, "variables": {"n": name}, "operationName": operation}
        async with httpx.AsyncClient(verify=trusted()) as http:
            return (await http.post(alice.url, json=body)).json()["data"]["__type"]

    for _ in range(2):
        assert await asked("a", "Project") == {"name": "Project"}
        assert await asked("a", "Team") == {"name": "Team"}
        assert await asked("b", "Team") == {"kind": "OBJECT"}


async def test_variables_that_do_not_fit_are_an_error_each_time(alice: User) -> None:
    for _ in range(2):
        answered = await alice.result("query($n: String!) { __type(name: $n) { name } }", n=5)

        assert answered.keys() == {"errors"}
        assert answered["errors"][0]["message"].startswith("Variable '$n' has invalid value")
