"""What the tests of Render do with its fake, and with a service that it has."""

import asyncio

import httpx
import pytest

from services.core.tls import trusted
from services.platforms.port import (
    DeployFailed,
    Order,
)
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.render_service import Deploy, Service
from tests.services.platforms.conformance import SITE, Record, Rig


async def deployed(rig: Rig, order: Order) -> Record:
    record = Record()
    await record.follow(rig.platform.deploy(order))
    return record


async def failure(rig: Rig, order: Order) -> DeployFailed:
    with pytest.raises(DeployFailed) as failed:
        await deployed(rig, order)
    return failed.value


def service(fake: FakeRender) -> Service:
    (one,) = fake.services.values()
    return one


def running(fake: FakeRender) -> str:
    """Return which server.js is live."""
    return fake.running(SITE)[0]["server.js"].decode()


async def get(record: Record, path: str) -> int:
    async with httpx.AsyncClient(verify=trusted()) as client:
        return (await client.get(f"{record.url}/{path}")).status_code


async def call(fake: FakeRender, what: str, body: object = None) -> None:
    """Do something with the service, as its owner does by hand."""
    async with httpx.AsyncClient(verify=trusted()) as client:
        headers = {"authorization": f"Bearer {fake.token}"}
        answer = await client.post(f"{fake.url}/v1/services/{service(fake).id}/{what}", json=body, headers=headers)
    assert answer.is_success


async def begin_another(fake: FakeRender, *, seconds: float) -> Deploy:
    """Let somebody begin a deploy by hand that is built for so long, and fails."""
    (repository,) = fake.github.repositories.values()
    commit = repository.push("main", {"no-build": b""})
    repository.push("main", {"no-build": None})
    fake.cloud.build_seconds = seconds
    await call(fake, "deploys", {"commitId": commit.sha})
    while (other := service(fake).under_way) is None or other.status == "created":  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    fake.cloud.build_seconds = 0
    return other
