"""GraphQL over HTTP: which requests are read, how long they may be, how they are answered."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from services.core.tls import trusted
from tests.snapinfra import Server, User, serving, settings

GRAPHQL = "application/graphql-response+json"
MOST = 20_000


@pytest.fixture(scope="module")
def small(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run an api that reads bodies of at most 20,000 bytes."""
    data = str(tmp_path_factory.mktemp("small"))
    with serving(settings(emulator, SNAPINFRA_DATA=data, MAX_FILE_SIZE=str(MOST))) as running:
        yield running


async def post(user: User, content: Any, **headers: str) -> httpx.Response:
    given = {"authorization": f"Bearer {user.token}", "content-type": "application/json", **headers}
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        return await http.post(user.url, content=content, headers={k.replace("_", "-"): v for k, v in given.items()})


def codes(answer: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"5",
        b"null",
        b"true",
        b'"text"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 5}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "{ __typename }", "operationName": false}',
        b'{"query": "{ __typename }", "extensions": 5}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }"',
        b'{"query": "\xff"}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"query": "{ __typename }", "variables": {"a": ' + b"1" * 5_000 + b"}}",
    ],
)
async def test_a_body_that_is_no_request_is_refused_in_graphqls_form(alice: User, body: bytes) -> None:
    answer = await post(alice, body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert codes(answer) == ["BAD_REQUEST"]
    assert "data" not in answer.json()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_that_is_not_json_by_its_type_is_refused(alice: User, kind: str) -> None:
    answer = await post(alice, b'{"query": "{ __typename }"}', content_type=kind)

    assert (answer.status_code, codes(answer)) == (415, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, application/json;q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, application/json", "application/json"),
        ("text/event-stream, multipart/mixed, application/json", "application/json"),
    ],
)
async def test_the_form_of_the_answer_is_the_clients_choice(alice: User, accept: str, given: str) -> None:
    answer = await post(alice, b'{"query": "{ __typename }"}', accept=accept)

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
    assert answer.headers["content-type"] == f"{given}; charset=utf-8"


async def test_who_accepts_neither_form_is_told_so(alice: User) -> None:
    answer = await post(alice, b'{"query": "{ __typename }"}', accept="multipart/mixed")

    assert (answer.status_code, codes(answer)) == (406, ["BAD_REQUEST"])
    assert "WebSocket at this path" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_client_of_event_streams_is_told_of_the_socket(alice: User, method: str) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        answer = await http.request(method, alice.url)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "WebSocket at this path" in answer.json()["errors"][0]["message"]


HASH = {"persistedQuery": {"version": 1, "sha256Hash": "x" * 64}}
NOT_PERSISTED = {
    "errors": [{"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}]
}


@pytest.mark.parametrize("query", [{}, {"query": None}, {"query": ""}])
async def test_a_hash_alone_is_answered_so_that_clients_send_the_document(alice: User, query: dict[str, Any]) -> None:
    body = {"operationName": "A", "variables": {}, "extensions": HASH, **query}
    async with httpx.AsyncClient(verify=trusted()) as http:
        posted = await http.post(alice.url, json=body)
        modern = await http.post(alice.url, json=body, headers={"accept": GRAPHQL})
        got = await http.get(alice.url, params={"extensions": json.dumps(HASH), "operationName": "A"})
    async with alice.socket() as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {**body, "extensions": HASH}}))
        by_socket = json.loads(await socket.recv())
        await socket.send('{"type": "ping"}')
        assert json.loads(await socket.recv()) == {"type": "pong"}

    assert [(it.status_code, it.json()) for it in (posted, modern, got)] == [
        (200, NOT_PERSISTED),
        (400, NOT_PERSISTED),
        (200, NOT_PERSISTED),
    ]
    assert by_socket == {"type": "error", "id": "1", "payload": NOT_PERSISTED["errors"]}


