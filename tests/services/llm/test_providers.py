"""The tests that every provider passes: what the port promises, over real connections where it has any."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from services.llm.chat import Chat
from services.llm.files import FileCompleted, FileDiscarded, FileParser
from services.llm.groq import Groq
from services.llm.json_output import read_schema
from services.llm.openai import OpenAI
from services.llm.port import (
    CodeTask,
    Finished,
    FinishReason,
    Item,
    Options,
    Provider,
    Request,
    SchemaTask,
    Started,
    Text,
    Usage,
)
from services.llm.prompts import render
from services.llm.router import Router
from services.scaffold.provider import Scaffold
from tests.fakes.llm import FakeLLM

BOUNDARY = "0f1e2d3c4b5a6978"
DESCRIPTION = "A blog with users, posts and comments"
Make = Callable[[FakeLLM], Provider]
MAKERS: dict[str, Make] = {
    "groq": lambda fake: Groq(key="k", model="m-1", base_url=fake.groq_url),
    "openai": lambda fake: OpenAI(key="k", model="m-1", base_url=fake.openai_url),
    "scaffold": lambda _: Scaffold(tokens_per_second=None),
    "router": lambda fake: Router([Groq(key="k", model="m-1", base_url=fake.groq_url)]),
}


@pytest.fixture(params=MAKERS)
async def provider(request: pytest.FixtureRequest, fake: FakeLLM) -> AsyncIterator[Provider]:
    made = MAKERS[request.param](fake)
    yield made
    if isinstance(made, Chat | Router):
        await made.aclose()


async def ask(provider: Provider, request: Request) -> list[Item]:
    async with asyncio.timeout(30):
        return [item async for item in provider.stream(request)]


def text_of(items: list[Item]) -> str:
    return "".join(item.text for item in items if isinstance(item, Text))


async def test_an_answer_starts_brings_text_and_usage_and_finishes(provider: Provider) -> None:
    items = await ask(provider, render(SchemaTask(DESCRIPTION), Options()))

    assert isinstance(items[0], Started)
    assert items[0].provider in {provider.name, "groq"}
    assert items[-1] == Finished(FinishReason.STOP)
    assert {type(item) for item in items[1:-1]} == {Text, Usage}
    assert all(item.text for item in items if isinstance(item, Text))


async def test_a_schema_task_brings_a_valid_schema(provider: Provider) -> None:
    items = await ask(provider, render(SchemaTask(DESCRIPTION), Options()))

    assert {"users", "posts", "comments"} <= {table.name for table in read_schema(text_of(items)).tables}


async def test_a_code_task_brings_the_files_of_its_manifest(provider: Provider) -> None:
    schema = read_schema(text_of(await ask(provider, render(SchemaTask(DESCRIPTION), Options()))))
    parser = FileParser(BOUNDARY)

    items = await ask(provider, render(CodeTask("Blog", DESCRIPTION, schema, BOUNDARY), Options()))

    files = [found for item in items if isinstance(item, Text) for found in parser.feed(item.text)] + parser.end()
    completed = [item.path for item in files if isinstance(item, FileCompleted)]
    assert completed == parser.manifest
    assert {"package.json", "src/server.ts", "infrastructure/template.json"} <= set(completed)
    assert not any(isinstance(item, FileDiscarded) for item in files)
    assert (parser.missing, parser.ended) == ((), True)


async def test_an_answer_can_be_left_in_the_middle_and_the_provider_asked_again(provider: Provider) -> None:
    request = render(SchemaTask(DESCRIPTION), Options())

    async with aclosing(provider.stream(request)) as items:
        first = await anext(items)

    assert isinstance(first, Started)
    assert (await ask(provider, request))[-1] == Finished(FinishReason.STOP)


async def test_two_answers_can_be_read_side_by_side(provider: Provider) -> None:
    request = render(SchemaTask(DESCRIPTION), Options())

    one, other = await asyncio.gather(ask(provider, request), ask(provider, request))

    assert text_of(one) == text_of(other) != ""
