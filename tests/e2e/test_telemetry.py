"""The promise that what a process does can be seen from outside: one trace of a generation, and its metrics."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from infra.objectives import OBJECTIVES, Objective
from services.config import Config
from services.core.instruments import ALL
from services.foundation.aws.emulator import free_port
from tests.e2e.processes import COMMAND, Processes, processes
from tests.fakes.collector import Collector
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import Server, User, events, provisioned

CLICK = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = CLICK.split("-")[1]
GENERATE = """mutation Build($input: GenerateInput!) {
  generate(input: $input) { generation { id } userErrors { message } }
}"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def config(emulator: str, redis: RedisServer, collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return provisioned(
        emulator,
        EVENTS_URL=redis.url,
        SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        JOB_LEASE_SECONDS="3",
    )


@pytest.fixture
async def running(config: Config) -> AsyncIterator[Processes]:
    async with processes(config) as them:
        yield them


async def click(server: Server, user: User, *, traceparent: str) -> str:
    """Ask for a generation as a frontend does that traces its clicks, and return its id."""
    given = {"projectId": (await user.project())["id"], "kind": "SCHEMA", "prompt": "A shop with products."}
    async with httpx.AsyncClient() as http:
        answer = await http.post(
            f"{server.origin}/graphql",
            json={"query": GENERATE, "variables": {"input": given}, "operationName": "Build"},
            headers={b"authorization": f"Bearer {user.token}".encode(), b"traceparent": traceparent.encode("latin-1")},
        )
    generation_id: str = answer.json()["data"]["generate"]["generation"]["id"]
    return generation_id


async def metrics(port: int) -> str:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"http://127.0.0.1:{port}/metrics")).text


def buckets(objective: Objective, page: str) -> list[str]:
    """Return the buckets that an objective's rules ask Prometheus for, as processes show them."""
    label = objective.bucket.removeprefix('le=~"').removesuffix('"')
    return re.findall(f'^{objective.of.prometheus}_bucket{{.*le="{label}".*$', page, re.MULTILINE)


def shows(page: str, line: str) -> bool:
    return re.search(f"^{line}$", page, re.MULTILINE) is not None


async def test_a_generation_is_one_trace_from_the_click_to_its_end(running: Processes, collector: Collector) -> None:
    server, api = await running.serve()
    worker = await running.start("worker")
    alice = server.user()
    await events(alice, await click(server, alice, traceparent=CLICK))
    for process in (api, worker):
        process.terminate()
        await process.ended()

    spans = await collector.trace_with("process")

    asked = next(span for span in spans if span.name == "mutation")
    attempt = next(span for span in spans if span.name == "process")
    chat = next(span for span in spans if span.name == "chat")
    assert (asked.trace, asked.parent, asked.service) == (TRACE, CLICK.split("-")[2], "snapinfra-api")
    assert asked.attributes["graphql.operation.name"] == "Build"
    assert (attempt.parent, attempt.service) == (asked.id, "snapinfra-worker")
    assert (chat.parent, chat.attributes["gen_ai.provider.name"]) == (attempt.id, "scaffold")
    assert {span.parent for span in spans if span.name.startswith("DynamoDB")} >= {asked.id, attempt.id}
    assert "products" not in str(spans), "what is asked and answered is in no span"
    assert collector.paths == {"/v1/traces", "/v1/metrics"}


async def test_the_attempt_after_a_crash_belongs_to_the_same_trace(running: Processes, collector: Collector) -> None:
    server, _ = await running.serve()
    slow = await running.start("worker", SCAFFOLD_TOKENS_PER_SECOND="50")
    alice = server.user()
    generation_id = await click(server, alice, traceparent=CLICK)
    await events(alice, generation_id, most=3)
    slow.kill()
    await slow.ended()
    await running.start("worker")
    await events(alice, generation_id, patience=120)

    spans = await collector.trace_with("process")

    assert [span.attributes["snapinfra.attempt"] for span in spans if span.name == "process"] == ["2"]
    assert {span.trace for span in spans} == {TRACE}


async def test_nobody_who_has_not_signed_in_says_what_is_traced(running: Processes, collector: Collector) -> None:
    server, _ = await running.serve()
    async with httpx.AsyncClient() as http:
        await http.post(f"{server.origin}/graphql", json={"query": "{ __typename }"}, headers={"traceparent": CLICK})

    spans = await collector.trace_with("query")

    assert TRACE not in {span.trace for span in spans}


