"""The tests of groq and openai against a server that misbehaves: each way ends in its own failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from services.designs.schema import FieldType, SchemaModel
from services.llm.chat import Chat, Timeouts
from services.llm.groq import Groq
from services.llm.json_schema import json_schema_of
from services.llm.openai import OpenAI
from services.llm.port import (
    CodeTask,
    FailureCode,
    Finished,
    FinishReason,
    Item,
    Message,
    Options,
    ProviderFailure,
    Request,
    SchemaTask,
    Started,
    Text,
    Usage,
)
from tests.fakes.llm import Answer, Drop, FakeLLM, Hang, Recorded, Status

KEY = "sk-secret-key"
MESSAGES = (Message("system", "Be brief."), Message("user", "Say hello, as JSON."))
SCHEMA = Request(SchemaTask("x"), MESSAGES, "schema/1", Options())
CODE = Request(CodeTask("x", "x", SchemaModel(tables=()), "b"), MESSAGES, "code/1", Options())
QUICK = Timeouts(connect=5, first_text=0.3, between_chunks=0.3)


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


Make = Callable[..., Chat]


@pytest.fixture(params=["groq", "openai"])
async def make(request: pytest.FixtureRequest, fake: FakeLLM) -> AsyncIterator[Make]:
    made: list[Chat] = []

    def build(**settings: object) -> Chat:
        kind, url = (Groq, fake.groq_url) if request.param == "groq" else (OpenAI, fake.openai_url)
        settings = {"key": KEY, "model": "m-1", "base_url": url, **settings}
        made.append(kind(**settings))  # pyright: ignore[reportArgumentType] - each test names its own
        return made[-1]

    yield build
    for chat in made:
        await chat.aclose()


async def ask(chat: Chat, request: Request = CODE) -> list[Item]:
    async with asyncio.timeout(20):
        return [item async for item in chat.stream(request)]


async def failing(chat: Chat, request: Request = CODE) -> tuple[ProviderFailure, list[Item]]:
    items: list[Item] = []

    async def read() -> None:
        async with asyncio.timeout(20):
            async for item in chat.stream(request):
                items.append(item)  # noqa: PERF401 - what came before the failure matters

    with pytest.raises(ProviderFailure) as caught:
        await read()
    assert caught.value.provider == chat.name
    assert caught.value.model == "m-1"
    assert KEY not in str(caught.value)
    return caught.value, items


def text_of(items: list[Item]) -> str:
    return "".join(item.text for item in items if isinstance(item, Text))


async def seen(recorded: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not recorded():  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.005)


async def wait(event_of: Recorded, name: str) -> bool:
    return await asyncio.to_thread(getattr(event_of, name).wait, 10)


async def test_each_piece_is_passed_on_with_usage_and_finish(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["Hel", "lo"]))

    items = await ask(chat := make())

    assert items == [
        Started(chat.name, "m-1"),
        Text("Hel"),
        Text("lo"),
        Usage(11, 7, cached_tokens=3, reasoning_tokens=2),
        Finished(FinishReason.STOP),
    ]


async def test_the_request_carries_key_model_messages_and_options(fake: FakeLLM, make: Make) -> None:
    fake.default = Answer(["{}"])
    options = Options(model="m-2", temperature=0.0, max_tokens=50, top_p=0.9)
    chat = make(models=["m-2"], defaults=Options(temperature=1.0), reasoning_effort="low")

    await ask(chat, Request(SCHEMA.task, MESSAGES, "schema/1", options))
    await ask(chat, CODE)

    first, second = fake.requests
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.dialect == chat.name
    assert first.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Say hello, as JSON."},
    ]
    kept = ("model", "temperature", "max_completion_tokens", "top_p", "stream", "response_format", "reasoning_effort")
    assert [first.body.get(name) for name in kept] == ["m-2", 0.0, 50, 0.9, True, first.body["response_format"], "low"]
    assert first.body["response_format"]["json_schema"]["strict"]
    assert [second.body.get(name) for name in kept] == ["m-1", 1.0, None, None, True, None, "low"]


async def test_a_model_that_is_not_configured_is_not_asked_for(fake: FakeLLM, make: Make) -> None:
    fake.default = Answer(["x"])

    items = await ask(chat := make(), Request(CODE.task, MESSAGES, "code/1", Options(model="theirs")))

    assert items[0] == Started(chat.name, "m-1")
    assert fake.requests[0].body["model"] == "m-1"


@pytest.mark.parametrize("write_size", [1, 2, 3, 7])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_bytes_cut_within_characters_and_line_ends_make_the_same_text(
    fake: FakeLLM, make: Make, write_size: int, line_end: str
) -> None:
    pieces = ["grüß 👩\u200d👩", "\u2028\x85 line\r\n", '"\\"', "日本"]
    fake.script.append(Answer(pieces, write_size=write_size, line_end=line_end, comments=True))

    items = await ask(make())

    assert [item.text for item in items if isinstance(item, Text)] == pieces
    assert items[-1] == Finished(FinishReason.STOP)


async def test_an_answer_without_usage_done_or_text_still_finishes(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer([], has_usage=False, has_done=False))

    items = await ask(chat := make())

    assert items == [Started(chat.name, "m-1"), Finished(FinishReason.STOP)]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
    ],
)
async def test_the_reason_of_the_end_is_passed_on(fake: FakeLLM, make: Make, finish: str, reason: FinishReason) -> None:
    fake.script.append(Answer(["Some"], finish=finish))

    assert (await ask(make()))[-1] == Finished(reason)


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        (["stop", "length"], FinishReason.LENGTH),
        (["length", "stop"], FinishReason.LENGTH),
        (["stop", "content_filter", "stop"], FinishReason.CONTENT_FILTER),
        (["content_filter", "length"], FinishReason.CONTENT_FILTER),
        (["length", "content_filter"], FinishReason.CONTENT_FILTER),
        (["stop", "stop"], FinishReason.STOP),
    ],
)
async def test_of_several_ends_the_worst_counts(
    fake: FakeLLM, make: Make, ends: list[str], reason: FinishReason
) -> None:
    chunks = ['{"choices": [{"delta": {"content": "Some"}}]}']
    chunks += [f'{{"choices": [{{"delta": {{}}, "finish_reason": "{end}"}}]}}' for end in ends]
    fake.script.append(Answer(raw_events=chunks))

    assert (await ask(make()))[-1] == Finished(reason)


SOME = '{"choices": [{"delta": {"content": "Some"}}]}'
STOP = '{"choices": [{"delta": {}, "finish_reason": "stop"}]}'
CALL = '{"choices": [{"delta": {"content": null, "tool_calls": [{"function": {"name": "x"}}]}}]}'


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([SOME, STOP.replace("stop", "insufficient_system_resource")], "insufficient_system_resource"),
        ([SOME, STOP, STOP.replace("stop", "insufficient_system_resource")], "insufficient_system_resource"),
        ([SOME, STOP.replace("stop", "length"), STOP.replace("stop", "tool_calls")], "tool_calls"),
        ([SOME, CALL, STOP], "tool_calls"),
        ([SOME, STOP, CALL], "tool_calls"),
    ],
)
async def test_an_end_for_an_unknown_reason_is_a_failure_wherever_it_comes(
    fake: FakeLLM, make: Make, chunks: list[str], reason: str
) -> None:
    fake.script.append(Answer(raw_events=chunks))

    failure, items = await failing(make())

    assert (failure.code, text_of(items)) == (FailureCode.UNAVAILABLE, "Some")
    assert failure.message.endswith(f"for a reason that we do not know: {reason}.")


async def test_a_refusal_after_some_text_ends_the_answer_as_a_filter_does(fake: FakeLLM, make: Make) -> None:
    refusal = '{"choices": [{"delta": {"refusal": "I cannot."}}]}'
    fake.script.append(Answer(raw_events=[SOME, refusal, STOP]))

    items = await ask(make())

    assert (text_of(items), items[-1]) == ("Some", Finished(FinishReason.CONTENT_FILTER))


async def test_another_choice_is_none_of_the_answer(fake: FakeLLM, make: Make) -> None:
    other = STOP.replace('"delta"', '"index": 1, "delta"')
    fake.script.append(Answer(raw_events=[SOME, SOME.replace('"delta"', '"index": 1, "delta"'), other]))

    failure, items = await failing(make())

    assert (failure.message, text_of(items)) == ("The provider cut its answer off.", "Some")


@pytest.mark.parametrize(
    "answer", [Answer([], finish="content_filter"), Answer([], refusal="I cannot.")], ids=["filter", "refusal"]
)
async def test_an_answer_refused_before_any_text_is_a_failure(fake: FakeLLM, make: Make, answer: Answer) -> None:
    fake.script.append(answer)

    failure, items = await failing(make())

    assert failure.code is FailureCode.CONTENT_REFUSED
    assert text_of(items) == ""


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, FailureCode.BAD_REQUEST),
        (401, FailureCode.UNAUTHORIZED),
        (403, FailureCode.UNAUTHORIZED),
        (402, FailureCode.INSUFFICIENT_QUOTA),
        (404, FailureCode.MODEL_NOT_FOUND),
        (408, FailureCode.TIMED_OUT),
        (413, FailureCode.REQUEST_TOO_LARGE),
        (422, FailureCode.BAD_REQUEST),
        (429, FailureCode.RATE_LIMITED),
        (500, FailureCode.UNAVAILABLE),
        (503, FailureCode.UNAVAILABLE),
    ],
)
async def test_a_status_has_its_code_and_is_asked_for_once(
    fake: FakeLLM, make: Make, status: int, code: FailureCode
) -> None:
    fake.script.append(Status(status, message=f"The key {KEY} of org-1234 is bad"))

    failure, items = await failing(make())

    assert (failure.code, items, len(fake.requests)) == (code, [], 1)
    assert f"HTTP {status}" in failure.message
    assert "org-1234" not in str(failure)


async def test_a_request_refused_for_its_content_says_so(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Status(400, code="content_filter"))

    assert (await failing(make()))[0].code is FailureCode.CONTENT_REFUSED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "9", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", "date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-3"}, 0.0),
        ({}, None),
    ],
)
async def test_a_rate_limit_says_when_to_come_back(
    fake: FakeLLM, make: Make, headers: dict[str, str], seconds: float | None
) -> None:
    fake.script.append(Status(429, headers=headers))

    assert (await failing(make()))[0].retry_after == seconds


async def test_a_connection_that_drops_before_the_answer_is_unavailable(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Drop())

    failure, items = await failing(make())

    assert (failure.code, items) == (FailureCode.UNAVAILABLE, [])


async def test_an_error_after_the_finish_loses_nothing(fake: FakeLLM, make: Make) -> None:
    chunks = [
        '{"choices": [{"delta": {"content": "all"}}]}',
        '{"choices": [{"delta": {}, "finish_reason": "stop"}]}',
        '{"error": {"message": "late"}, "x_groq": {"error": "late"}}',
    ]
    fake.script.append(Answer(raw_events=chunks))

    items = await ask(make())

    assert (text_of(items), items[-1]) == ("all", Finished(FinishReason.STOP))


async def test_a_server_that_is_not_there_is_unavailable(make: Make) -> None:
    with FakeLLM() as gone:
        url = gone.url

    failure, _ = await failing(make(base_url=url))

    assert failure.code is FailureCode.UNAVAILABLE


async def test_a_connection_cut_in_mid_answer_is_unavailable_after_its_text(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["one ", "two ", "three"], cut_after=2))

    failure, items = await failing(make())

    assert (failure.code, text_of(items)) == (FailureCode.UNAVAILABLE, "one two ")


async def test_an_answer_that_just_stops_is_cut_off(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["one "], finish=None))

    failure, items = await failing(make())

    assert (failure.code, text_of(items)) == (FailureCode.UNAVAILABLE, "one ")
    assert "cut" in failure.message


async def test_an_answer_far_beyond_its_limit_of_tokens_is_a_failure(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["日本" * 1000, "x"], endless=True))

    failure, items = await failing(make(), replace(CODE, options=Options(max_tokens=1000)))

    assert failure.code is FailureCode.TOO_LONG
    assert 8000 < len(text_of(items).encode()) <= 8000 + 64 * 1024
    assert await wait(fake.requests[0], "left")


async def test_an_answer_may_be_somewhat_longer_than_its_limit_of_tokens(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["x" * 60_000]))

    items = await ask(make(), replace(CODE, options=Options(max_tokens=1000)))

    assert len(text_of(items)) == 60_000
    assert items[-1] == Finished(FinishReason.STOP)


async def test_thoughts_that_no_answer_follows_are_a_failure(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["<think>I ", "wonder"]))

    failure, items = await failing(make())

    assert (failure.code, failure.may_pass, text_of(items)) == (FailureCode.UNAVAILABLE, True, "")
    assert failure.message == "The model never came from its thoughts to an answer."


async def test_an_error_chunk_ends_the_answer(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["one ", "two"], error_after=1))

    failure, items = await failing(make())

    assert (failure.code, text_of(items)) == (FailureCode.UNAVAILABLE, "one ")
    assert "over capacity" not in str(failure)


NO_CHUNKS = [
    "not json",
    "<html>",
    '{"choices": 5}',
    '{"choices": [{"delta": {"content": 5}}]}',
    '{"error": ' + "[" * 100_000,
]


@pytest.mark.parametrize("data", NO_CHUNKS, ids=["words", "a page", "a number", "no text", "too deep"])
async def test_what_is_no_chunk_is_unavailable(fake: FakeLLM, make: Make, data: str) -> None:
    fake.script.append(Answer(raw_events=[data]))

    assert (await failing(make()))[0].code is FailureCode.UNAVAILABLE


@pytest.mark.parametrize("behaviour", [Hang(), Answer(["x"], opening_delay=60)], ids=["hang", "slow open"])
async def test_a_server_that_does_not_answer_times_out_and_is_left(
    fake: FakeLLM, make: Make, behaviour: Hang | Answer
) -> None:
    fake.script.append(behaviour)

    failure, items = await failing(make(timeouts=QUICK))

    assert (failure.code, items) == (FailureCode.TIMED_OUT, [])


async def test_silence_in_mid_answer_times_out_and_the_connection_is_closed(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["one ", "two"], silent_after=1))

    failure, items = await failing(make(timeouts=QUICK))

    assert (failure.code, text_of(items)) == (FailureCode.TIMED_OUT, "one ")
    assert await wait(fake.requests[0], "left")


@pytest.mark.parametrize("has_done", [True, False])
async def test_silence_after_the_finish_loses_nothing(fake: FakeLLM, make: Make, *, has_done: bool) -> None:
    fake.script.append(Answer(["all"], has_done=has_done, has_end=False))

    items = await ask(make(timeouts=QUICK))

    assert (text_of(items), items[-1]) == ("all", Finished(FinishReason.STOP))
    assert await wait(fake.requests[0], "left")


async def test_a_connection_is_used_again_for_the_next_answer(fake: FakeLLM, make: Make) -> None:
    fake.default = Answer(["x"])
    chat = make()

    for _ in range(3):
        await ask(chat)

    assert (len(fake.requests), fake.connections) == (3, 1)


async def leave_by_closing(chat: Chat) -> None:
    async with aclosing(chat.stream(CODE)) as items:
        async for item in items:
            if isinstance(item, Text):
                break


async def leave_by_cancelling(chat: Chat) -> None:
    has_text = asyncio.Event()

    async def read() -> None:
        async with aclosing(chat.stream(CODE)) as items:
            async for item in items:
                if isinstance(item, Text):
                    has_text.set()

    task = asyncio.create_task(read())
    await has_text.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("leave", [leave_by_closing, leave_by_cancelling])
async def test_leaving_in_mid_answer_closes_the_connection_at_once(
    fake: FakeLLM, make: Make, leave: Callable[[Chat], Awaitable[None]]
) -> None:
    fake.script.append(Answer(["one "] * 100, silent_after=1))

    await leave(make())

    assert await wait(fake.requests[0], "left")


async def test_cancelling_while_waiting_for_the_answer_closes_the_connection_at_once(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Hang())
    task = asyncio.create_task(ask(make()))
    await seen(lambda: bool(fake.requests))

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert await wait(fake.requests[0], "left")


async def test_a_model_without_a_json_mode_is_asked_in_words_and_remembered(fake: FakeLLM, make: Make) -> None:
    fake.script.extend([Status(400, message="`response_format` does not support streaming")] * 2)
    fake.default = Answer(["{}"])
    chat = make()

    first, second = await ask(chat, SCHEMA), await ask(chat, SCHEMA)

    assert text_of(first) == text_of(second) == "{}"
    formats = [request.body.get("response_format", {}).get("type") for request in fake.requests]
    assert formats == ["json_schema", "json_object", None, None]


def test_the_schema_of_an_answer_is_strict_and_allows_what_is_valid() -> None:
    schema = json_schema_of(SCHEMA.task)

    assert schema is not None
    for part in (schema, *schema["$defs"].values()):
        if part["type"] == "object":
            assert (part["required"], part["additionalProperties"]) == (list(part["properties"]), False)
    assert schema["$defs"]["FieldType"]["enum"] == sorted(type_.value for type_ in FieldType)
    assert schema["$defs"]["Relationship"]["properties"]["onDelete"]["anyOf"][1] == {"type": "null"}


REFUSALS = {
    "temperature": "Unsupported value: 'temperature' does not support 0.5 with this model.",
    "top_p": "Unsupported parameter: 'top_p' is not supported with this model.",
    "reasoning_effort": "`reasoning_effort` is not supported with this model",
}


async def test_a_model_is_asked_without_the_parameters_that_it_refuses_from_then_on(fake: FakeLLM, make: Make) -> None:
    fake.script.extend(Status(400, message=message) for message in REFUSALS.values())
    fake.default = Answer(["x"])
    chat = make(defaults=Options(temperature=0.5, top_p=0.5, max_tokens=9), reasoning_effort="low")

    items = [await ask(chat), await ask(chat)]

    assert [text_of(answer) for answer in items] == ["x", "x"]
    sent = [REFUSALS.keys() & recorded.body.keys() for recorded in fake.requests]
    assert [len(names) for names in sent] == [3, 2, 1, 0, 0]
    assert all(recorded.body["max_completion_tokens"] == 9 for recorded in fake.requests)


async def test_a_limit_of_tokens_beyond_the_models_own_is_left_out_once(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Status(400, message="max_tokens is too large: 65536. This model supports at most 16384."))
    fake.default = Answer(["x"])
    chat = make(defaults=Options(max_tokens=65536))

    await ask(chat)
    await ask(chat)

    assert ["max_completion_tokens" in recorded.body for recorded in fake.requests] == [True, False, True]


async def test_words_of_the_request_in_a_refusal_are_not_taken_for_parameters(fake: FakeLLM, make: Make) -> None:
    fake.default = Status(400, message="The model does not exist.")

    await failing(make(defaults=Options(temperature=0.5)), SCHEMA)

    assert len(fake.requests) == 1


async def test_a_model_may_think_for_longer_than_it_may_be_silent_in_mid_answer(fake: FakeLLM, make: Make) -> None:
    patient = Timeouts(first_text=20, between_chunks=0.05)
    fake.script.append(Answer(["thought"], opening_delay=0.2, delay=0.2))

    assert text_of(await ask(make(timeouts=patient))) == "thought"


async def test_text_arrives_while_the_model_is_still_writing(fake: FakeLLM, make: Make) -> None:
    fake.script.append(Answer(["first", "never"], silent_after=1))

    async with asyncio.timeout(10), aclosing(make().stream(CODE)) as items:
        assert [await anext(items), await anext(items)][1] == Text("first")