async def test_a_hash_with_its_document_is_an_operation(alice: User) -> None:
    async with httpx.AsyncClient(verify=trusted()) as http:
        posted = await http.post(alice.url, json={"query": "{ __typename }", "extensions": HASH})
        got = await http.get(alice.url, params={"query": "{ __typename }", "extensions": json.dumps(HASH)})

    assert posted.json() == got.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"query": "{ viewer {"}', "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ nothing }"}', "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query($id: ID!) { project(id: $id) { id } }"}', "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query a { __typename } query b { __typename }"}', "OPERATION_RESOLUTION_FAILURE"),
        (b'{"query": "query a { __typename }", "operationName": "b"}', "OPERATION_RESOLUTION_FAILURE"),
        (b'{"query": "{ __typename }", "operationName": "b"}', "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_an_operation_that_cannot_begin_has_no_data_and_where_it_may_a_status(
    alice: User, body: bytes, code: str
) -> None:
    legacy, modern = await post(alice, body, accept="application/json"), await post(alice, body, accept=GRAPHQL)

    assert (legacy.status_code, modern.status_code) == (200, 400)
    assert codes(legacy) == codes(modern) == [code]
    assert legacy.json().keys() == {"errors"}


async def test_an_error_of_a_field_leaves_the_rest(alice: User) -> None:
    answer = await post(alice, b'{"query": "{ viewer { id } node(id: \\"x\\") { id } }"}', accept=GRAPHQL)
    failed = await post(alice, b'{"query": "{ project(id: \\"x\\") { id } }"}', accept=GRAPHQL)

    assert (answer.status_code, answer.json()["data"]["node"]) == (200, None)
    assert (failed.status_code, failed.json()["data"], codes(failed)) == (200, {"project": None}, ["NOT_FOUND"])


async def test_queries_alone_may_be_sent_by_get(alice: User) -> None:
    headers = {"authorization": f"Bearer {alice.token}"}
    async with httpx.AsyncClient(verify=trusted(), headers=headers) as http:
        query = await http.get(
            alice.url, params={"query": "query($id: ID!) { node(id: $id) { id } }", "variables": '{"id": "x"}'}
        )
        mutation = await http.get(
            alice.url, params={"query": 'mutation { createProject(input: {name: "x"}) { project { id } } }'}
        )
        garbled = await http.get(alice.url, params={"query": "{ __typename }", "variables": "{"})
        other = await http.put(alice.url, json={"query": "{ __typename }"})

    assert (query.status_code, query.json()) == (200, {"data": {"node": None}})
    assert (mutation.status_code, mutation.headers["allow"], codes(mutation)) == (405, "POST", ["BAD_REQUEST"])
    assert (garbled.status_code, codes(garbled)) == (400, ["BAD_REQUEST"])
    assert (other.status_code, other.headers["allow"], codes(other)) == (405, "GET, POST", ["BAD_REQUEST"])
    assert (await alice.ask("{ projects { nodes { id } } }"))["projects"]["nodes"] == []


async def test_a_subscription_by_http_is_told_where_to_go(alice: User) -> None:
    answer = await post(alice, b'{"query": "subscription { generationEvents(id: \\"x\\") { __typename } }"}')

    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
    assert "WebSocket" in answer.json()["errors"][0]["message"]


async def test_who_is_not_let_in_is_answered_in_graphqls_form(server: Server) -> None:
    answer = await post(User(server.url, "x.y.z"), b'{"query": "{ viewer { id } }"}', accept=GRAPHQL)

    assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"].startswith(GRAPHQL)


def project_of_bytes(number: int) -> bytes:
    """Return a body of exactly so many bytes that makes a project."""
    head, tail = b'{"query": "mutation { createProject(input: {name: \\"x\\"}) { project { id } } }"', b"}"
    return head + b" " * (number - len(head) - len(tail)) + tail


async def in_chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 1_000):
        yield body[start : start + 1_000]


@pytest.mark.parametrize("length_is_known", [True, False])
async def test_a_body_that_is_too_long_is_refused_while_it_is_read_and_does_nothing(
    small: Server, *, length_is_known: bool
) -> None:
    user = small.user()
    longest, longer = project_of_bytes(MOST), project_of_bytes(MOST + 1)

    made = await post(user, longest if length_is_known else in_chunks(longest))
    refused = await post(user, longer if length_is_known else in_chunks(longer))

    assert made.json()["data"]["createProject"]["project"]["id"]
    assert (refused.status_code, codes(refused)) == (413, ["BAD_REQUEST"])
    assert refused.json()["errors"][0]["message"] == "The body has more than 20,000 bytes."
    assert len((await user.ask("{ projects { nodes { id } } }"))["projects"]["nodes"]) == 1


