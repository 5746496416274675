"""What a subscriber sees where a server writes chunks in a way of its own: rows of docs/providers.md."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.fakes.llm import Answer, Body, FakeLLM
from tests.resolvers.generations.provider_rows import PIECES, SAID, STOP, Check, Seen, content, messages, seen, stream
from tests.snapinfra import User

USAGE: Final = {"prompt_tokens": 11, "completion_tokens": 7}
MESSAGE: Final = {"role": "assistant", "content": SAID}
WHOLE: Final[dict[str, Any]] = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}], "usage": USAGE}


def usage_of(generation: Seen) -> list[int]:
    return [*generation.record["attempts"][0]["usage"].values()]


async def test_an_end_for_an_unknown_reason(alice: User, fake: FakeLLM, dialect: str, as_told: Check) -> None:
    generation = await seen(
        alice, fake, Answer(PIECES, stop_after=2, finish="insufficient_system_resource"), first=dialect
    )

    as_told(generation)
    assert generation.record["text"] == SAID
    assert messages(generation)[0].endswith("for a reason that we do not know: insufficient_system_resource.")


@pytest.mark.parametrize("reason", ["tool_calls", "error", {"type": "stop"}], ids=str)
async def test_an_end_for_an_unknown_reason_of_every_provider(
    alice: User, fake: FakeLLM, as_told: Check, reason: Any
) -> None:
    fake.default = Body(stream(*content(PIECES), {"choices": [{"delta": {}, "finish_reason": reason}]}))

    generation = await seen(alice, fake)

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize("reason", ["STOP", "eos", "end_turn"])
async def test_an_end_by_another_name(alice: User, fake: FakeLLM, as_told: Check, reason: str) -> None:
    generation = await seen(alice, fake, Answer(PIECES, finish=reason))

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1_000_000, "completion_tokens": -1_000_000},
        {"prompt_tokens": 2**63 - 1, "completion_tokens": 7},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": [11], "completion_tokens": {"text": 7}},
        "18",
    ],
    ids=str,
)
async def test_usage_that_cannot_be(alice: User, fake: FakeLLM, as_told: Check, usage: Any) -> None:
    generation = await seen(alice, fake, Body(stream(*content(PIECES), STOP, {"choices": [], "usage": usage})))

    as_told(generation)
    prompt, completion, cached = usage_of(generation)
    assert (prompt > 100, completion, cached) == (True, sum(-(-len(piece.encode()) // 3) for piece in PIECES), 0)


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens": "11", "completion_tokens": 7.0}, 0),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": -3}, "completion_tokens_details": 5}, 0),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 30}, "total_tokens": "many"}, 11),
    ],
)
async def test_usage_of_other_types(
    alice: User, fake: FakeLLM, as_told: Check, usage: dict[str, Any], cached: int
) -> None:
    generation = await seen(alice, fake, Body(stream(*content(PIECES), STOP, {"choices": [], "usage": usage})))

    as_told(generation)
    assert usage_of(generation) == [11, 7, cached]


@pytest.mark.parametrize("value", [2**70, "x", [1], {"a": {"b": []}}], ids=str)
async def test_side_fields_of_other_types(alice: User, fake: FakeLLM, as_told: Check, value: Any) -> None:
    names = ("id", "created", "model", "usage", "x_groq", "service_tier", "timings")
    chunks: list[Any] = [{**chunk, **dict.fromkeys(names, value)} for chunk in [*content(PIECES), STOP]]
    for chunk in chunks:
        choice = chunk["choices"][0]
        choice.update(logprobs=value, stop_reason=value)
        choice["delta"].update(role=value, tool_calls=value, reasoning=value)

    generation = await seen(alice, fake, Body(stream(*chunks)))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_content_in_parts(alice: User, fake: FakeLLM, as_told: Check) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    image = {"type": "image_url", "image_url": 5}
    parts = [[thought, {"type": "text", "text": piece[:2]}, image, {"text": piece[2:]}] for piece in PIECES]
    chunks = [{"choices": [{"delta": {"content": each}}]} for each in parts]

    generation = await seen(alice, fake, Body(stream(*chunks, STOP)))

    as_told(generation)
    assert generation.record["text"] == SAID


async def test_text_of_another_type(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(
        alice, fake, Body(stream(*content(PIECES[:2]), {"choices": [{"delta": {"content": 5}}]}, STOP))
    )

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize("write_size", [None, 1])
async def test_a_surrogate_pair_in_two_chunks(
    alice: User, fake: FakeLLM, as_told: Check, write_size: int | None
) -> None:
    pieces = ["Off \ud83d", "\ude80", "\ud83d", "\ude80!", "\ud83d", "?", "\ude80"]

    generation = await seen(alice, fake, Body(stream(*content(pieces), STOP), write_size=write_size))

    as_told(generation)
    assert generation.record["text"] == "Off \U0001f680\U0001f680!\ufffd?\ufffd"


@pytest.mark.parametrize(
    "event",
    [
        "event: keepalive\ndata:\n\n",
        "event: keepalive\ndata\n\n",
        "data:\n\n",
        "data: \n\n",
        "event: ping\ndata: 2026-01-31T12:00:00Z\n\n",
        'event: ping\ndata: {"type": "ping"}\n\n',
        ": keep-alive\n\n",
        "data: null\n\n",
        "data: []\n\n",
        'data: "now"\n\n',
        "id: 7\nretry: 10\n\n",
    ],
)
async def test_events_that_keep_the_connection_alive(alice: User, fake: FakeLLM, as_told: Check, event: str) -> None:
    whole = stream(*content(PIECES), STOP, {"choices": [], "usage": USAGE}).decode()
    sent = "".join(f"{event}{each}\n\n" for each in whole.split("\n\n")[:-1])

    generation = await seen(alice, fake, Body(sent.encode()))

    as_told(generation)
    assert generation.record["text"] == SAID


MANGLES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "BOM": lambda sent: b"\xef\xbb\xbf" + sent,
    "CR": lambda sent: sent.replace(b"\n", b"\r"),
    "CRLF": lambda sent: sent.replace(b"\n", b"\r\n"),
    "all fields": lambda sent: sent.replace(b"data: ", b"id: 1\nevent: message\nretry: 5\nnonsense\n:\ndata:"),
    "two data lines": lambda sent: sent.replace(b'"choices"', b'\ndata:"choices"'),
    "[DONE] and no line": lambda sent: sent.rstrip(),
    "a chunk and no line": lambda sent: sent.removesuffix(b"\n\ndata: [DONE]\n\n"),
}


@pytest.mark.parametrize("write_size", [None, 1])
@pytest.mark.parametrize("mangle", MANGLES.values(), ids=MANGLES)
async def test_an_event_stream_by_all_its_rules(
    alice: User, fake: FakeLLM, as_told: Check, mangle: Callable[[bytes], bytes], write_size: int | None
) -> None:
    sent = mangle(stream({"choices": [], "usage": USAGE}, *content(PIECES), STOP))

    generation = await seen(alice, fake, Body(sent, write_size=write_size))

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize("media_type", ["application/json", "text/event-stream", "text/plain"])
async def test_a_body_that_is_no_stream(alice: User, fake: FakeLLM, as_told: Check, media_type: str) -> None:
    generation = await seen(alice, fake, Body(json.dumps(WHOLE, indent=1).encode(), media_type, write_size=50))

    as_told(generation)
    assert generation.record["text"] == SAID
    assert usage_of(generation) == [11, 7, 0]


@pytest.mark.parametrize("stop", [-1, -60, 40])
async def test_a_body_that_is_no_stream_and_not_whole(alice: User, fake: FakeLLM, as_told: Check, stop: int) -> None:
    generation = await seen(alice, fake, Body(json.dumps(WHOLE).encode()[:stop], "application/json"))

    as_told(generation)


async def test_a_whole_completion_as_one_event(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Body(stream(WHOLE)))

    as_told(generation)
    assert generation.record["text"] == SAID


VALID: Final = '{"tables": [{"name": "notes", "fields": [{"name": "id", "type": "STRING", "primaryKey": true}]}]}'


@pytest.mark.parametrize(
    "text",
    [
        f'Here is the schema {{as JSON}}:\n{VALID}\nA row of it: {{"id": "1"}}.',
        f'```json\n{{"tables": []}}\n```\nNo, rather:\n```json\n{VALID}\n```\nEnjoy {{it}}.',
        f"```\n{VALID}",
    ],
    ids=["prose", "two fences", "an open fence"],
)
async def test_json_within_prose(alice: User, fake: FakeLLM, as_told: Check, text: str) -> None:
    generation = await seen(alice, fake, Body(stream(*content([text]), STOP)), kind="SCHEMA")

    as_told(generation)
    assert generation.record["schema"]["tables"] == [{"name": "notes"}]
    assert len(fake.requests) == 1
