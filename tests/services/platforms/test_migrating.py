"""The tests of backends that migrate as they start, on LOCAL: a deployment is live once it is ready, and not before."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import httpx

from services.core.tls import trusted
from services.platforms.backend import Limits
from services.platforms.local import LocalPlatform
from services.platforms.port import Config, Live, Order, StepChanged, StepState
from tests.services.platforms.projects import backend, order, platform
from tests.services.platforms.test_local import failing

EXAMPLE = {".env.example": "PORT=3000\nMIGRATE_ON_START=false\n"}
MIGRATING = """
let isReady = false;
require("node:http").createServer((request, response) => {
  response.statusCode = request.url === "/ready" && !isReady ? 503 : 200;
  if (request.url === "/ready" && process.env.MIGRATE_ON_START === "true") isReady = true;
  response.end(NAME);
}).listen(process.env.PORT, process.env.HOST);
"""
REFUSING = """
console.log(JSON.stringify({ level: "error", message: "notes: two records have the same headline" }));
process.exit(1);
"""


def migrating(deployment_id: str, server: str = MIGRATING, config: Config | None = None) -> Order:
    return order(backend(name=deployment_id, server=server, files=EXAMPLE), deployment_id=deployment_id, config=config)


async def text(url: str) -> str:
    async with httpx.AsyncClient(verify=trusted()) as client:
        return (await client.get(url)).text


async def url_of(local: LocalPlatform, what: Order) -> str:
    """Deploy until it is live, and stop it."""
    async with asyncio.timeout(60), aclosing(local.deploy(what)) as events:
        return await anext(event.url async for event in events if isinstance(event, Live))


async def test_it_is_live_once_it_has_migrated_which_it_is_told_to(tmp_path: Path) -> None:
    assert await url_of(platform(tmp_path), migrating("first"))


async def test_one_that_is_never_ready_fails(tmp_path: Path) -> None:
    by_hand = Config(environment={"MIGRATE_ON_START": "false"})

    local = platform(tmp_path, limits=Limits(migration=1, grace=0.2))

    failure, _ = await failing(local, migrating("first", config=by_hand))

    assert failure.reason == "HEALTH_CHECK_FAILED"
    assert failure.message.startswith("No 200 from /ready within 1 seconds (last: status 503).")


async def test_a_refused_migration_fails_with_its_reason_and_what_ran_before_goes_on(tmp_path: Path) -> None:
    local = platform(tmp_path)
    async with asyncio.timeout(60), aclosing(local.deploy(migrating("first"))) as earlier:
        url = await anext(event.url async for event in earlier if isinstance(event, Live))
        failure, seen = await failing(local, migrating("second", REFUSING))

        assert "notes: two records have the same headline" in failure.message
        assert seen[-1] == StepChanged("health", StepState.FAILED)
        assert await text(url) == "first"


async def test_a_backend_that_names_no_such_setting_is_not_asked_whether_it_is_ready(tmp_path: Path) -> None:
    plain = order(backend(server=MIGRATING), deployment_id="first")

    assert await url_of(platform(tmp_path), plain)
