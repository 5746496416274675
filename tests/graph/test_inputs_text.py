"""Text and numbers that nobody can keep or read are refused at the door, with the path of the field."""

import base64
import json
from typing import Any

import httpx
import pytest

from services.core.tls import trusted
from tests.snapinfra import Server, User

PAGE = """
mutation($input: CreateDocumentationPageInput!) {
  createDocumentationPage(input: $input) { page { id } userErrors { code field message } }
}"""
PROJECT = """
mutation($input: CreateProjectInput!) {
  createProject(input: $input) { project { id name } userErrors { code field message } }
}"""
HALF, NUL = "a\ud83d", "a\x00"


async def posted(user: User, query: str, **variables: Any) -> tuple[int, dict[str, Any]]:
    """Send a body that escapes whatever is not ASCII, and return status and answer."""
    headers = {"authorization": f"Bearer {user.token}", "content-type": "application/json"}
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        body = json.dumps({"query": query, "variables": variables})
        answer = await http.post(user.url, content=body, headers=headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("text", "wrong"), [(HALF, "must not contain half of a surrogate pair."), (NUL, "must not contain NUL.")]
)
@pytest.mark.parametrize("field", ["projectId", "title", "content", "category", "clientMutationId"])
async def test_what_no_text_can_hold_is_a_user_error_of_its_field(
    alice: User, field: str, text: str, wrong: str
) -> None:
    project = await alice.project()
    page = {"projectId": project["id"], "title": "t", "content": "c", "category": "k", field: text}

    _, answer = await posted(alice, PAGE, input=page)

    assert answer["data"]["createDocumentationPage"] == {
        "page": None,
        "userErrors": [{"code": "BAD_USER_INPUT", "field": [field], "message": f"{field} {wrong}"}],
    }
    pages = "query($id: ID!) { project(id: $id) { documentation { nodes { id } } } }"
    assert (await alice.ask(pages, id=project["id"]))["project"]["documentation"]["nodes"] == []


@pytest.mark.parametrize("text", [HALF, NUL])
@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("query($x: ID!) { node(id: $x) { id } }", ["id"]),
        ("query($x: ID!) { nodes(ids: [$x]) { id } }", ["ids", "0"]),
        ("query($x: String) { projects(after: $x) { nodes { id } } }", ["after"]),
        ("query($x: ID) { projects(filter: {teamId: $x}) { nodes { id } } }", ["filter", "teamId"]),
    ],
)
async def test_in_a_query_it_is_an_error_with_its_path(alice: User, query: str, path: list[str], text: str) -> None:
    _, answer = await posted(alice, query, x=text)

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "fields": [path]}


SCHEMA = "{ __schema { queryType { name } } }"
TYPE = "query($x: String!) { __type(name: $x) { name } }"
SHOWN = {"__schema": {"queryType": {"name": "Query"}}}


@pytest.mark.parametrize(
    "variables", [{"x": HALF}, {"x": NUL}, {"x": [{"a": HALF}]}, {HALF: 1}, {"a": {HALF: {}}}, {"x": 10**250}]
)
@pytest.mark.parametrize("operation", [SCHEMA, "query A { __schema { queryType { name } } }"])
async def test_variables_that_no_operation_declares_say_nothing(
    server: Server, operation: str, variables: dict[str, Any]
) -> None:
    body = json.dumps({"query": operation, "variables": variables})
    async with httpx.AsyncClient(verify=trusted()) as http:
        posted = await http.post(server.url, content=body, headers={"content-type": "application/json"})
        got = await http.get(server.url, params={"query": operation, "variables": json.dumps(variables)})

    assert (posted.json(), got.json()) == ({"data": SHOWN}, {"data": SHOWN})


