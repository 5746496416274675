"""The comparison with the official SDKs: our reader gives the text that their chunks hold."""

import asyncio
import json
import re

import groq
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.llm.chat import Chat
from services.llm.groq import Groq
from services.llm.openai import OpenAI
from services.llm.port import ChatTask, Message, Options, Request, Text
from tests.fakes.llm import Answer, FakeLLM

ASKED = Request(ChatTask("x", "x", None, "x"), (Message("user", "Hello?"),), "chat/1", Options())


async def ours(dialect: str, fake: FakeLLM) -> str:
    chat: Chat = (
        Groq(key="k", model="m", base_url=fake.groq_url)
        if dialect == "groq"
        else OpenAI(key="k", model="m", base_url=fake.openai_url)
    )
    try:
        return "".join([item.text async for item in chat.stream(ASKED) if isinstance(item, Text)])
    finally:
        await chat.aclose()


async def theirs(dialect: str, fake: FakeLLM) -> str:
    said = ""
    if dialect == "groq":
        async with groq.AsyncGroq(api_key="k", base_url=fake.groq_url, max_retries=0) as asking:
            stream = await asking.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hello?"}], stream=True
            )
            async for chunk in stream:
                said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    else:
        async with openai.AsyncOpenAI(api_key="k", base_url=fake.openai_url, max_retries=0) as asking:
            stream = await asking.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hello?"}], stream=True
            )
            async for chunk in stream:
                said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    return said


async def both(dialect: str, fake: FakeLLM) -> tuple[str, str]:
    return await ours(dialect, fake), await theirs(dialect, fake)


def text_chunk(text: str, *, escapes: bool) -> str:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}, ensure_ascii=escapes)


LAST = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
piece = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@pytest.mark.parametrize("dialect", ["groq", "openai"])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(piece, max_size=8),
    line_end=st.sampled_from(["\n", "\r\n"]),
    write_size=st.sampled_from([None, 1, 2, 3, 5, 64]),
    comments=st.booleans(),
    escapes=st.booleans(),
)
def test_the_same_bytes_give_the_same_text(
    fake: FakeLLM,
    dialect: str,
    *,
    pieces: list[str],
    line_end: str,
    write_size: int | None,
    comments: bool,
    escapes: bool,
) -> None:
    chunks = [*(text_chunk(text, escapes=escapes) for text in pieces), LAST, "[DONE]"]
    fake.default = Answer(raw_events=chunks, line_end=line_end, write_size=write_size, comments=comments)

    mine, sdks = asyncio.run(both(dialect, fake))

    assert mine == sdks == "".join(pieces)


@pytest.mark.parametrize("dialect", ["groq", "openai"])
@pytest.mark.parametrize(
    "chunk",
    [
        r'{"choices": [{"delta": {"content": "a\ud83d\ude00b"}}]}',
        r'{"choices": [{"delta": {"content": "a\ud83db"}}]}',
        r'{"choices": [{"delta": {"content": "a\u0000\u2028b"}}]}',
        '{"choices": [{"delta": {"content": null}}, {"delta": {"content": "second"}}]}',
        '{"choices": [{"delta": {"role": "assistant", "content": "a", "more": [{"x": 1}]}, "x": null}], "y": 1e9}',
        '{"choices": [], "usage": null}',
    ],
)
def test_odd_chunks_give_the_same_text(fake: FakeLLM, dialect: str, chunk: str) -> None:
    fake.default = Answer(raw_events=[chunk, LAST, "[DONE]"])

    mine, sdks = asyncio.run(both(dialect, fake))

    assert mine == re.sub("[\ud800-\udfff]", "\ufffd", sdks)
