"""A backend that is deployed again with another schema, with rows in its database, as a deployment on LOCAL does it.

`python -m tests.backends.deploying` deploys three versions to one site, on an emulator of its own. It needs npm.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.core.tls import trusted
from services.designs.schema import Audience, Field, FieldType, Grant, Index, Policy, SchemaModel, Table
from services.foundation.aws.clients import connect
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.platforms.local import LocalPlatform
from services.platforms.port import DeployFailed, Live, Superseded
from services.platforms.tables import StackTables
from services.scaffold.backend import write_backend
from tests.emulating import emulated
from tests.services.platforms.projects import order, platform, zipped

F: Final = Field
TEXT: Final = FieldType.STRING
ANYBODY: Final = (Grant(audience=Audience.PUBLIC),)
BY_KIND: Final = (Index(name="by_kind", fields=("kind",)),)
KEY: Final = F(name="id", type=TEXT, primary_key=True)
HEADLINE: Final = F(name="headline", type=TEXT, unique=True, former_names=("title",))


def notes(*fields: Field, indexes: tuple[Index, ...] = BY_KIND) -> SchemaModel:
    policy = Policy(create=ANYBODY, read=ANYBODY, update=ANYBODY, delete=ANYBODY)
    return SchemaModel(tables=(Table(name="notes", fields=(KEY, *fields), indexes=indexes, policy=policy),))


VERSIONS: Final = {
    "first": notes(F(name="title", type=TEXT), F(name="kind", type=TEXT)),
    "renamed": notes(HEADLINE, F(name="kind", type=TEXT)),
    "refused": notes(HEADLINE, F(name="kind", type=TEXT, unique=True), indexes=()),
}


@asynccontextmanager
async def deployed(local: LocalPlatform, version: str) -> AsyncGenerator[httpx.AsyncClient]:
    """Deploy a version, and let it run for the length of the block. Raises DeployFailed."""
    files = write_backend(project_name="Notes", description="", schema=VERSIONS[version])
    events = local.deploy(order(zipped(files), deployment_id=version))
    async with aclosing(events):
        url = await anext(event.url async for event in events if isinstance(event, Live))
        reading = asyncio.create_task(_read(events))  # else it waits for its lines to be taken
        try:
            async with httpx.AsyncClient(base_url=url, verify=trusted(), timeout=30) as client:
                yield client
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _read(events: AsyncGenerator[Any]) -> None:
    with suppress(Superseded):
        async for _ in events:
            pass


async def redeploy(local: LocalPlatform) -> None:
    async with deployed(local, "first") as first:
        for title in ("one", "two"):
            assert (await first.post("/notes", json={"title": title, "kind": "a"})).status_code == 201
        async with deployed(local, "renamed") as renamed:
            assert (await renamed.get("/ready")).status_code == 200
            assert await headlines(renamed) == {"one", "two"}
            assert (await renamed.post("/notes", json={"headline": "one", "kind": "b"})).status_code == 409
            await refuse(local)
            assert (await renamed.get("/ready")).status_code == 200
            assert await headlines(renamed) == {"one", "two"}


async def refuse(local: LocalPlatform) -> None:
    with pytest.raises(DeployFailed) as refusal:
        async with deployed(local, "refused"):
            pass
    assert refusal.value.reason == "CRASHED", refusal.value.reason
    for part in ("same kind", "Nothing was changed."):
        assert part in refusal.value.message, refusal.value.message


async def headlines(client: httpx.AsyncClient) -> set[str]:
    page = await client.get("/notes", params={"kind": "a"})
    assert page.status_code == 200, page.text
    return {item["headline"] for item in page.json()["items"]}


def on_this_machine(work: Callable[[LocalPlatform], Coroutine[Any, Any, None]]) -> None:
    """Do something with a LOCAL of its own, whose tables an emulator has."""
    root = Path(tempfile.mkdtemp())
    try:
        with emulated() as emulator:
            aws = connect(region="us-east-1", endpoint=emulator)
            surroundings = {"AWS_ENDPOINT_URL": emulator, "AWS_REGION": "us-east-1", **EMULATOR_CREDENTIALS}
            asyncio.run(work(platform(root, create_tables=StackTables(aws), aws=surroundings)))
            aws.close()
    finally:
        shutil.rmtree(root)


def main() -> None:
    on_this_machine(redeploy)
    sys.stdout.write("a backend was deployed again with another schema, and again with one that its rows refuse\n")


if __name__ == "__main__":
    main()
