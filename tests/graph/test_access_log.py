"""What the log tells: a line for each operation and attempt, found by the id that the client has, too."""

import asyncio
import json
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import httpx
import pytest

from graph.access_log import worst
from graph.sockets import MOST_OPERATIONS
from services.core.logs import JsonLines, TextLines, fields, noting
from services.core.tls import trusted
from tests.snapinfra import Server, User

Lines = Callable[[], list[dict[str, Any]]]
ID = "a-request-of-the-tests-1"


@contextmanager
def logged(name: str) -> Generator[Lines]:
    """Collect what is logged below a logger within the block, as production writes it."""
    text, logger = StringIO(), logging.getLogger(name)
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonLines())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lambda: [json.loads(line) for line in text.getvalue().splitlines()]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


@pytest.fixture
def lines() -> Iterator[Lines]:
    with logged("snapinfra") as collected:
        yield collected


async def post(user: User, body: dict[str, Any], **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(
        verify=trusted(), timeout=30, headers={"authorization": f"Bearer {user.token}", **headers}
    ) as http:
        return await http.post(user.url, json=body)


async def appearing(lines: Lines, name: str, value: str) -> dict[str, Any]:
    """Wait for a line that has a field with this value."""
    async with asyncio.timeout(30):
        while not (found := [line for line in lines() if line.get(name) == value]):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)
    return found[0]


async def test_an_operation_has_a_line_with_who_asked_what_for_how_long_and_how_it_went(
    alice: User, lines: Lines
) -> None:
    query = "query Look($id: ID!) { viewer { id } project(id: $id) { id } }"
    alice_id = (await alice.ask("{ viewer { id } }"))["viewer"]["id"]

    await post(alice, {"query": query, "variables": {"id": "project_secret"}}, **{"x-request-id": ID})

    (line,) = [line for line in lines() if line.get("requestId") == ID]
    assert line.pop("durationMs") > 0
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "snapinfra.access",
        "message": "operation",
        "requestId": ID,
        "transport": "http",
        "operation": "Look",
        "type": "query",
        "codes": ["NOT_FOUND"],
        "actor": alice_id,
    }


@pytest.mark.parametrize(
    ("query", "type_", "codes"),
    [
        ("{ viewer {", None, ["GRAPHQL_PARSE_FAILED"]),
        ("query Bad { nothing }", "query", ["GRAPHQL_VALIDATION_FAILED"]),
        ("mutation Make { createProject(input: {}) { project { id } } }", "mutation", ["GRAPHQL_VALIDATION_FAILED"]),
    ],
)
async def test_an_operation_that_cannot_begin_has_a_line_on_both_transports(
    alice: User, lines: Lines, query: str, type_: str | None, codes: list[str]
) -> None:
    await post(alice, {"query": query}, **{"x-request-id": ID})
    async with alice.socket() as socket:
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        await socket.recv()

    told = [(line["transport"], line.get("type"), line["codes"]) for line in lines()]
    assert told == [("http", type_, codes), ("websocket", type_, codes)]
    assert len({line["requestId"] for line in lines()}) == 2


async def test_a_subscription_has_a_line_when_nobody_follows_it_any_more(alice: User, lines: Lines) -> None:
    team = await alice.team()
    watching = f'subscription Feed {{ activityFeed(teamId: "{team}") {{ __typename }} }}'
    async with alice.socket() as socket:
        payload = {"query": watching, "operationName": "Feed"}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        await socket.send(json.dumps({"type": "ping"}))
        await socket.recv()
        before = [line for line in lines() if line.get("type") == "subscription"]
        await socket.send(json.dumps({"type": "complete", "id": "1"}))
        line = await appearing(lines, "type", "subscription")

    assert before == []
    assert (line["operation"], line["transport"], line.get("codes")) == ("Feed", "websocket", None)


@pytest.mark.parametrize("given", [None, "short", "two words here", "x" * 200, 'quotes"and,commas'])
async def test_an_id_that_is_not_well_formed_is_replaced(alice: User, given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given}
    answer = await post(alice, {"query": "{ __typename }"}, **headers)

    made = answer.headers["x-request-id"]
    assert made != given
    assert len(made) == 32


