"""Our reader of streams against a slow and obvious one, on recorded streams that are changed at random."""

from collections.abc import Iterator
from random import Random

import pytest

from services.llm.openai import OpenAI
from services.llm.port import (
    ChatTask,
    Finished,
    FinishReason,
    Message,
    Options,
    ProviderFailure,
    Request,
    Text,
    TextVoided,
)
from tests.fakes.llm import Body, FakeLLM
from tests.mutations.bases import SAID, THOUGHTS, frames, whole
from tests.mutations.changes import changed
from tests.mutations.reading import Reading, read

ASKED = Request(ChatTask("x", "x", None, "x"), (Message("user", "Hello?"),), "chat/1", Options())
STREAMS = 150
FRAMES = frames()


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


async def said(chat: OpenAI) -> Reading:
    """Return what our reader makes of the next answer."""
    text, is_whole = "", False
    try:
        async for item in chat.stream(ASKED):
            match item:
                case Text():
                    text += item.text
                case TextVoided():
                    text = ""
                case Finished():
                    is_whole = item.reason is FinishReason.STOP
                case _:
                    pass
    except ProviderFailure:
        is_whole = False
    return Reading(text, is_whole=is_whole)


async def test_a_changed_stream_is_read_as_it_is_slowly_read(fake: FakeLLM) -> None:
    chance = Random(1)  # noqa: S311 - mutations, not secrets
    chat = OpenAI(key="k", model="m", base_url=fake.openai_url)
    wrong: list[str] = []
    endings = {True: 0, False: 0}

    for _ in range(STREAMS):
        stream = whole(FRAMES[chance.choice([*FRAMES])], chance.choice(("", THOUGHTS)) + SAID, chance)
        stream, names = changed(stream, chance)
        cut = chance.randint(0, len(stream)) if chance.random() < 0.2 else None
        fake.default = Body(stream, write_size=chance.choice((None, 1, 50)), cut_after=cut)
        ours, slow = await said(chat), read(stream[:cut], is_cut=cut is not None)
        endings[slow.is_whole] += 1
        if ours.is_whole != slow.is_whole or (slow.is_whole and ours.text != slow.text):
            wrong.append(f"{names} {cut}: {ours} is not {slow}: {stream!r}")
    await chat.aclose()

    assert wrong == []
    assert min(endings.values()) > STREAMS / 10