async def test_a_traceparent_that_is_none_begins_a_new_trace(running: Processes, collector: Collector) -> None:
    server, _ = await running.serve()
    alice = server.user()
    wrong = ["", "00-0-0-01", "ff" + CLICK[2:], "x" * 5000, CLICK.replace("-01", "-0\u00e9")]

    for traceparent in wrong:
        assert (await click(server, alice, traceparent=traceparent)).startswith("generation_")
    spans = await collector.trace_with("mutation")

    assert TRACE not in {span.trace for span in spans}


async def test_a_collector_that_does_not_answer_keeps_nobody_waiting(running: Processes, collector: Collector) -> None:
    collector.silent = True
    server, api = await running.serve()
    worker = await running.start("worker")
    alice = server.user()

    happened = await events(alice, await click(server, alice, traceparent=CLICK))
    for process in (api, worker):
        process.terminate()
    async with asyncio.timeout(90):  # it takes 25 s on a quiet machine, and a container gets 30
        for process in (api, worker):
            assert await process.ended() == 0

    assert happened[-1]["status"] == "COMPLETED"


async def test_every_metric_that_a_generation_has_is_shown_to_prometheus(running: Processes) -> None:
    ports = [free_port(), free_port()]
    server, _ = await running.serve(METRICS_PORT=str(ports[0]))
    await running.start("worker", METRICS_PORT=str(ports[1]))
    alice = server.user()
    await events(alice, await click(server, alice, traceparent=CLICK))

    api, worker = await metrics(ports[0]), await metrics(ports[1])

    assert re.search(
        r'^graphql_server_operation_duration_seconds_count{graphql_operation_name="Build",.*} 1\.0$', api, re.MULTILINE
    )
    assert re.search(r"^snapinfra_sockets{.*} \d", api, re.MULTILINE)
    assert re.search(r'^snapinfra_generation_duration_seconds_count{.*status="COMPLETED"} 1\.0$', worker, re.MULTILINE)
    assert [each.name for each in OBJECTIVES if each.within and not buckets(each, api + worker)] == []
    shown = {line.split()[2] for page in (api, worker) for line in page.splitlines() if line.startswith("# TYPE")}
    elsewhere = {"snapinfra.deployment.duration", "snapinfra.provider.fallbacks", "snapinfra.budget.refusals"}
    assert {instrument.prometheus for instrument in ALL if instrument.name not in elsewhere} <= shown


async def test_clients_names_of_operations_make_no_end_of_series(running: Processes) -> None:
    port = free_port()
    server, _ = await running.serve(METRICS_PORT=str(port))
    alice = server.user()
    async with httpx.AsyncClient() as http:
        for number in range(300):
            await http.post(f"{server.origin}/graphql", json={"query": f"query Stranger{number} {{ __typename }}"})
        signed = {"authorization": f"Bearer {alice.token}"}
        for number in range(100):
            name = f"Name{number}" if number % 10 else f"Long{number}{'x' * 200}"
            await http.post(
                f"{server.origin}/graphql", json={"query": f"query {name} {{ __typename }}"}, headers=signed
            )
            unknown = {"query": "{ __typename }", "operationName": f"Unknown{number}"}
            await http.post(f"{server.origin}/graphql", json=unknown, headers=signed)
        broken = b'{"query":"{__typename}","operationName":"\\ud800"}'
        await http.post(
            f"{server.origin}/graphql", content=broken, headers={**signed, "content-type": "application/json"}
        )
        bob = {"authorization": f"Bearer {server.user().token}"}
        await http.post(f"{server.origin}/graphql", json={"query": "query Bobs { __typename }"}, headers=bob)

    names = set(re.findall(r'graphql_operation_name="([^"]*)"', await metrics(port)))

    assert {"Name1", "Bobs", "_OTHER"} <= names
    assert "Stranger1" not in names
    assert "Unknown1" not in names
    assert len(names) <= 43
    assert all(len(name) <= 100 for name in names)


async def test_a_port_that_is_taken_is_said_before_anything_runs(config: Config) -> None:
    async with processes(config) as them:
        port = free_port()
        await them.serve(METRICS_PORT=str(port))
        second = await asyncio.create_subprocess_exec(
            COMMAND, "worker", env=them.environment(METRICS_PORT=str(port)), stderr=asyncio.subprocess.PIPE
        )
        _, said = await second.communicate()

    assert second.returncode == 2
    assert f"Metrics can't be shown at 127.0.0.1:{port}: Address already in use." in said.decode()