@pytest.mark.parametrize(
    ("text", "wrong"), [(HALF, "must not contain half of a surrogate pair."), (NUL, "must not contain NUL.")]
)
async def test_the_name_of_a_type_is_text_on_every_transport(
    server: Server, alice: User, text: str, wrong: str
) -> None:
    body = json.dumps({"query": TYPE, "variables": {"x": text}})
    async with httpx.AsyncClient(verify=trusted()) as http:
        posted = await http.post(server.url, content=body, headers={"content-type": "application/json"})
        got = await http.get(server.url, params={"query": TYPE, "variables": json.dumps({"x": text})})
    (by_socket,) = [result async for result in alice.follow(TYPE, x=text)]

    refused = {"errors": [{"message": f"name {wrong}", "extensions": {"code": "BAD_USER_INPUT", "fields": [["name"]]}}]}
    assert posted.json() == got.json() == by_socket == refused


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } } # \ud800",
        '{ __type(name: "\ud800") { name } }',
        '{ __type(name: "\\ud800") { name } }',
        '{ __type(name: """\ud800""") { name } }',
        "{ __typename\ud800 }",
        "query($x: Boolean) { __schema { types { fields(includeDeprecated: $x) { name } } } }",
        "query($x: [Boolean!]) { __type(name: $x) { name } }",
    ],
)
@pytest.mark.parametrize("name", [None, "\ud800"])
async def test_an_operation_with_halves_of_characters_is_the_callers_mistake(
    server: Server, alice: User, query: str, name: str | None
) -> None:
    body = {"query": query, "operationName": name, "variables": {"x": HALF}}
    async with httpx.AsyncClient(verify=trusted()) as http:
        headers = {"content-type": "application/json"}
        answer = (await http.post(server.url, content=json.dumps(body), headers=headers)).json()
    async with alice.socket() as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": body}))
        by_socket = json.loads(await socket.recv())

    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert codes <= {
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "OPERATION_RESOLUTION_FAILURE",
    }
    assert (by_socket["type"], "INTERNAL" in json.dumps(by_socket)) in {("error", False), ("next", False)}


@pytest.mark.parametrize("value", [{"a": [HALF]}, {HALF: 1}, [NUL], {"a": {NUL: {}}}, HALF])
async def test_within_json_it_is_refused_too(alice: User, value: Any) -> None:
    project = await alice.project()
    fields = [
        {"name": "id", "type": "STRING", "primaryKey": True},
        {"name": "x", "type": "JSON", "defaultValue": value},
    ]
    save = "mutation($i: SaveSchemaInput!) { saveSchema(input: $i) { schema { id } userErrors { code field } } }"

    _, answer = await posted(alice, save, i={"projectId": project["id"], "tables": [{"name": "t", "fields": fields}]})

    (error,) = answer["data"]["saveSchema"]["userErrors"]
    assert (error["code"], error["field"][:5]) == ("BAD_USER_INPUT", ["tables", "0", "fields", "1", "defaultValue"])


@pytest.mark.parametrize("name", ["می‌خواهم", "👨‍👩‍👧‍👦", "Prix : 3 €", "שלום", "日本語"])
async def test_people_call_things_in_their_own_script(alice: User, name: str) -> None:
    _, answer = await posted(alice, PROJECT, input={"name": name})

    assert answer["data"]["createProject"]["project"]["name"] == name


@pytest.mark.parametrize(
    "name",
    [
        "a\r\nBcc: x@y.example",
        "a\tb",
        "\x1b[31mred",
        "\u202egpj.exe",
        "\u2066x\u2069",
        "\u200b",
        "\u00a0\ufeff",
        "a\x85b",
        "\ufffc",
        "\U0001d159",
        "\U00013441 \U00013442",
    ],
)
async def test_a_name_is_one_line_that_shows_something(alice: User, name: str) -> None:
    _, answer = await posted(alice, PROJECT, input={"name": name})

    (error,) = answer["data"]["createProject"]["userErrors"]
    assert (error["code"], error["field"]) == ("BAD_USER_INPUT", ["name"])


