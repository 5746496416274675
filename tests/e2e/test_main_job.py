"""The main job through the real SDKs, against a server that speaks like the providers and misbehaves."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.journey import travel
from services.core.tls import trusted
from tests.fakes.llm import Answer, FakeLLM, Status
from tests.snapinfra import Server, User, events, rebuilt, serving, settings

TINY = {
    "package.json": json.dumps({"name": "tiny", "version": "1.0.0", "scripts": {"start": "node server.js"}}) + "\n",
    "server.js": 'require("node:http").createServer((_, response) => response.end("hello"))'
    ".listen(process.env.PORT, process.env.HOST);\n",
}

GENERATION = """
query($id: ID!) {
  generation(id: $id) {
    status reason message provider text usage { outputTokens } schema { tables { name } } files { path }
  }
}"""


@contextmanager
def answered(emulator: str, folder: Path, *, groq: FakeLLM | None, openai: FakeLLM | None) -> Generator[Server]:
    """Run a server with the given providers."""
    chosen = {"SNAPINFRA_DATA": str(folder)}
    if groq:
        chosen |= {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": groq.groq_url}
    if openai:
        chosen |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": openai.openai_url}
    with serving(settings(emulator, **chosen)) as running:
        yield running


async def schema_generation(user: User) -> tuple[list[Any], dict[str, Any]]:
    """Generate a schema and return its events and the generation as it ended."""
    generation_id = await user.generate((await user.project())["id"], "SCHEMA")
    happened = await events(user, generation_id)
    return happened, (await user.ask(GENERATION, id=generation_id))["generation"]


@pytest.mark.parametrize("provider", ["groq", "openai"])
async def test_a_sentence_becomes_a_running_backend_through_either_sdk(
    emulator: str, tmp_path: Path, provider: str
) -> None:
    with FakeLLM(default=Answer(files=TINY)) as fake:
        groq, openai = (fake, None) if provider == "groq" else (None, fake)
        with answered(emulator, tmp_path, groq=groq, openai=openai) as server:
            user = server.user()

            arrival = await travel(user, "Build a user management API with teams and roles")

            async with httpx.AsyncClient(verify=trusted()) as http:
                assert (await http.get(arrival.url or "")).text == "hello"
            generation = (await user.ask(GENERATION, id=arrival.generation_id))["generation"]
    assert generation["provider"] == provider
    assert [file["path"] for file in generation["files"]] == list(TINY)
    assert {request.dialect for request in fake.requests} == {provider}


async def test_code_is_made_without_an_architecture_that_comes_to_nothing(
    emulator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nonsense = Answer(pieces=["no JSON"])
    with (
        FakeLLM([Answer(), nonsense, nonsense], default=Answer(files=TINY)) as fake,
        answered(emulator, tmp_path, groq=fake, openai=None) as server,
    ):
        user = server.user()

        arrival = await travel(user, "Build a user management API with teams and roles", to=None)

        generation = (await user.ask(GENERATION, id=arrival.generation_id))["generation"]
    assert [file["path"] for file in generation["files"]] == list(TINY)
    assert "The code is made without an architecture." in capsys.readouterr().out


async def test_a_provider_that_fails_before_it_speaks_is_replaced_by_the_next(emulator: str, tmp_path: Path) -> None:
    with (
        FakeLLM(default=Status(500)) as groq,
        FakeLLM() as openai,
        answered(emulator, tmp_path, groq=groq, openai=openai) as server,
    ):
        happened, generation = await schema_generation(server.user())

    assert [event["__typename"] for event in happened[:2]] == ["AttemptFailed", "AttemptStarted"]
    assert (generation["status"], generation["provider"]) == ("COMPLETED", "openai")


async def test_a_provider_that_fails_in_the_middle_is_announced_and_its_text_is_void(
    emulator: str, tmp_path: Path
) -> None:
    with (
        FakeLLM(default=Answer(cut_after=5)) as groq,
        FakeLLM() as openai,
        answered(emulator, tmp_path, groq=groq, openai=openai) as server,
    ):
        happened, generation = await schema_generation(server.user())

    kinds = [event["__typename"] for event in happened if event["__typename"].startswith("Attempt")]
    assert kinds == ["AttemptStarted", "AttemptFailed", "AttemptStarted"]
    assert rebuilt(happened)[0] == generation["text"]
    assert generation["status"] == "COMPLETED"


async def test_an_invalid_schema_is_sent_back_once(emulator: str, tmp_path: Path) -> None:
    with (
        FakeLLM([Answer(pieces=['{"tables": []}'])]) as groq,
        answered(emulator, tmp_path, groq=groq, openai=None) as server,
    ):
        happened, generation = await schema_generation(server.user())

    assert [event["code"] for event in happened if event["__typename"] == "AttemptFailed"] == ["INVALID_OUTPUT"]
    assert generation["status"] == "COMPLETED"
    assert rebuilt(happened)[0] == generation["text"]
    assert len(groq.requests) == 2


async def test_a_schema_that_stays_invalid_fails_with_the_faults(emulator: str, tmp_path: Path) -> None:
    with (
        FakeLLM(default=Answer(pieces=['{"tables": []}'])) as groq,
        answered(emulator, tmp_path, groq=groq, openai=None) as server,
    ):
        happened, generation = await schema_generation(server.user())

    assert (generation["status"], generation["reason"]) == ("FAILED", "INVALID_OUTPUT")
    assert "table" in generation["message"]
    assert happened[-1]["status"] == "FAILED"
    assert generation["schema"] is None


async def test_an_answer_cut_by_the_token_limit_is_incomplete_and_kept(emulator: str, tmp_path: Path) -> None:
    with (
        FakeLLM(default=Answer(pieces=['{"tables": [', '{"name"'], finish="length")) as groq,
        answered(emulator, tmp_path, groq=groq, openai=None) as server,
    ):
        happened, generation = await schema_generation(server.user())

    assert (generation["status"], generation["reason"]) == ("INCOMPLETE", "MAX_TOKENS")
    assert generation["text"] == rebuilt(happened)[0] == '{"tables": [{"name"'


async def test_a_refused_key_fails_with_a_reason_and_without_the_key(emulator: str, tmp_path: Path) -> None:
    with (
        FakeLLM(default=Status(401, message="Invalid API Key gsk_test")) as groq,
        answered(emulator, tmp_path, groq=groq, openai=None) as server,
    ):
        happened, generation = await schema_generation(server.user())

    assert (generation["status"], generation["reason"]) == ("FAILED", "PROVIDER_ERROR")
    assert "gsk_test" not in str(happened) + str(generation)
