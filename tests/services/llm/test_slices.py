"""The bytes of an answer in slices: all of them, decoded, a bounded number at once, and with turns for others."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.slices import SLICE, UnknownCoding, slices
from services.llm.bounded_errors import MOST_OF_ERROR
from services.llm.groq import Groq
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
    ids=["not packed", "damaged", "br", "zstd"],
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


async def served(head: bytes, body: AsyncGenerator[bytes], sent: list[int]) -> asyncio.Server:
    """Serve one answer on loopback, and note the bytes of its body that were taken."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"connection: close\r\n\r\n")
        with suppress(ConnectionError):
            async for part in body:
                writer.write(part)
                await writer.drain()
                sent.append(len(part))
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def endless() -> AsyncGenerator[bytes]:
    while True:
        yield b"No. " * SLICE


async def compressed() -> AsyncGenerator[bytes]:
    yield gzip.compress(b'{"error": {"code": "insufficient_quota", "x": "' + b"x" * 50_000_000 + b'"}}')


async def small() -> AsyncGenerator[bytes]:
    yield gzip.compress(b'{"error": {"code": "insufficient_quota"}}')


async def odd() -> AsyncGenerator[bytes]:
    yield b"insufficient_quota"


@pytest.mark.parametrize("kind", [OpenAI, Groq])
@pytest.mark.parametrize(
    ("body", "coding", "code"),
    [
        (endless, b"", FailureCode.RATE_LIMITED),
        (compressed, b"content-encoding: gzip\r\n", FailureCode.RATE_LIMITED),
        (small, b"content-encoding: gzip\r\n", FailureCode.INSUFFICIENT_QUOTA),
        (odd, b"content-encoding: br\r\n", FailureCode.RATE_LIMITED),
    ],
)
async def test_of_an_error_as_much_is_read_as_one_has(
    kind: type[OpenAI] | type[Groq],
    body: Callable[[], AsyncGenerator[bytes]],
    coding: bytes,
    code: FailureCode,
) -> None:
    sent: list[int] = []
    server = await served(b"HTTP/1.1 429 No\r\nretry-after: 7\r\n" + coding, body(), sent)
    port = server.sockets[0].getsockname()[1]
    chat = kind(key="k", model="m", base_url=f"http://127.0.0.1:{port}/v1")

    async with asyncio.timeout(20):
        with pytest.raises(ProviderFailure) as failure:
            await anext(chat.stream(ASKED))
    await chat.aclose()
    server.close()

    assert (failure.value.code, failure.value.retry_after) == (code, 7)
    assert sum(sent) < MOST_OF_ERROR + 8 * 1024 * 1024  # what the sockets hold


async def test_a_long_text_comes_in_parts(fake: FakeLLM) -> None:
    text = "\U0001f680 grüß " * 5000
    fake.script.append(Body(ANSWER.replace(b"hello", text.encode())))

    items = await ask(fake)

    texts = [item.text for item in items if isinstance(item, Text)]
    assert "".join(texts) == text
    assert max(map(len, texts)) <= SLICE
