"""Parameters that servers refuse, over real connections: each is left out, whatever shape the refusal has."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from services.designs.schema import SchemaModel
from services.llm.chat import Timeouts
from services.llm.openai import OpenAI
from services.llm.port import CodeTask, FailureCode, Item, Message, Options, ProviderFailure, Request, SchemaTask, Text
from tests.fakes.llm import Answer, Body, FakeLLM, Status

MESSAGES = (Message("system", "Be brief."), Message("user", "Say hello, as JSON."))
SCHEMA = Request(SchemaTask("x"), MESSAGES, "schema/1", Options(temperature=0.5, top_p=0.5, max_tokens=9000))
CODE = Request(CodeTask("x", "x", SchemaModel(tables=()), "b"), MESSAGES, "code/1", SCHEMA.options)
OPTIONAL = ("temperature", "top_p", "reasoning_effort", "stream_options", "response_format")
NEW, OLD = "max_completion_tokens", "max_tokens"
NOT_PERMITTED = "Extra inputs are not permitted"


@pytest.fixture
def fake() -> Iterator[FakeLLM]:
    with FakeLLM(default=Answer(["hello"])) as server:
        yield server


@pytest.fixture
async def chat(fake: FakeLLM) -> AsyncIterator[OpenAI]:
    chat = OpenAI(key="k", model="m-1", models=["m-2"], base_url=fake.openai_url, reasoning_effort="low")
    yield chat
    await chat.aclose()


async def ask(chat: OpenAI, request: Request = SCHEMA) -> list[Item]:
    return [item async for item in chat.stream(request)]


def sent(fake: FakeLLM, *names: str) -> list[set[str]]:
    """Return which of these parameters each request had."""
    return [{name for name in names if name in request.body} for request in fake.requests]


def shapes(name: str) -> dict[str, Any]:
    """Return the refusal of a parameter, as servers write it."""
    return {
        "OpenAI, by param": {"error": {"message": "Unsupported.", "param": name, "code": "unsupported_parameter"}},
        "OpenAI, a value": {"error": {"message": f"Unsupported value: '{name}' does not support that.", "param": name}},
        "OpenAI, in words": {"error": {"message": f"Unrecognized request argument supplied: {name}", "param": None}},
        "Groq": {"error": {"message": f"`{name}` is not supported with this model", "type": "invalid_request_error"}},
        "FastAPI": {"detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": NOT_PERMITTED, "input": "x"}]},
        "FastAPI, deeper": {"detail": [{"loc": ["body", name, "x"], "msg": "extra fields not permitted"}]},
        "FastAPI, in words": {"detail": f"Unknown parameter '{name}'"},
        "vLLM": {
            "object": "error",
            "message": f"[{{'type': 'extra_forbidden', 'loc': ('body', '{name}'), 'msg': '{NOT_PERMITTED}'}}]",
            "code": 400,
        },
        "Mistral": {"object": "error", "message": {"detail": [{"loc": ["body", name], "msg": NOT_PERMITTED}]}},
        "Google": [{"error": {"code": 400, "message": f'Invalid JSON payload received. Unknown name "{name}".'}}],
        "Google, by field": {
            "error": {"message": "Unknown name.", "details": [{"fieldViolations": [{"field": name}]}], "code": 400}
        },
        "LiteLLM": {"error": {"message": f"UnsupportedParamsError: ['{name}']", "param": "None", "code": "400"}},
        "Ollama": {"error": f'json: unknown field "{name}"'},
        "Fastify": {
            "statusCode": 400,
            "code": "FST_ERR_VALIDATION",
            "error": "Bad Request",
            "message": "body must NOT have additional properties",
            "params": {"additionalProperty": name},
        },
        "Express": {"errors": [{"field": name, "message": "is not allowed"}]},
        "joi": {"error": {"details": [{"message": f'"{name}" is not allowed', "path": [name]}]}},
        "zod": {"issues": [{"code": "unrecognized_keys", "keys": [name], "path": []}]},
        "RFC 9457": {"title": "Bad Request", "detail": f"Unrecognized request argument supplied: {name}"},
        "RFC 9457, by pointer": {"errors": [{"detail": "not allowed", "pointer": f"#/{name}"}]},
        "RFC 7807": {"invalid-params": [{"name": name, "reason": "is not allowed"}]},
        "JSON:API": {"errors": [{"detail": "unknown", "source": {"pointer": f"/body/{name}"}}]},
        "Anthropic": {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": f"{name}: Extra inputs are not permitted"},
        },
        "pydantic": {"message": f"1 validation error for ChatRequest\n{name}\n  Extra inputs are not permitted"},
        "JSON in text": {
            "error": {"message": f'{{"detail": [{{"loc": ["body", "{name}"], "msg": "{NOT_PERMITTED}"}}]}}'}
        },
        "text": f"Failed to read the body: unknown field `{name}`, expected one of `temperature`, `top_p`, `n`",
    }


CASES = [(name, shape, body) for name in (*OPTIONAL, NEW) for shape, body in shapes(name).items()]


@pytest.mark.parametrize(("name", "body"), [(n, b) for n, _, b in CASES], ids=[f"{n}, {s}" for n, s, _ in CASES])
async def test_a_parameter_is_left_out_whatever_shape_its_refusal_has(
    chat: OpenAI, fake: FakeLLM, name: str, body: Any
) -> None:
    refusal = Status(400, body=body)
    fake.script.extend([refusal, refusal] if name == "response_format" else [refusal])

    await ask(chat)
    await ask(chat)

    assert name in fake.requests[0].body
    assert all(name not in request.body for request in list(fake.requests)[-2:])
    others = {*OPTIONAL, "stream"} - {name}
    assert all(others <= request.body.keys() for request in fake.requests)
    assert all((OLD in request.body) == (name == NEW) for request in list(fake.requests)[-2:])


STREAM = {
    **shapes("stream"),
    "a value": {"error": {"message": "Invalid value for stream: True"}},
    "in words": {"error": {"message": "stream is not supported on this tier"}},
    "streaming": {"error": {"message": "Your organization must be verified for streaming."}},
    "a keyword": {"error": {"message": "TypeError: generate() got an unexpected keyword argument 'stream'"}},
}
WHOLE = b'{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}'


@pytest.mark.parametrize("body", STREAM.values(), ids=STREAM)
async def test_a_stream_is_left_out_whatever_shape_its_refusal_has(chat: OpenAI, fake: FakeLLM, body: Any) -> None:
    fake.script.extend([Status(400, body=body), Body(WHOLE)])

    assert Text("hello") in await ask(chat)
    assert sent(fake, "stream", "stream_options", *OPTIONAL[:3]) == [
        {"stream", "stream_options", *OPTIONAL[:3]},
        {*OPTIONAL[:3]},
    ]


@pytest.mark.parametrize(
    "message",
    [
        "Unexpected error: the stream was closed",
        "Unexpected end of the event stream",
        "Unknown error in upstream",
        "An unexpected value in stream 5",
        "Not supported: the stream is not what we read",
    ],
)
async def test_the_stream_of_an_answer_is_no_parameter(chat: OpenAI, fake: FakeLLM, message: str) -> None:
    fake.script.append(Status(500, message=message))

    with pytest.raises(ProviderFailure):
        await ask(chat)

    assert len(fake.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 422, 500, 501])
async def test_a_refusal_has_one_of_several_statuses(chat: OpenAI, fake: FakeLLM, status: int) -> None:
    fake.script.append(Status(status, message="'temperature' is not supported."))

    assert Text("hello") in await ask(chat)
    assert sent(fake, "temperature") == [{"temperature"}, set()]


async def test_what_is_refused_is_remembered_for_its_model_only(chat: OpenAI, fake: FakeLLM) -> None:
    fake.script.append(Status(400, message="'temperature' is not supported with this model."))

    await ask(chat)
    await ask(chat, Request(SCHEMA.task, MESSAGES, "schema/1", Options(model="m-2", temperature=0.5)))
    await ask(chat)

    assert sent(fake, "temperature") == [{"temperature"}, set(), {"temperature"}, set()]


@pytest.mark.parametrize(
    "message",
    [
        "Invalid value for 'temperature': it must be at most 0.2.",
        "temperature: Input should be less than or equal to 0.2",
        "Both temperature and top_p must be set by their operator.",
    ],
)
async def test_what_is_refused_for_its_value_is_left_out_once(chat: OpenAI, fake: FakeLLM, message: str) -> None:
    fake.script.append(Status(400, message=message))

    await ask(chat)
    await ask(chat)

    assert sent(fake, "temperature") == [{"temperature"}, set(), {"temperature"}]


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 9000. This model supports at most 4096 completion tokens.",
        "`max_completion_tokens` must be less than or equal to `4096`",
        "'max_tokens' or 'max_completion_tokens' is too large: 9000. The maximum context length is 8192 tokens.",
        "The maximum context length is 8192 tokens. You requested 9300 (300 in the messages, 9000 in the rest).",
    ],
)
async def test_a_limit_beyond_the_models_own_is_left_out_once(chat: OpenAI, fake: FakeLLM, message: str) -> None:
    fake.script.append(Status(400, body={"error": {"message": message, "code": "context_length_exceeded"}}))

    await ask(chat)
    await ask(chat)

    assert sent(fake, NEW, OLD) == [{NEW}, set(), {NEW}]


async def test_a_server_that_knows_no_limit_at_all_gets_none(chat: OpenAI, fake: FakeLLM) -> None:
    fake.script.extend(
        Status(422, body={"detail": [{"loc": ["body", name], "msg": NOT_PERMITTED}]}) for name in (NEW, OLD)
    )

    await ask(chat)
    await ask(chat)

    assert sent(fake, NEW, OLD) == [{NEW}, {OLD}, set(), set()]


async def test_advice_is_no_refusal(chat: OpenAI, fake: FakeLLM) -> None:
    message = "Unsupported parameter: 'top_p' is not supported with this model. Use 'temperature' instead."
    fake.script.append(Status(400, message=message))

    await ask(chat)

    assert sent(fake, "temperature", "top_p") == [{"temperature", "top_p"}, {"temperature"}]


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for this model",
    ],
)
async def test_a_model_without_a_role_for_the_system_reads_it_with_the_question(
    chat: OpenAI, fake: FakeLLM, message: str
) -> None:
    fake.script.append(Status(400, message=message))

    await ask(chat)
    await ask(chat)

    assert [request.body["messages"] for request in list(fake.requests)[1:]] == [
        [{"role": "user", "content": "Be brief.\n\nSay hello, as JSON."}]
    ] * 2


@pytest.mark.parametrize(
    ("message", "formats"),
    [
        ("Structured outputs are not supported", ["json_schema", "json_object", "json_object"]),
        ("Failed to parse grammar", ["json_schema", "json_object", "json_schema"]),
        ("This model does not support response format `json_schema`", ["json_schema", "json_object", "json_object"]),
    ],
)
async def test_a_schema_that_is_not_understood_is_left_out(
    chat: OpenAI, fake: FakeLLM, message: str, formats: list[str]
) -> None:
    fake.script.append(Status(400, message=message))

    await ask(chat)
    await ask(chat)

    assert [request.body["response_format"]["type"] for request in fake.requests] == formats


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, {"message": "The JSON is not valid.", "code": "json_validate_failed"}, FailureCode.UNAVAILABLE),
        (401, {"message": "'temperature' is not supported."}, FailureCode.UNAUTHORIZED),
        (403, {"message": "'temperature' is not supported.", "code": "invalid_api_key"}, FailureCode.UNAUTHORIZED),
        (403, {"message": "Your key may not set a temperature."}, FailureCode.UNAUTHORIZED),
        (403, {"message": "Access is not allowed."}, FailureCode.UNAUTHORIZED),
        (429, {"message": "'temperature' is not supported."}, FailureCode.RATE_LIMITED),
        (500, {"message": "Failed at temperature."}, FailureCode.UNAVAILABLE),
        (400, {"message": "Nobody knows."}, FailureCode.BAD_REQUEST),
        (400, {"message": "", "param": "messages"}, FailureCode.BAD_REQUEST),
        (400, {"message": "", "param": "model"}, FailureCode.BAD_REQUEST),
        (400, {"message": "", "param": "frequency_penalty", "code": "unsupported_parameter"}, FailureCode.BAD_REQUEST),
    ],
)
async def test_other_errors_refuse_no_parameter(
    chat: OpenAI, fake: FakeLLM, status: int, error: Any, code: FailureCode
) -> None:
    fake.script.append(Status(status, body={"error": error}))

    with pytest.raises(ProviderFailure) as caught:
        await ask(chat)
    await ask(chat)

    assert caught.value.code is code
    assert fake.requests[0].body == fake.requests[1].body


async def test_a_refusal_that_names_nothing_we_send_is_asked_once(chat: OpenAI, fake: FakeLLM) -> None:
    fake.default = Status(400, message="'logit_bias' is not supported.")

    with pytest.raises(ProviderFailure):
        await ask(chat, CODE)

    assert len(fake.requests) == 1


async def test_a_server_that_refuses_everything_is_asked_in_the_end_with_the_least(chat: OpenAI, fake: FakeLLM) -> None:
    names = [*OPTIONAL, "response_format", NEW, OLD, "stream"]
    fake.script.extend(Status(400, body={"detail": [{"loc": ["body", name], "msg": NOT_PERMITTED}]}) for name in names)
    fake.script.append(Body(b'{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}'))

    assert Text("hello") in await ask(chat)
    assert fake.requests[-1].body.keys() == {"model", "messages"}


async def test_an_answer_that_is_not_streamed_may_take_longer_than_a_first_text(fake: FakeLLM) -> None:
    impatient = Timeouts(first_text=0.3, whole=20)
    chat = OpenAI(key="k", model="m-1", base_url=fake.openai_url, timeouts=impatient)
    fake.script.append(Status(400, body={"error": {"message": "Unsupported.", "param": "stream"}}))
    whole = b'{"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}'
    fake.script.append(Body(whole, delay=1))

    assert Text("hello") in await ask(chat)
    await chat.aclose()
