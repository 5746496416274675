"""The ways to read a provider's stream that are measured side by side, from bare bytes to a subscriber.

Each is a function of an order (see `tokens`), and returns the seconds from asking to the first token. It fails where it
did not get all that was said.
"""  # noqa: INP001 - benchmarks are not a package

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import groq
import httpx
import httpx2
import openai

from bench import tokens
from bench.hub import NoHistory
from services.core.clock import utc_now
from services.core.ids import GenerationId, ProjectId, TeamId, UserId
from services.core.tls import trusted
from services.designs.schema import SchemaModel
from services.foundation.events.hub import Hub
from services.foundation.events.open import open_log
from services.foundation.events.producer import Producer
from services.foundation.jobs.run import Run
from services.generations import events
from services.generations.answer import Answer
from services.generations.answer_session import AnswerSession
from services.generations.model import Generation, GenerationKind, GenerationStatus
from services.generations.redaction import Redactor
from services.llm.chat import Chat
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import ChatTask, CodeTask, Message, Options, Request, Text
from services.llm.prompts import render

if TYPE_CHECKING:
    from services.foundation.events.port import EventLog

BARE: Final = "bare reader (httpx)"
KEY: Final = "gsk_0123456789abcdef0123456789abcdef"
_QUESTION: Final = "Say something."
_CHAT: Final = ChatTask("Bench", "", None, _QUESTION)
_CODE: Final = CodeTask("Bench", "", SchemaModel(tables=()), tokens.BOUNDARY)
_GREETING: Final = events.UsageUpdated(0, 0)
_TELLING: Final = (b'"TokenDelta"', b'"FileStarted"')
_MOST: Final = 1_000_000
"""Tokens that an answer may take, so that none is cut."""

Read = Callable[[str], Awaitable[float]]


@asynccontextmanager
async def readers(port: int, redis_url: str, orders: Sequence[str]) -> "AsyncGenerator[Mapping[str, Read]]":
    """Open everything that the ways to read need; connections stay open from one order to the next, as in a worker."""
    url = f"http://127.0.0.1:{port}"
    ours_groq = Groq(key=KEY, model=orders[0], models=orders, base_url=url)
    ours_openai = OpenAI(key=KEY, model=orders[0], models=orders, base_url=f"{url}/v1")
    from_groq = groq.AsyncGroq(api_key=KEY, base_url=url, max_retries=0)
    from_openai = openai.AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    logs = {"memory": open_log("memory://", utc_now), "Redis": open_log(redis_url, utc_now)}
    async with httpx.AsyncClient(verify=trusted(), timeout=60) as bare, httpx2.AsyncClient(timeout=60) as bare2:
        yield {
            BARE: lambda order: _bytes(bare, url, order),
            "bare reader (httpx2, which the openai SDK uses)": lambda order: _bytes(bare2, url, order),
            "groq, our reader of its raw stream": lambda order: _provider(ours_groq, order),
            "groq, the SDK's chunk objects": lambda order: _chunks(from_groq, order),
            "openai, our reader of its raw stream": lambda order: _provider(ours_openai, order),
            "openai, the SDK's chunk objects": lambda order: _chunks(from_openai, order),
            **{
                f"groq, to a subscriber's hub: {kind}, {name} log": partial(_to_hub, ours_groq, log, task)
                for name, log in logs.items()
                for kind, task in (("text", _CHAT), ("files", _CODE))
            },
        }
    for log in logs.values():
        await log.close()
    await ours_groq.aclose()
    await ours_openai.aclose()
    await from_groq.close()
    await from_openai.close()


async def _bytes(http: Any, url: str, order: str) -> float:
    began, first, size = time.perf_counter(), 0.0, 0
    body = {"model": order, "stream": True, "messages": [{"role": "user", "content": _QUESTION}]}
    async with http.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
        async for data in response.aiter_bytes():
            first = first or time.perf_counter()
            size += len(data)
    _require(size > len(tokens.text(_tokens(order))))
    return first - began


async def _provider(provider: Chat, order: str) -> float:
    began, first, said = time.perf_counter(), 0.0, 0
    async with aclosing(provider.stream(_request(order))) as items:
        async for item in items:
            if isinstance(item, Text):
                first = first or time.perf_counter()
                said += len(item.text)
    _require(said == len(tokens.text(_tokens(order))))
    return first - began


async def _chunks(sdk: Any, order: str) -> float:
    began, first, said = time.perf_counter(), 0.0, 0
    stream = await sdk.chat.completions.create(
        model=order, stream=True, messages=[{"role": "user", "content": _QUESTION}]
    )
    async for chunk in stream:
        if chunk.choices and (text := chunk.choices[0].delta.content):
            first = first or time.perf_counter()
            said += len(text)
    _require(said == len(tokens.text(_tokens(order))))
    return first - began


async def _to_hub(provider: Chat, log: "EventLog", task: ChatTask | CodeTask, order: str) -> float:
    """Do what a worker does with an answer, and be told of it as a subscriber is who was there before."""
    stream, hub, ready = f"bench_{uuid4().hex}", Hub(log), asyncio.Event()
    following = asyncio.create_task(_follow(hub, stream, ready))
    await log.append(stream, [events.encode(_GREETING)], attempt=1, producer_seq=1)
    await ready.wait()
    began = time.perf_counter()
    async with Producer(log, stream, 2) as out:

        async def tell(event: events.GenerationEvent) -> None:
            await out.put(events.encode(event))

        options = Options(model=order, max_tokens=_MOST)
        answer = Answer(2, lambda: Redactor((KEY,)))
        session = AnswerSession(_run(out), provider, answer, options, tell)
        await (session.write(task) if isinstance(task, CodeTask) else session.say(render(task, options)))
        await out.close(events.encode(events.GenerationFinished(GenerationStatus.COMPLETED)))
        first = await following
    said = "".join(answer.contents.values()) or answer.text
    _require(said in {tokens.text(_tokens(order)), tokens.content(_tokens(order))})
    return first - began


class _Shelf:
    """Keeps one record, in place of a table: what saving it costs is not what is measured."""

    def __init__(self, record: Generation) -> None:
        self.record = record

    async def update(self, key: str, change: Callable[[Generation], Generation]) -> Generation:
        del key
        self.record = change(self.record)
        return self.record


def _run(out: Producer) -> Run[Generation]:
    now = utc_now()
    record = Generation(
        id=GenerationId("generation_bench"),
        created_at=now,
        updated_at=now,
        project_id=ProjectId("project_bench"),
        user_id=UserId("user_bench"),
        team_id=TeamId("team_bench"),
        kind=GenerationKind.CHAT,
        prompt=_QUESTION,
    )
    shelf: Any = _Shelf(record)
    return Run(shelf, record, out)


async def _follow(hub: Hub, stream: str, ready: asyncio.Event) -> float:
    """Follow a stream to its end, and return when the first event came that tells of what was said."""
    first = 0.0
    async with hub.follow(stream, after=None, history=NoHistory()) as batches:
        async for batch in batches:
            ready.set()
            for entry in batch.entries:
                if not first and any(kind in entry.data for kind in _TELLING):
                    first = time.perf_counter()
    return first


def _request(order: str) -> Request:
    return Request(_CHAT, (Message("user", _QUESTION),), "bench", Options(model=order))


def _tokens(order: str) -> int:
    return int(order.partition("-")[2])


def _require(is_whole: bool) -> None:  # noqa: FBT001 - the one thing it is asked
    if not is_whole:
        raise AssertionError("Not all that was said has arrived.")
