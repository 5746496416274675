"""Drawn architectures, each deployed on LOCAL, and each of its parts seen at work.

`python -m tests.backends.architectures`, the work of `make architectures`, writes docs/architectures-tested.md. It has
an emulator of its own, needs npm, and exits with 1 where a part does not do what it was drawn for.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import httpx

from services.core.clock import utc_now
from services.core.tls import trusted
from services.designs.schema import Audience, Field, FieldType, Grant, Policy, SchemaModel, Table
from services.platforms.local import LocalPlatform
from services.platforms.port import Config, Line, Live, Superseded
from services.scaffold.backend import write_backend
from tests.backends.deploying import on_this_machine
from tests.backends.drawings import DRAWINGS, Drawing
from tests.services.platforms.projects import order, zipped

ROOT: Final = Path(__file__).parents[2]
REPORT: Final = ROOT / "docs" / "architectures-tested.md"
_PATIENCE: Final = 100
"""Seconds that messages may take, and the clock, which runs each minute."""
_ANYBODY: Final = (Grant(audience=Audience.PUBLIC),)
_RAN: Final = frozenset({"a message came", "a function ran"})
_RATE: Final = 1.5
_CALL: Final = """  const rate = await rates.remember('rate', () => bankClient(config).getJson('rate'));
  log('info', 'a rate came', { rate });
