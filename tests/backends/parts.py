"""A backend with drawn parts, deployed on LOCAL, and each of its parts at work: a file goes through the bucket, a
message through the queue, an event on the topic into another, and functions run.

`python -m tests.backends.parts` does it on an emulator of its own. It needs npm.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import httpx

from services.core.tls import trusted
from services.designs.architecture import ArchitectureModel, Edge, Node, NodeKind
from services.designs.schema import Audience, Field, FieldType, Grant, Policy, SchemaModel, Table
from services.platforms.local import LocalPlatform
from services.platforms.port import Config, Line, Live, Superseded
from services.scaffold.backend import write_backend
from tests.backends.deploying import on_this_machine
from tests.services.platforms.projects import order, zipped

_PATIENCE: Final = 90
"""Seconds that a message may take, or the clock."""
_ANYBODY: Final = (Grant(audience=Audience.PUBLIC),)
_ORDERS: Final = Table(
    name="orders",
    fields=(
        Field(name="id", type=FieldType.STRING, primary_key=True),
        Field(name="note", type=FieldType.STRING),
    ),
    policy=Policy(create=_ANYBODY, read=_ANYBODY, update=_ANYBODY, delete=_ANYBODY),
)
SHOP: Final = SchemaModel(tables=(_ORDERS,))
DRAWN: Final = ArchitectureModel(
    (
        Node(id="api", kind=NodeKind.API, name="Shop API"),
        Node(id="photos", kind=NodeKind.BUCKET, name="Photos"),
        Node(id="placed", kind=NodeKind.QUEUE, name="Orders placed"),
        Node(id="events", kind=NodeKind.TOPIC, name="Order events"),
        Node(id="audit", kind=NodeKind.QUEUE, name="Audit"),
        Node(id="mails", kind=NodeKind.FUNCTION, name="Send mails"),
        Node(id="bank", kind=NodeKind.EXTERNAL, name="Bank"),
        Node(id="prices", kind=NodeKind.CACHE, name="Prices"),
        Node(id="cleanup", kind=NodeKind.FUNCTION, name="Cleanup", description="Every minute."),
    ),
    (
        Edge(from_node="api", to_node="placed"),
        Edge(from_node="api", to_node="events"),
        Edge(from_node="api", to_node="bank"),
        Edge(from_node="api", to_node="prices"),
        Edge(from_node="events", to_node="audit"),
        Edge(from_node="events", to_node="mails"),
    ),
)


@asynccontextmanager
async def deployed(local: LocalPlatform, lines: "asyncio.Queue[str]") -> AsyncGenerator[httpx.AsyncClient]:
    """Deploy the shop, and let it run for the length of the block; what it then says comes into the queue."""
    files = write_backend(project_name="Shop", description="", schema=SHOP, architecture=DRAWN)
    events = local.deploy(replace(order(zipped(files), deployment_id="shop"), config=Config({"AUTH": "off"})))
    async with aclosing(events):
        url = await anext(event.url async for event in events if isinstance(event, Live))
        reading = asyncio.create_task(_read(events, lines))  # else it waits for its lines to be taken
        try:
            async with httpx.AsyncClient(base_url=url, verify=trusted(), timeout=30) as client:
                yield client
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _read(events: AsyncGenerator[Any], lines: "asyncio.Queue[str]") -> None:
    with suppress(Superseded):
        async for event in events:
            if isinstance(event, Line):
                await lines.put(event.message)


async def a_file_goes_through_the_bucket(client: httpx.AsyncClient) -> None:
    content = b"a picture of a bike"
    asked = {"name": "bike.png", "contentType": "image/png", "bytes": len(content)}
    begun = (await client.post("/photos", json=asked)).raise_for_status().json()
    upload = begun["upload"]
    sent = await client.post(upload["url"], data=upload["fields"], files={"file": ("bike.png", content)})
    assert sent.status_code == HTTPStatus.NO_CONTENT

    shown = (await client.get(f"/photos/{begun['id']}")).raise_for_status().json()

    assert (await client.get(shown["download"]["url"])).content == content
    assert (await client.delete(f"/photos/{begun['id']}")).status_code == 204
    assert (await client.get(shown["download"]["url"])).status_code == 404


async def a_message_goes_through_the_queue(client: httpx.AsyncClient, lines: "asyncio.Queue[str]") -> None:
    (await client.post("/orders", json={"note": "a bike"})).raise_for_status()

    await said(lines, "a message came", '"queue":"orders-placed"', '"type":"orders.created"')


async def an_event_on_the_topic_comes_into_the_queue(client: httpx.AsyncClient, lines: "asyncio.Queue[str]") -> None:
    order = (await client.post("/orders", json={"note": "a bike"})).raise_for_status().json()
    (await client.delete(f"/orders/{order['id']}")).raise_for_status()

    await said(lines, "a message came", '"queue":"audit"', '"type":"orders.deleted"')


async def functions_run(client: httpx.AsyncClient, lines: "asyncio.Queue[str]") -> None:
    (await client.post("/orders", json={"note": "a bike"})).raise_for_status()

    await said(lines, "a function ran", '"function":"send-mails"', '"type":"orders.created"')
    await said(lines, "a function ran", '"function":"cleanup"', '"type":"clock.cleanup"')


async def said(lines: "asyncio.Queue[str]", *parts: str) -> None:
    """Wait until the backend says a line with all of these in it."""
    async with asyncio.timeout(_PATIENCE):
        while not all(part in line for line in [await lines.get()] for part in parts):
            pass


async def work(local: LocalPlatform) -> None:
    lines = asyncio.Queue[str]()
    async with deployed(local, lines) as client:
        await a_file_goes_through_the_bucket(client)
        sys.stdout.write("a file went through the bucket\n")
        await a_message_goes_through_the_queue(client, lines)
        sys.stdout.write("a message went through the queue\n")
        await an_event_on_the_topic_comes_into_the_queue(client, lines)
        sys.stdout.write("an event on the topic came into the queue\n")
        await functions_run(client, lines)
        sys.stdout.write("functions ran by an event and by the clock\n")


if __name__ == "__main__":
    on_this_machine(work)
