"""What is sent is counted before it is coerced: lists, values and levels, in variables and in literals."""

import json
import re
from typing import Any

import httpx
import pytest
from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, parse

from graph.inputs import MOST_LEVELS, MOST_VALUES, Inputs, TooMuch
from graph.lengths import is_list
from graph.limits import Scales
from graph.schema import schema
from services.core.tls import trusted
from tests.sdl import sdl_schema
from tests.snapinfra import Server, User

SCHEMA = schema()._schema  # pyright: ignore[reportPrivateUsage] - graphql-core's, as Strawberry's extensions have it

SAVE = "mutation($input: SaveSchemaInput!) { saveSchema(input: $input) { schema { id } userErrors { field message } } }"
RECORD = """
mutation($events: [AnalyticsEventInput!]!) {
  recordEvents(input: {events: $events}) { acceptedCount outcomes { index } userErrors { field code message } }
}"""
EMPTY: dict[str, Any] = {}
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def table(number: int, **different: Any) -> dict[str, Any]:
    key = {"name": "id", "type": "STRING", "primaryKey": True}
    return {"name": f"t{number}", "fields": [key], **different}


def counted(text: str, **variables: Any) -> list[tuple[str, ...]]:
    """Return the paths of the lists with too many items."""
    scales = Scales(SCHEMA, parse(text), variables)
    scales.weight(None)
    inputs = Inputs(scales.given)
    return [fault.field for call in scales.calls for fault in inputs.faults(call.node, call.field.args)]


def test_every_list_that_can_be_sent_says_its_maximum() -> None:
    silent: list[str] = []
    for kind in sdl_schema().type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            sent = {f"{kind}.{name}": field for name, field in kind.fields.items()}
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
            sent = {
                f"{kind}.{name}({key})": arg for name, field in kind.fields.items() for key, arg in field.args.items()
            }
        else:
            continue
        lists = {name: it.description or "" for name, it in sent.items() if is_list(it.type)}
        silent += [name for name, text in lists.items() if not re.search(r"At most [\d,]+\.$", text)]

    assert silent == []


@pytest.mark.parametrize("number", [51, 50_000])
async def test_a_list_that_is_too_long_is_a_user_error_and_nothing_is_done(alice: User, number: int) -> None:
    project = await alice.project()
    tables = [table(index) for index in range(51)] + [EMPTY] * (number - 51)

    payload = (await alice.result(SAVE, input={"projectId": project["id"], "tables": tables}))["data"]["saveSchema"]

    message = f"At most 50 items are taken here; these are {number:,}."
    assert payload == {"schema": None, "userErrors": [{"field": ["tables"], "message": message}]}
    kept = await alice.ask("query($id: ID!) { project(id: $id) { schema { id } } }", id=project["id"])
    assert kept == {"project": {"schema": None}}


async def test_of_several_mutations_only_that_with_the_long_list_does_nothing(alice: User) -> None:
    project = await alice.project()
    text = """
    mutation($id: ID!, $many: [TableInput!]!, $one: [TableInput!]!) {
      a: saveSchema(input: {projectId: $id, tables: $many}) { schema { version } userErrors { field } }
      b: saveSchema(input: {projectId: $id, tables: $one}) { schema { version } userErrors { field } }
      c: saveSchema(input: {projectId: $id, tables: $many}) { schema { version } userErrors { field } }
    }"""

    done = await alice.result(text, id=project["id"], one=[table(1)], many=[table(number) for number in range(51)])

    refused = {"schema": None, "userErrors": [{"field": ["tables"]}]}
    assert done == {"data": {"a": refused, "b": {"schema": {"version": 1}, "userErrors": []}, "c": refused}}


async def test_a_long_list_in_a_query_is_an_error_alike_on_both_transports(alice: User) -> None:
    ids = ["x"] * 101
    literal = "{ nodes(ids: [" + '"x" ' * 101 + "]) { id } }"

    for query, variables in ((NODES, {"ids": ids}), (literal, {})):
        by_http = await alice.result(query, **variables)
        (by_socket,) = [result async for result in alice.follow(query, **variables)]

        assert by_socket == by_http
        assert by_http == {
            "errors": [
                {
                    "message": "At most 100 items are taken here; these are 101.",
                    "extensions": {"code": "BAD_USER_INPUT", "fields": [["ids"]]},
                }
            ]
        }