"""
_IMPORTS: Final = """import { readConfig } from '../config.js';
import { ratesCacheOf } from '../parts/caches/rates.js';
import { bankClient } from '../parts/externals/bank.js';
"""


class Bank(ThreadingHTTPServer):
    """A service of somebody else, which is away when it is asked for the first time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Counter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Bank)
        self.server.asked.append(self.path)
        body = json.dumps({"rate": _RATE}).encode()
        self.send_response(503 if len(self.server.asked) == 1 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def open_bank() -> Generator[Bank]:
    with Bank() as bank:
        Thread(target=bank.serve_forever, daemon=True).start()
        yield bank
        bank.shutdown()


@dataclass(slots=True)
class Running:
    """A deployed backend, and what it has said so far."""

    client: httpx.AsyncClient
    messages: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """The queues and functions that said that they got one, each with its type."""
    rates: int = 0
    """How often the function that asks the bank has its answer."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, line: str) -> None:
        with suppress(ValueError):
            said = json.loads(line)
            if said.get("message") in _RAN:
                self.messages.add((said.get("queue") or said["function"], said["type"]))
            self.rates += said.get("message") == "a rate came" and said["rate"] == {"rate": _RATE}
            self.news.set()

    async def wait(self, messages: frozenset[tuple[str, str]], *, rates: int) -> None:
        """Wait until these came, and so many rates. Raises AssertionError."""
        end = time.monotonic() + _PATIENCE
        while not (messages <= self.messages and self.rates >= rates):
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), 1)
            lacking = messages - self.messages or f"{rates - self.rates} rates"
            assert time.monotonic() < end, f"did not come: {lacking}"


def schema_of(drawing: Drawing) -> SchemaModel:
    policy = Policy(create=_ANYBODY, read=_ANYBODY, update=_ANYBODY, delete=_ANYBODY)
    fields = (Field(name="id", type=FieldType.STRING, primary_key=True), Field(name="note", type=FieldType.STRING))
    return SchemaModel(tables=tuple(Table(name=name, fields=fields, policy=policy) for name in drawing.tables))


def files_of(name: str, drawing: Drawing) -> dict[str, str]:
    """Write the backend, and in it what its owner would: a function that asks the bank."""
    files: dict[str, str] = dict(
        write_backend(project_name=name, description="", schema=schema_of(drawing), architecture=drawing.architecture)
    )
    if drawing.calls is not None:
        path = f"src/functions/{drawing.calls}.ts"
        function = (
            files[path].replace("export function", "export async function").replace("return Promise.resolve();\n", "")
        )
        made = "const config = readConfig(process.env);\nconst rates = ratesCacheOf(config);\n\n/**\n"
        files[path] = _IMPORTS + function.replace("/**\n", made, 1).replace("  log('info',", f"{_CALL}  log('info',")
    return files


@asynccontextmanager
async def deployed(
    local: LocalPlatform, files: Mapping[str, str], *, name: str, settings: Mapping[str, str]
) -> AsyncGenerator[Running]:
    """Deploy a backend to a site of its own, and let it run for the length of the block."""
    asked = replace(order(zipped(files), deployment_id=name, site=name), config=Config(settings))
    events = local.deploy(asked)
    async with aclosing(events):
        url = await anext(event.url async for event in events if isinstance(event, Live))
        async with httpx.AsyncClient(base_url=url, verify=trusted(), timeout=30) as client:
            running = Running(client)
            reading = asyncio.create_task(_read(events, running))  # else it waits for its lines to be taken
            try:
                yield running
            finally:
                reading.cancel()
                await asyncio.wait({reading})


async def _read(events: AsyncGenerator[Any], running: Running) -> None:
    with suppress(Superseded):
        async for event in events:
            if isinstance(event, Line):
                running.hear(event.message)


async def a_file_goes_through(client: httpx.AsyncClient, bucket: str) -> None:
    content = b"a picture of a bike"
    asked = {"name": "bike.png", "contentType": "image/png", "bytes": len(content)}
    begun = (await client.post(f"/{bucket}", json=asked)).raise_for_status().json()
    upload = begun["upload"]
    sent = await client.post(upload["url"], data=upload["fields"], files={"file": ("bike.png", content)})
    assert sent.status_code == 204, sent.text

    place = f"/{bucket}/{begun['id']}"
    shown = (await client.get(place)).raise_for_status().json()

    assert (await client.get(shown["download"]["url"])).content == content
    assert (await client.delete(place)).status_code == 204
    assert (await client.get(shown["download"]["url"])).status_code == 404


async def a_row_comes_changes_and_goes(client: httpx.AsyncClient, table: str) -> None:
    route = f"/{table}"
    row = (await client.post(route, json={"note": "a bike"})).raise_for_status().json()
    (await client.patch(f"{route}/{row['id']}", json={"note": "two bikes"})).raise_for_status()
    (await client.delete(f"{route}/{row['id']}")).raise_for_status()


async def see(local: LocalPlatform, name: str, drawing: Drawing) -> None:
    """Deploy one drawing, and see each of its parts at work. Raises AssertionError and what httpx raises."""
    with open_bank() as bank:
        settings = {"AUTH": "off", **({"BANK_BASE_URL": bank.url} if drawing.calls else {})}
        site = "".join(word[0] for word in name.split()) + str(list(DRAWINGS).index(name))
        async with deployed(local, files_of(name, drawing), name=site, settings=settings) as running:
            for bucket in drawing.buckets:
                await a_file_goes_through(running.client, bucket)
            for _ in range(2):
                for table in drawing.tables:
                    await a_row_comes_changes_and_goes(running.client, table)
            await running.wait(drawing.says, rates=2 if drawing.calls else 0)
        if drawing.calls:
            assert bank.asked == ["/rate", "/rate"], f"away once, asked again, kept from then on: {bank.asked}"


async def see_all(local: LocalPlatform) -> None:
    began, rows, failed = time.monotonic(), list[str](), 0
    for name, drawing in DRAWINGS.items():
        start, fault = time.monotonic(), ""
        try:
            await see(local, name, drawing)
        except (AssertionError, httpx.HTTPError) as error:
            fault, failed = f"{type(error).__name__}: {error}", failed + 1
        row = row_of(name, drawing, seconds=time.monotonic() - start, fault=fault)
        rows.append(row)
        sys.stdout.write(row)
        sys.stdout.flush()
    REPORT.write_text(report(rows, failed=failed, seconds=time.monotonic() - began))
    sys.stdout.write(f"written to {REPORT.relative_to(ROOT)}\n")
    if failed:
        raise SystemExit(1)


def row_of(name: str, drawing: Drawing, *, seconds: float, fault: str) -> str:
    drawn = [node.kind.name for node in drawing.architecture.nodes]
    kinds = ", ".join(f"{drawn.count(kind)} {kind}" for kind in dict.fromkeys(drawn))
    calls = "a call and its copy" if drawing.calls else ""
    seen = f"{len(drawing.says)} | {len(drawing.buckets)} | {calls}"
    return f"| {name} | {kinds} | {seen} | {seconds:.0f} | {fault or 'good'} |\n"


def report(rows: list[str], *, failed: int, seconds: float) -> str:
    return f"""# Architectures that became backends

Written by `make architectures` on {utc_now():%Y-%m-%d} ({seconds:.0f} seconds). {len(rows) - failed} of {len(rows)} are
as they should be.

Each drawing of [tests/backends/drawings.py](../tests/backends/drawings.py) was made code by the scaffold and deployed
on LOCAL, with an emulator of AWS. Then rows were made, changed and deleted over HTTP, and it was seen from outside that

- every queue and every function that is told of them said so, with the type of each message, straight or over a topic,
  and every function of the clock that runs each minute;
- a file went up by the presigned form of every bucket, came back by its link, and was gone when it was deleted;
- a function, to which the two lines were added that its owner would write, asked another service, which was away at
  first, and kept the answer in the cache: with two rows or more, the service was asked twice in all.

| drawing | nodes | messages of a kind | files | services | s | |
|---|---|--:|--:|---|--:|---|
{"".join(rows)}"""


if __name__ == "__main__":
    on_this_machine(see_all)