@pytest.mark.parametrize(
    "query",
    [
        f"{{ projects(first: {'9' * 5000}) {{ nodes {{ id }} }} }}",
        f"{{ projects(first: -{'9' * 5000}) {{ nodes {{ id }} }} }}",
        "{ projects(first: 1e999) { nodes { id } } }",
        f"{{ node(id: {'9' * 5000}) {{ id }} }}",
        f"mutation {{ recordEvents(input: {{events: [{{durationMs: {'9' * 5000}}}]}}) {{ acceptedCount }} }}",
        "mutation { recordEvents(input: {events: [{durationMs: 1e999}]}) { acceptedCount } }",
        f"mutation {{ recordEvents(input: {{events: [{{inputTokens: {'9' * 5000}}}]}}) {{ acceptedCount }} }}",
        f"mutation {{ recordEvents(input: {{events: [{{metadata: {{a: {'9' * 5000}}}}}]}}) {{ acceptedCount }} }}",
        f'{{ projects(after: "{"[" * 20_000}") {{ nodes {{ id }} }} }}',
        f'{{ projects(after: "{base64.urlsafe_b64encode(b"[" * 6_000).decode()}") {{ nodes {{ id }} }} }}',
        f'{{ viewer {{ teams(after: "{base64.urlsafe_b64encode(b"[" * 15_000).decode()}") {{ nodes {{ id }} }} }} }}',
        '{ usage(range: {from: "9999-12-31", to: "9999-12-31"}) { totals { inputTokens } } }',
        '{ metricsOverview(range: {start: "0001-01-01T00:00:00+23:59", end: "10000-01-01T00:00:00Z"}) { events } }',
    ],
)
async def test_numbers_cursors_and_moments_that_are_none_are_the_callers_mistake(alice: User, query: str) -> None:
    status, answer = await posted(alice, query)

    codes = {error["extensions"]["code"] for error in answer["errors"]}
    assert status < 500
    assert codes <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "FORBIDDEN"}


@pytest.mark.parametrize(
    "variables",
    ['{"first": 1e999}', f'{{"first": {"9" * 5000}}}', '{"first": NaN}', "[" * 9_000, "\ud83d", '{"a": "\\ud83d"}'],
)
async def test_parameters_of_a_get_are_read_or_refused(alice: User, variables: str) -> None:
    query = "query($first: Int! = 1) { projects(first: $first) { nodes { id } } }"
    given = {"query": query, "variables": variables.encode("utf-8", "surrogatepass")}

    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.get(alice.url, params=given, headers={"authorization": f"Bearer {alice.token}"})

    assert answer.status_code < 500
    assert "INTERNAL" not in answer.text


@pytest.mark.parametrize("header", [{"alg": []}, {"alg": {"a": 1}}, {"alg": "HS256", "kid": {}}, [], 5])
async def test_a_token_with_an_odd_header_is_401(server: Server, header: object) -> None:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, {"sub": "user_a"})
    ]

    async with httpx.AsyncClient(verify=trusted()) as http:
        headers = {"authorization": f"Bearer {'.'.join([*parts, 'c2ln'])}"}
        answer = await http.post(server.url, json={"query": "{ viewer { id } }"}, headers=headers)

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


RANGE = """
query($at: DateTime!) { metricsOverview(range: {start: $at, end: "2026-02-01T00:00:00Z"}) { __typename } }"""


@pytest.mark.parametrize(
    "moment",
    [
        "2026-W05-6T12:00:00Z",
        "20260131T120000Z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12Z",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+0100",
        "2026-01-31T12:00:00+01:00:30",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T24:00:00Z",
        "\uff12\uff10\uff12\uff16-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z ",
    ],
)
async def test_a_moment_is_written_as_its_message_says(alice: User, moment: str) -> None:
    (error,) = (await alice.result(RANGE, at=moment))["errors"]

    assert "DateTime must be written as 2026-01-31T12:00:00Z" in error["message"]
    assert error["extensions"]["code"] != "INTERNAL"


@pytest.mark.parametrize("value", ["{a: NAN}", "[1, {b: [Infinity]}]", "undefined", "NAN"])
async def test_json_in_a_document_has_no_names_of_enums(alice: User, value: str) -> None:
    project = await alice.project()
    key = '{name: "id", type: STRING, primaryKey: true}'
    field = f'{{name: "a", type: JSON, defaultValue: {value}}}'
    tables = f'[{{name: "t", fields: [{key}, {field}]}}]'
    save = f'mutation {{ saveSchema(input: {{projectId: "{project["id"]}", tables: {tables}}}) {{ schema {{ id }} }} }}'

    (error,) = (await alice.result(save))["errors"]

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "JSON has no " in error["message"]
