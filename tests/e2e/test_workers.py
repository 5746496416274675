"""The promise that no crash or restart of a process loses or repeats anything that a subscriber sees."""

import asyncio
import json
import os
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.config import Config
from services.core.tls import trusted
from services.foundation.aws.emulator import free_port
from tests.e2e.processes import processes
from tests.e2e.watcher import Watcher
from tests.fakes.llm import Answer, FakeLLM
from tests.services.foundation.events.redis_server import RedisServer
from tests.snapinfra import Server, User, events, provisioned, rebuilt

ARTIFACT = "query($id: ID!) { generation(id: $id) { status attempt text files { path content } } }"


@pytest.fixture
def config(emulator: str, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings for processes: Redis, a stage of their own, and a scaffold slow enough to be interrupted."""
    return provisioned(
        emulator,
        EVENTS_URL=redis.url,
        SCAFFOLD_TOKENS_PER_SECOND="100",
        JOB_LEASE_SECONDS="3",
        SNAPINFRA_DATA=str(tmp_path_factory.mktemp("data")),
    )


async def test_a_generation_whose_worker_is_killed_ends_on_another(config: Config) -> None:
    async with processes(config) as running:
        server, _ = await running.serve()
        user = server.user()
        first = await running.start("worker")
        generation_id = await user.generate((await user.project())["id"], "SCHEMA")
        watcher = Watcher(user, generation_id)
        watching = asyncio.create_task(watcher.watch())
        await watcher.saw("TokenDelta", times=20)

        first.kill()
        await running.start("worker")
        async with asyncio.timeout(180):
            await watching

        generation = (await user.ask(ARTIFACT, id=generation_id))["generation"]
    attempts = [event["attempt"] for event in watcher.seen if event["__typename"] == "AttemptStarted"]
    watcher.check()
    assert attempts == [1, 2]
    assert (generation["status"], generation["attempt"]) == ("COMPLETED", 2)
    assert rebuilt(watcher.seen)[0] == generation["text"]


async def test_a_generation_whose_worker_stops_is_handed_over(config: Config) -> None:
    async with processes(config) as running:
        server, _ = await running.serve()
        user = server.user()
        first = await running.start("worker")
        project_id = (await user.project())["id"]
        generation_id = await user.generate(project_id, "SCHEMA")
        watcher = Watcher(user, generation_id)
        watching = asyncio.create_task(watcher.watch())
        await watcher.saw("TokenDelta", times=5)

        first.terminate()
        await running.start("worker")
        status = await first.ended()
        async with asyncio.timeout(180):
            await watching

        generation = (await user.ask(ARTIFACT, id=generation_id))["generation"]
    watcher.check()
    assert status == 0
    assert [event["code"] for event in watcher.seen if event["__typename"] == "AttemptFailed"] == ["WORKER_STOPPING"]
    assert rebuilt(watcher.seen)[0] == generation["text"]


async def test_a_subscriber_of_an_api_that_restarts_resumes_at_another(config: Config) -> None:
    async with processes(config) as running:
        server, api = await running.serve()
        user = server.user()
        await running.start("worker")
        generation_id = await user.generate((await user.project())["id"], "SCHEMA")
        watcher = Watcher(user, generation_id)
        watching = asyncio.create_task(watcher.watch())
        await watcher.saw("TokenDelta", times=20)

        api.kill()
        await api.ended()
        await running.serve()
        async with asyncio.timeout(180):
            await watching

        generation = (await user.ask(ARTIFACT, id=generation_id))["generation"]
    watcher.check()
    assert watcher.kinds.count("AttemptStarted") == 1
    assert rebuilt(watcher.seen)[0] == generation["text"]


async def test_a_canceled_generation_says_so_once_its_work_has_stopped(config: Config) -> None:
    async with processes(config) as running:
        server, _ = await running.serve()
        user = server.user()
        await running.start("worker")
        project_id = (await user.project())["id"]
        generation_id = await user.generate(project_id, "SCHEMA")
        watcher = Watcher(user, generation_id)
        watching = asyncio.create_task(watcher.watch())
        await watcher.saw("TokenDelta", times=5)

        asked = await user.ask(
            "mutation($id: ID!) { cancelGeneration(input: {generationId: $id}) { generation { status } } }",
            id=generation_id,
        )
        async with asyncio.timeout(180):
            await watching
        again = await user.result(
            "mutation($id: ID!) { cancelGeneration(input: {generationId: $id})"
            " { generation { status } userErrors { code } } }",
            id=generation_id,
        )
        project = await user.ask("query($id: ID!) { project(id: $id) { status schema { id } } }", id=project_id)

    watcher.check()
    assert asked["cancelGeneration"]["generation"]["status"] == "CANCELING"
    assert watcher.seen[-1]["status"] == "CANCELED"
    assert again["data"]["cancelGeneration"] == {"generation": {"status": "CANCELED"}, "userErrors": []}
    assert project["project"] == {"status": "DRAFT", "schema": None}


async def test_a_rolling_restart_under_load_loses_nothing(config: Config) -> None:
    async with processes(config) as running:
        ports = [config.port, free_port()]
        apis = [(await running.serve(port))[1] for port in ports]
        workers = [await running.start("worker") for _ in range(2)]
        server = Server(config)
        users = [server.user() for _ in range(3)]
        asked = [
            (user, await user.generate((await user.project())["id"], "SCHEMA")) for user in users for _ in range(2)
        ]
        watchers = [Watcher(user, generation_id) for user, generation_id in asked]
        watching = asyncio.gather(*(watcher.watch() for watcher in watchers))
        await watchers[0].saw("TokenDelta", times=5)

        for worker in workers:
            await running.start("worker")
            worker.terminate()
            assert await worker.ended() == 0
        for api, port in zip(apis, ports, strict=True):
            api.terminate()
            assert await api.ended() == 0
            await running.serve(port)
        async with asyncio.timeout(240):
            await watching

        made = [(await user.ask(ARTIFACT, id=generation_id))["generation"] for user, generation_id in asked]
    for watcher, generation in zip(watchers, made, strict=True):
        watcher.check()
        assert generation["status"] == "COMPLETED"
        assert rebuilt(watcher.seen)[0] == generation["text"]


TINY = {
    "package.json": json.dumps({"name": "tiny", "version": "1.0.0", "scripts": {"start": "node server.js"}}) + "\n",
    "server.js": 'require("node:http").createServer((_, response) => response.end(String(process.pid)))'
    ".listen(process.env.PORT, process.env.HOST);\n",
}

DEPLOYMENT = """
subscription($id: ID!, $after: String) {
  deploymentEvents(id: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor seq }
    ... on DeploymentStatusChanged { status url }
    ... on LogLines { lines { stream message } }
    ... on DeploymentFinished { status }
  }
}"""


async def until_live(user: User, deployment_id: str, *, after: str | None = None) -> dict[str, Any]:
    """Return the event that says where a deployment answers, the first one after a cursor."""
    async with asyncio.timeout(180), aclosing(user.follow(DEPLOYMENT, id=deployment_id, after=after)) as results:
        async for result in results:
            event = result["data"]["deploymentEvents"]
            if event.get("status") == "SUCCESS":
                return event
            assert event["__typename"] != "DeploymentFinished", event
    raise AssertionError("The stream ended.")


async def process_id(url: str) -> int:
    async with httpx.AsyncClient(verify=trusted()) as http:
        return int((await http.get(url)).text)


@pytest.mark.parametrize("ending", ["kill", "terminate"])
async def test_a_backend_whose_worker_is_gone_is_started_again_at_its_url_by_another(
    config: Config, ending: str
) -> None:
    with FakeLLM(default=Answer(files=TINY)) as fake:
        chosen = config.model_copy(update={"groq_api_key": SecretStr("gsk_test"), "groq_base_url": fake.groq_url})
        async with processes(chosen) as running:
            server, _ = await running.serve()
            user = server.user()
            first = await running.start("worker")
            project_id = (await user.project())["id"]
            await events(user, await user.generate(project_id, "SCHEMA"))
            code_id = await user.generate(project_id, "CODE")
            await events(user, code_id)
            deployment_id = await user.deploy(project_id, code_id)
            live = await until_live(user, deployment_id)
            before = await process_id(live["url"])

            getattr(first, ending)()
            await first.ended()
            await running.start("worker")
            again = await until_live(user, deployment_id, after=live["cursor"])
            after = await process_id(again["url"])

            with pytest.raises(ProcessLookupError):
                os.kill(before, 0)
    assert again["url"] == live["url"]
    assert after != before
