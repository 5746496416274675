"""The bytes of an answer in slices: all of them, decoded, a bounded number at once, and with turns for others."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.openai import OpenAI
from services.llm.port import (
    ChatTask,
    FailureCode,
    Finished,
    FinishReason,
    Item,
    Message,
    Options,
    ProviderFailure,
    Request,
    Text,
)
from services.llm.slices import SLICE, UnknownCoding, slices
from tests.fakes.llm import Body, FakeLLM, Recorded

MANY = b":\n" * 1_000_000


async def sending(parts: Iterable[bytes]) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def read(parts: Iterable[bytes], coding: str = "") -> list[bytes]:
    return [piece async for piece in slices(sending(parts), coding=coding)]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.binary(max_size=3 * SLICE), st.integers(1, 2 * SLICE), st.sampled_from(["", "identity", "gzip", "deflate"]))
async def test_what_was_sent_comes_whole_in_slices(data: bytes, size: int, coding: str) -> None:
    sent = {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding, bytes)(data)

    pieces = await read(cut(sent, size), coding)

    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= SLICE for piece in pieces)


@pytest.mark.parametrize("coding", ["GZIP", " x-gzip", "gzip"])
async def test_little_that_becomes_much_is_decoded_by_slices(coding: str) -> None:
    pieces = await read([gzip.compress(MANY)], coding)

    assert max(map(len, pieces)) == SLICE
    assert b"".join(pieces) == MANY


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_others_have_a_turn_between_two_slices_of_one_read(coding: str) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    seen = [turns async for _ in slices(sending([gzip.compress(MANY) if coding else MANY]), coding=coding)]
    other.cancel()

    assert len(set(seen)) == len(seen) == -(-len(MANY) // SLICE)


@pytest.mark.parametrize(
    ("data", "coding"),
    [(b"data: plain", "gzip"), (gzip.compress(b"x" * 100)[:-60] + b"xx" * 60, "gzip"), (b"x", "br"), (b"x", "zstd")],
)
async def test_bytes_that_are_not_as_they_are_said_to_be_are_refused(data: bytes, coding: str) -> None:
    with pytest.raises(UnknownCoding):
        await read([data], coding)


ASKED = Request(ChatTask("x", "x", None, "x"), (Message("user", "Hello?"),), "chat/1", Options(max_tokens=1000))
ANSWER = b'data: {"choices": [{"delta": {"content": "hello"}, "finish_reason": "stop"}]}\n\n'


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


async def ask(fake: FakeLLM) -> list[Item]:
    chat = OpenAI(key="k", model="m", base_url=fake.openai_url)
    try:
        return [item async for item in chat.stream(ASKED)]
    finally:
        await chat.aclose()


async def test_an_answer_is_asked_for_as_it_is_and_read_where_it_is_compressed(fake: FakeLLM) -> None:
    fake.script.append(Body(gzip.compress(MANY + ANSWER), "text/event-stream\r\ncontent-encoding: gzip"))

    items = await ask(fake)

    assert [item for item in items if isinstance(item, Text | Finished)] == [Text("hello"), Finished(FinishReason.STOP)]
    assert fake.requests[0].headers["accept-encoding"] == "identity"


async def test_an_answer_in_a_coding_that_nobody_asked_for_is_a_failure(fake: FakeLLM) -> None:
    fake.script.append(Body(ANSWER, "text/event-stream\r\ncontent-encoding: br"))

    with pytest.raises(ProviderFailure) as failure:
        await ask(fake)

    assert failure.value.code is FailureCode.UNAVAILABLE


async def test_a_stream_of_nothing_that_never_ends_is_left(fake: FakeLLM) -> None:
    def endless(_: Recorded) -> bytes:
        return gzip.compress(MANY * 8)

    fake.script.append(Body(endless, "text/event-stream\r\ncontent-encoding: gzip"))

    with pytest.raises(ProviderFailure) as failure:
        await ask(fake)

    assert failure.value.code is FailureCode.TOO_LONG


async def test_a_long_text_comes_in_parts(fake: FakeLLM) -> None:
    text = "\U0001f680 grüß " * 5000
    fake.script.append(Body(ANSWER.replace(b"hello", text.encode())))

    items = await ask(fake)

    texts = [item.text for item in items if isinstance(item, Text)]
    assert "".join(texts) == text
    assert max(map(len, texts)) <= SLICE
