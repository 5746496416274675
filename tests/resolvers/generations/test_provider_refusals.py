"""What a subscriber sees of a server that refuses a parameter: nothing. Rows of docs/providers.md."""

import itertools
import json
from typing import Any, Final

import pytest

from tests.fakes.llm import Answer, Body, FakeLLM, Status
from tests.resolvers.generations.provider_rows import SAID, Check, seen, stream
from tests.snapinfra import User

LIMIT: Final = "max_completion_tokens"
_numbers: Final = itertools.count()


@pytest.fixture
def model(dialect: str) -> str:
    """Return a model that no other test has asked, since what one refuses is remembered."""
    return f"{dialect}-{next(_numbers)}"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Unsupported parameter.", "param": LIMIT, "code": "unsupported_parameter"}},
        {"detail": [{"type": "extra_forbidden", "loc": ["body", LIMIT], "msg": "Extra inputs are not permitted"}]},
        f"unknown field `{LIMIT}`, expected one of `model`, `max_tokens`, `temperature`",
    ],
    ids=["OpenAI", "FastAPI", "text"],
)
async def test_a_parameter_that_is_refused(alice: User, fake: FakeLLM, model: str, as_told: Check, body: Any) -> None:
    generation = await seen(alice, fake, Status(422, body=body), model=model)
    await seen(alice, fake, model=model)

    as_told(generation)
    assert generation.record["text"] == SAID
    limits = [{name for name in (LIMIT, "max_tokens") if name in request.body} for request in fake.requests]
    assert limits == [{LIMIT}, {"max_tokens"}, {"max_tokens"}]
    assert all("temperature" in request.body for request in fake.requests)


REFUSAL: Final = {"error": {"code": 400, "message": "'temperature' is not supported with this model."}}


@pytest.mark.parametrize("body", [stream(REFUSAL), json.dumps(REFUSAL).encode()], ids=["stream", "JSON"])
async def test_a_parameter_that_is_refused_by_a_success(
    alice: User, fake: FakeLLM, model: str, as_told: Check, body: bytes
) -> None:
    generation = await seen(alice, fake, Body(body), model=model)
    await seen(alice, fake, model=model)

    as_told(generation)
    assert ["temperature" in request.body for request in fake.requests] == [True, False, False]


async def test_streaming_that_is_refused(alice: User, fake: FakeLLM, model: str, as_told: Check) -> None:
    message = "Your organization must be verified to stream this model."
    refusal = Status(400, body={"error": {"message": message, "param": "stream", "code": "unsupported_value"}})
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    whole = {"choices": [{"message": {"content": SAID}, "finish_reason": "stop"}], "usage": usage}

    generation = await seen(alice, fake, refusal, Body(json.dumps(whole).encode()), model=model)

    as_told(generation)
    assert generation.record["text"] == SAID
    assert [("stream" in request.body, "stream_options" in request.body) for request in fake.requests] == [
        (True, model.startswith("openai")),
        (False, False),
    ]


async def test_a_json_schema_that_is_refused(alice: User, fake: FakeLLM, model: str, as_told: Check) -> None:
    fake.default = Answer()
    refusals = [Status(400, body={"detail": "This model does not support response_format"})] * 2

    generation = await seen(alice, fake, *refusals, model=model, kind="SCHEMA")

    as_told(generation)
    formats = [request.body.get("response_format", {}).get("type") for request in fake.requests]
    assert formats == ["json_schema", "json_object", None]