async def test_a_well_formed_id_comes_back_with_every_answer(alice: User, server: Server) -> None:
    headers = {"x-request-id": ID}
    asked = await post(alice, {"query": "{ __typename }"}, **headers)
    refused = await post(User(server.url, "x.y.z"), {"query": "{ __typename }"}, **headers)
    async with httpx.AsyncClient(verify=trusted(), headers=headers) as http:
        health = await http.get(f"{server.origin}/api/health")

    assert [answer.headers["x-request-id"] for answer in (asked, refused, health)] == [ID] * 3


async def test_a_request_that_is_refused_has_a_line_without_its_credentials(server: Server, lines: Lines) -> None:
    answer = await post(User(server.url, "a.bad.token"), {"query": "{ __typename }"}, **{"x-request-id": ID})

    (line,) = [line for line in lines() if line.get("requestId") == ID]
    assert (answer.status_code, line["message"], line["status"]) == (401, "request refused", 401)
    assert "a.bad.token" not in json.dumps(lines())


async def test_neither_variables_nor_documents_are_logged(alice: User, lines: Lines) -> None:
    await alice.project(name="a-very-private-name")
    await post(alice, {"query": '{ project(id: "a-very-private-name") { id } }'})

    assert len(lines()) == 2
    assert "a-very-private-name" not in json.dumps(lines())


async def test_an_attempt_at_a_job_has_a_line_with_the_jobs_id(alice: User) -> None:
    with logged("services.foundation.jobs.worker") as attempts:
        generation_id = await alice.generate((await alice.project())["id"], "SCHEMA")
        line = await appearing(attempts, "jobId", generation_id)

    assert line.pop("durationMs") > 0
    assert (line["message"], line["attempt"], line["done"]) == ("attempt ended", 1, True)
    assert "requestId" not in line


def test_lines_carry_the_notes_of_where_they_are_written() -> None:
    record = logging.LogRecord("services.x", logging.WARNING, __file__, 1, "two %s", ("words",), None)
    record.__dict__.update(fields(status=5, nothing=None))

    with noting(requestId="r1"), noting(jobId="j1"):
        inner, text = json.loads(JsonLines().format(record)), TextLines().format(record)
    outer = json.loads(JsonLines().format(record))

    assert {**inner, "time": ""} == {
        "time": "",
        "level": "WARNING",
        "logger": "services.x",
        "message": "two words",
        "requestId": "r1",
        "jobId": "j1",
        "status": 5,
    }
    assert text.endswith('WARNING services.x: two words requestId="r1" jobId="j1" status=5')
    assert "requestId" not in outer


def test_what_a_client_chose_cannot_begin_a_line_of_its_own() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "operation", (), None)
    record.__dict__.update(fields(operation="a\n12:00:00 ERROR forged"))

    assert len(TextLines().format(record).splitlines()) == 1
    assert len(JsonLines().format(record).splitlines()) == 1


async def test_an_operation_too_many_on_a_socket_has_a_line_with_an_id_of_its_own(alice: User, lines: Lines) -> None:
    forever = "subscription($id: ID!) { projectEvents(projectId: $id) { __typename } }"
    payload = {"query": forever, "variables": {"id": (await alice.project())["id"]}}
    async with alice.socket() as socket:
        for number in range(MOST_OPERATIONS + 1):
            await socket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": payload}))
        line = await appearing(lines, "message", "operation refused")

    assert (line["transport"], line["codes"]) == ("websocket", ["RATE_LIMITED"])
    assert len(line["requestId"]) == 32


def test_an_operation_is_counted_by_an_error_that_is_ours_if_it_has_one() -> None:
    assert worst({"FORBIDDEN", "INTERNAL", "NOT_FOUND"}) == "INTERNAL"
    assert worst({"FORBIDDEN", "UNAVAILABLE"}) == "UNAVAILABLE"
    assert worst({"NOT_FOUND", "FORBIDDEN"}) == "FORBIDDEN"
