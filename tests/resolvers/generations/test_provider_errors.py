"""What a subscriber sees of an error, whichever shape and place it has: rows of docs/providers.md."""

import json
from typing import Any, Final

import pytest

from tests.fakes.llm import Answer, Body, FakeLLM, Status
from tests.resolvers.generations.provider_rows import PIECES, SAID, Check, Seen, content, messages, seen, stream
from tests.snapinfra import User

LIMITED: Final[list[Any]] = [
    {"error": {"code": 429, "message": "Rate limit exceeded"}},
    {"error": {"code": "429", "message": "Slow down.", "type": "server_error"}},
    {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
    {"error": {"status": 429, "message": "Slow down.", "code": "x"}},
    {"error": "Rate limit reached for the model"},
    {"error": {"error": {"status_code": 429}}},
    {"object": "error", "message": "Slow down.", "code": 429},
    {"code": 429, "message": "Slow down."},
    {"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 429}}]},
    {"choices": [], "x_groq": {"error": "rate_limit_exceeded"}},
    [{"error": {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}}],
    {"errors": [{"message": "Rate limit reached."}]},
    {"statusCode": 429, "message": "Slow down."},
    {"error": {"http_status": 429.0}},
    {"success": False, "message": "Too many requests"},
    {"status": "error", "reason": "too_many_requests"},
]
"""The same error as servers write it."""


@pytest.mark.parametrize("error", LIMITED, ids=json.dumps)
async def test_a_429_within_a_stream(alice: User, fake: FakeLLM, as_told: Check, error: Any) -> None:
    generation = await seen(alice, fake, Body(stream(*content(PIECES[:2]), error)))

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize(
    "body",
    [
        stream(LIMITED[0]),
        b"event: error\n" + stream(LIMITED[2]),
        json.dumps(LIMITED[0], indent=1).encode(),
        json.dumps([LIMITED[0]], indent=1).encode(),
    ],
    ids=["stream", "event: error", "JSON", "JSON in a list"],
)
async def test_a_429_instead_of_the_first_chunk(alice: User, fake: FakeLLM, as_told: Check, body: bytes) -> None:
    generation = await seen(alice, fake, Body(body))

    as_told(generation)
    assert messages(generation)[0].startswith("The provider allows no more requests at the moment")


async def refused(alice: User, fake: FakeLLM, status: int, error: Any) -> Seen:
    """Return what is seen where every provider refuses with the same error: each is asked once."""
    fake.default = Status(status, body={"error": error})

    generation = await seen(alice, fake)

    assert [request.dialect for request in fake.requests] == ["groq", "openai"]
    return generation


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            429,
            {"message": "You exceeded your quota.", "type": "insufficient_quota", "code": "insufficient_quota"},
        ),
        (429, {"message": "Billing hard limit", "code": "billing_hard_limit_reached"}),
        (402, {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}),
        (400, {"message": "Your credit balance is too low.", "type": "invalid_request_error"}),
    ],
)
async def test_no_credit(alice: User, fake: FakeLLM, as_told: Check, status: int, error: Any) -> None:
    generation = await refused(alice, fake, status, error)

    as_told(generation)
    advice = "Add credit or raise its limit there, or set another key."
    sentence = f"The account at the provider has no credit left (HTTP {status}). {advice}"
    assert (generation.record["message"], messages(generation)[0]) == (f"openai: {sentence}", sentence)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            400,
            {
                "message": "This model's maximum context length is 8192 tokens. Your messages resulted in 9001 tokens.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            },
        ),
        (400, {"code": 400, "message": "It exceeds the available context size", "type": "exceed_context_size_error"}),
        (413, {"message": "Request too large for model `x` on tokens per minute", "code": "rate_limit_exceeded"}),
        (500, {"message": "The prompt is too long: 9001 tokens.", "type": "server_error"}),
    ],
)
async def test_a_request_too_large(alice: User, fake: FakeLLM, as_told: Check, status: int, error: Any) -> None:
    generation = await refused(alice, fake, status, error)

    as_told(generation)
    advice = "Ask for less at once, or name a model with a longer context."
    sentence = f"The request is longer than the model can take (HTTP {status}). {advice}"
    assert (generation.record["message"], messages(generation)[0]) == (f"openai: {sentence}", sentence)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, {"message": "The model `gpt-9` does not exist.", "code": "model_not_found"}),
        (404, {"message": 'model "x" not found, try pulling it first', "type": "api_error", "code": None}),
        (400, {"message": "The model `x` has been decommissioned.", "code": "model_decommissioned"}),
        (404, "Not Found"),
    ],
)
async def test_no_such_model(alice: User, fake: FakeLLM, as_told: Check, status: int, error: Any) -> None:
    generation = await refused(alice, fake, status, error)

    as_told(generation)
    advice = "Check the model and the address of the provider in the settings."
    sentence = f"The provider has no such model (HTTP {status}). {advice}"
    assert (generation.record["message"], messages(generation)[0]) == (f"openai: {sentence}", sentence)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}),
        (400, {"message": "Your prompt was flagged.", "code": "invalid_prompt"}),
        (403, {"message": "Your input was flagged.", "code": 403, "metadata": {"reasons": ["violence"]}}),
    ],
)
async def test_content_refused_by_every_provider(
    alice: User, fake: FakeLLM, as_told: Check, status: int, error: Any
) -> None:
    generation = await refused(alice, fake, status, error)

    as_told(generation)
    assert (
        generation.record["message"]
        == f"openai: The provider refuses to answer this (HTTP {status}). Say it in other words."
    )