def test_lists_are_counted_wherever_they_are_and_however_they_are_written() -> None:
    fields, many = [{"name": "a", "type": "STRING"}] * 101, [EMPTY] * 1001
    one_table = """
    mutation($f: [FieldInput!]!) {
      saveSchema(input: {projectId: 1, tables: {name: 1, fields: $f}}) { schema { id } }
    }"""
    literal = RECORD.replace("($events: [AnalyticsEventInput!]!)", "").replace("$events", f"[{'{} ' * 1001}]")
    default = RECORD.replace("]!)", f"]! = [{'{} ' * 1001}])", 1)
    by_fragment = "query($ids: [ID!]!) { ...F } fragment F on Query { a: nodes(ids: $ids) { id } }"

    assert counted(SAVE, input={"tables": [{"fields": []}, {"fields": fields}]}) == [("input", "tables", "1", "fields")]
    assert counted(one_table, f=fields) == [("input", "tables", "fields")]
    assert counted(RECORD, events=many) == [("input", "events")]
    assert counted(literal) == [("input", "events")]
    assert counted(default) == [("input", "events")]
    assert counted(by_fragment, ids=["x"] * 101) == [("ids",)]
    assert counted(NODES, ids=["x"] * 100) == []


def test_values_are_counted_together_and_once_for_each_use() -> None:
    events = [{"id": "a", "type": "CUSTOM"}] * 1000
    twice = "mutation($e: [AnalyticsEventInput!]!) { " + " ".join(
        f"a{number}: recordEvents(input: {{events: $e}}) {{ acceptedCount }}" for number in range(7)
    )
    unknown = {f"k{number}": 1 for number in range(MOST_VALUES)}

    assert counted(RECORD, events=events) == []
    with pytest.raises(TooMuch, match="20,000 values"):
        counted(f"{twice} }}", e=events)
    with pytest.raises(TooMuch, match="20,000 values"):
        counted(RECORD, events=[unknown])
    with pytest.raises(TooMuch, match="20,000 values"):
        counted(RECORD, events=[{"metadata": [0] * (MOST_VALUES + 1)}])


@pytest.mark.parametrize("metadata", ["[", '{"a":'])
def test_values_nest_so_deeply_and_no_deeper(metadata: str) -> None:
    end = {"[": "]", '{"a":': "}"}[metadata]

    def nested(levels: int) -> list[Any]:
        return [{"metadata": json.loads(metadata * levels + "1" + end * levels)}]

    assert counted(RECORD, events=nested(MOST_LEVELS - 4)) == []
    with pytest.raises(TooMuch, match="32 levels"):
        counted(RECORD, events=nested(MOST_LEVELS))


@pytest.mark.parametrize(
    "query",
    [
        RECORD,
        RECORD.replace("recordEvents", "nothing: recordEvents"),
        RECORD.replace("($events: [AnalyticsEventInput!]!)", "").replace("$events", f"[{'{} ' * 1900}]"),
        "query($events: [ID!]!) { ...F } fragment F on Query { nodes(ids: $events) { id } }",
        "{ viewer { this is not valid } }",
    ],
)
async def test_who_has_not_signed_in_is_told_so_before_anything_is_looked_at(server: Server, query: str) -> None:
    body: Any = {"query": query, "variables": {"events": [EMPTY] * 1000}}
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        plain = await http.post(server.url, json=body)
        modern = await http.post(server.url, json=body, headers={"accept": "application/graphql-response+json"})

    refused = {
        "errors": [
            {
                "message": "Sign in first: send 'Authorization: Bearer <token>'.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    }
    assert (plain.status_code, plain.json()) == (200, refused)
    assert (modern.status_code, modern.headers["www-authenticate"], modern.json()) == (401, "Bearer", refused)


async def test_anybody_may_ask_what_the_schema_is_and_what_is_wrong_with_that(server: Server) -> None:
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        shown = await http.post(server.url, json={"query": "{ __typename __schema { queryType { name } } }"})
        unknown = await http.post(server.url, json={"query": "{ nothing }"})

    assert shown.json() == {"data": {"__typename": "Query", "__schema": {"queryType": {"name": "Query"}}}}
    assert unknown.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