async def test_who_goes_on_sending_a_body_that_is_too_long_is_hung_up_on(small: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.config.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999999999999\r\n\r\n"
    )
    async with asyncio.timeout(30):
        answer = await reader.read()  # to its end: the server closes
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"BAD_REQUEST"' in answer


async def test_a_message_that_is_too_long_ends_its_socket(small: Server) -> None:
    async with small.user().socket() as socket:
        await socket.send(" " * (MOST + 1))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_who_leaves_while_they_send_leaves_no_trace_but_a_line(
    small: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "snapinfra.access")
    _, writer = await asyncio.open_connection("127.0.0.1", small.config.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    async with asyncio.timeout(30):
        while not caplog.records:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)

    assert [(record.levelname, record.message) for record in caplog.records] == [("INFO", "request refused")]


@pytest.mark.parametrize(
    "body",
    [
        rb'{"query": "{ \ud800 }"}',
        rb'{"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": "\ud800"}}',
        rb'{"query": "{ node(id: \"\ud800\") { id } }"}',
        rb'{"query": "mutation { createProject(input: {name: \"\\ud800\"}) { project { id } userErrors { code } } }"}',
        rb'{"query": "{ __typename }", "operationName": "\ud800"}',
    ],
)
async def test_half_a_character_is_no_mistake_of_ours(alice: User, body: bytes) -> None:
    answer = await post(alice, body, accept=GRAPHQL)

    assert answer.status_code in (200, 400)
    assert "INTERNAL" not in answer.text


COERCED = {
    "a null where there is a default": ("query($n: Int) { projects(first: $n) { nodes { id } } }", {"n": None}),
    "the same in a field of a list": (
        "query($n: Int) { projects { nodes { id } } viewer { teams(first: $n) { nodes { id } } } }",
        {"n": None},
    ),
    "a null into an input field": (
        """
        mutation($b: Boolean) {
          saveSchema(input: {
            projectId: 1, tables: [{name: "a", fields: [], indexes: {name: "b", fields: [], unique: $b}}]
          }) { userErrors { message } }
        }""",
        {"b": None},
    ),
    "a null into a directive": ("query($b: Boolean = true) { viewer @include(if: $b) { id } }", {"b": None}),
    "the same within": ("query($b: Boolean = true) { viewer { id @skip(if: $b) } }", {"b": None}),
    "a null into one of several": (
        "query($a: ID = 1) { activity(filter: {projectId: $a}) { nodes { id } } }",
        {"a": None},
    ),
    "a null into a subscription": (
        "subscription($id: ID = 1) { generationEvents(id: $id) { __typename } }",
        {"id": None},
    ),
}


@pytest.mark.parametrize("case", COERCED)
async def test_arguments_that_do_not_fit_when_a_field_runs_are_the_callers(
    alice: User, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    query, variables = COERCED[case]
    by_http = await alice.result(query, **variables)
    by_socket = [result async for result in alice.follow(query, **variables)]

    for answered in [*by_socket, *([] if query.startswith("subscription") else [by_http])]:
        found = {error["extensions"]["code"] for error in answered["errors"]}
        assert found <= {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}, answered
        assert not any("our side" in error["message"] for error in answered["errors"])
    assert caplog.records == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-encoding": "gzip"}, 415),
        ({"content-encoding": "deflate, br"}, 415),
        ({"content-encoding": "identity"}, 200),
        ({"transfer-encoding": "gzip, chunked"}, 415),
        ({"transfer-encoding": "chunked"}, 200),
    ],
)
async def test_a_body_that_is_not_sent_as_it_is_gets_415(
    server: Server, alice: User, headers: dict[str, str], status: int
) -> None:
    body = b'{"query": "{ viewer { id } }"}'
    is_chunked = "transfer-encoding" in headers
    lines = {
        "authorization": f"Bearer {alice.token}",
        "content-type": "application/json",
        "host": "localhost",
    } | headers
    if not is_chunked:
        lines["content-length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    reader, writer = await asyncio.open_connection("127.0.0.1", server.config.port)
    async with asyncio.timeout(30):
        writer.write(f"POST /graphql HTTP/1.1\r\n{head}\r\n".encode() + sent)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()

    assert answer.startswith(b"http/1.1 %d " % status)
    assert (b"\r\naccept-encoding: identity\r\n" in answer) == (status == 415)