async def test_a_region_that_is_not_served(alice: User, fake: FakeLLM, as_told: Check) -> None:
    error = {"message": "Country, region, or territory not supported", "code": "unsupported_country_region_territory"}

    generation = await refused(alice, fake, 403, error)

    as_told(generation)
    sentence = "The provider does not serve the country or region that we ask from (HTTP 403)."
    assert generation.record["message"] == f"openai: {sentence}"


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "No.", "type": "invalid_request_error"}},
        {"detail": "No."},
        "No.",
        "<h1>No.</h1>",
        "[]",
    ],
    ids=str,
)
async def test_a_request_refused_by_every_provider(alice: User, fake: FakeLLM, as_told: Check, body: Any) -> None:
    fake.default = Status(400, body=body)

    generation = await seen(alice, fake)

    as_told(generation)
    assert generation.record["message"] == "openai: The provider refuses the request (HTTP 400)."
    assert len(fake.requests) == 2


async def test_a_refused_key_within_the_stream_of_every_provider(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Body(stream({"error": {"code": 401, "message": "No auth credentials found"}}))

    generation = await seen(alice, fake)

    as_told(generation)
    assert (
        generation.record["message"]
        == "openai: The provider refuses our key (error 401). Check the key in the settings."
    )
    assert len(fake.requests) == 2


async def test_a_refused_key_in_mid_answer_of_every_provider(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Body(stream(*content(PIECES[:2]), {"error": {"code": 401, "message": "No auth credentials found"}}))

    generation = await seen(alice, fake)

    as_told(generation)
    refusal = "The provider refuses our key (error 401). Check the key in the settings."
    assert (
        generation.record["message"]
        == f"Every provider failed in the middle of the answer. The last one, openai: {refusal}"
    )
    assert len(fake.requests) == 2


async def test_json_that_a_provider_refuses_itself(alice: User, fake: FakeLLM, as_told: Check) -> None:
    fake.default = Answer()
    error = {"message": "Failed to validate JSON.", "code": "json_validate_failed", "failed_generation": "{"}

    generation = await seen(alice, fake, Status(400, body={"error": error}), kind="SCHEMA")
    await seen(alice, fake, kind="SCHEMA")

    as_told(generation)
    assert messages(generation) == ["The model's answer was not the JSON that it is held to (HTTP 400)."]
    formats = [(request.dialect, request.body["response_format"]["type"]) for request in fake.requests]
    assert formats == [("groq", "json_schema"), ("openai", "json_schema"), ("groq", "json_schema")]
