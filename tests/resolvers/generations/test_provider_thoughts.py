"""What a subscriber sees of a model that thinks aloud before it answers: rows of docs/providers.md."""

from typing import Any, Final

import pytest

from services.llm.files import encode
from tests.fakes.llm import Body, FakeLLM
from tests.resolvers.generations.provider_rows import (
    FILES,
    SAID,
    STOP,
    Check,
    content,
    messages,
    saying,
    seen,
    stored,
    stream,
)
from tests.snapinfra import User, events

THOUGHTS: Final = "<think>\nThe user says </ and <b>hello</b>.\n</think>\n\n"
LONE: Final = "The user says <b>hello</b>.\n</think>\n\n"
DRAFT: Final = {"a.ts": "a draft\n"}
LENGTH: Final[dict[str, Any]] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}
USAGE: Final[dict[str, Any]] = {"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}}
TAGS: Final = {"a.ts": "// <think>\nconst tags = `\n</think>\n`;\n", "b.md": "```html\n<think>\n```\n</think>\n"}


@pytest.mark.parametrize(
    "before",
    [
        THOUGHTS,
        f"\n {THOUGHTS}",
        "<thinking>Hm.</thinking>",
        "<THINK>Hm.</think> \n",
        "[THINK]Hm.[/THINK]",
        THOUGHTS * 2,
        "<think></think>",
        "<think >Hm.</think >\n",
        '<thinking type="long">Hm.</thinking>',
        "<think/>",
        "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>",
        "<|begin_of_thought|>Hm.<|end_of_thought|>\n\n<|begin_of_solution|>",
        "<analysis>Hm.</analysis>\n",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_thoughts_before_the_answer(alice: User, fake: FakeLLM, as_told: Check, before: str, size: int) -> None:
    generation = await seen(alice, fake, saying(lambda _: before + SAID, size=size))

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize("size", [1, 1000])
async def test_a_draft_within_the_thoughts(alice: User, fake: FakeLLM, as_told: Check, size: int) -> None:
    def thinking(boundary: str) -> str:
        return f"<think>\n{encode(boundary, DRAFT)}</think>\n{encode(boundary, FILES)}"

    generation = await seen(alice, fake, saying(thinking, size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES
    assert generation.record["text"] == ""


@pytest.mark.parametrize(
    "before", [LONE, "Hm.</think>", "Hm. </think>\n", "Hm.\n</think> ", "<think>a<think>b</think>c</think>\n"]
)
@pytest.mark.parametrize("size", [1, 3])
async def test_thoughts_without_their_beginning(
    alice: User, fake: FakeLLM, as_told: Check, before: str, size: int
) -> None:
    generation = await seen(alice, fake, saying(lambda _: before + SAID, size=size))

    as_told(generation)
    assert generation.record["text"] == SAID


@pytest.mark.parametrize("size", [1, 7])
async def test_a_draft_within_thoughts_without_their_beginning(
    alice: User, fake: FakeLLM, as_told: Check, size: int
) -> None:
    def thinking(boundary: str) -> str:
        return f"{encode(boundary, DRAFT)}\n</think>\n{encode(boundary, FILES)}"

    generation = await seen(alice, fake, saying(thinking, size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
        ("<|begin_of_thought|>\n", "<|end_of_thought|>\n<|begin_of_solution|>\n"),
        ("<think >", "</think >"),
    ],
)
async def test_a_draft_within_other_tags(alice: User, fake: FakeLLM, as_told: Check, before: str, after: str) -> None:
    def thinking(boundary: str) -> str:
        return f"{before}{encode(boundary, DRAFT)}{after}{encode(boundary, FILES)}"

    generation = await seen(alice, fake, saying(thinking, size=9), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES


async def test_a_draft_after_the_first_words(alice: User, fake: FakeLLM, as_told: Check) -> None:
    def thinking(boundary: str) -> str:
        return f"Sure!\n<think>{encode(boundary, DRAFT)}</think>\n{encode(boundary, FILES)}"

    generation = await seen(alice, fake, saying(thinking, size=9), kind="CODE")

    as_told(generation)
    assert stored(generation) == FILES


@pytest.mark.parametrize("size", [1, 1000])
async def test_the_end_of_thoughts_within_a_file(alice: User, fake: FakeLLM, as_told: Check, size: int) -> None:
    files = {"a.ts": FILES["a.ts"], "b.md": "So they end:\n</think>\nand go on.\n"}

    generation = await seen(alice, fake, saying(lambda boundary: encode(boundary, files), size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == files


@pytest.mark.parametrize("text", ["<think>I shall never", "<think>", "Hm.\n</think>\n<think>And"])
async def test_thoughts_without_an_answer(alice: User, fake: FakeLLM, as_told: Check, text: str) -> None:
    generation = await seen(alice, fake, Body(stream(*content([text]), STOP, USAGE)))

    as_told(generation)
    assert generation.record["text"] == SAID
    assert messages(generation) == ["The model never came from its thoughts to an answer."]


async def test_thoughts_up_to_the_limit(alice: User, fake: FakeLLM, as_told: Check) -> None:
    generation = await seen(alice, fake, Body(stream(*content(["<think>I shall never"]), LENGTH, USAGE)))

    as_told(generation)
    assert generation.record["text"] == ""


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_thoughts_in_a_field_of_their_own(alice: User, fake: FakeLLM, as_told: Check, name: str) -> None:
    said = ("Hm. " * 30, "So.")
    thoughts = [{"choices": [{"delta": {name: thought, "content": None}}]} for thought in said]

    generation = await seen(alice, fake, Body(stream(*thoughts, *content([SAID]), STOP)))

    as_told(generation)
    assert generation.record["text"] == SAID
    assert generation.record["attempts"][0]["usage"]["outputTokens"] > 40


@pytest.mark.parametrize("size", [1, 1000])
async def test_tags_of_thoughts_within_files(alice: User, fake: FakeLLM, as_told: Check, size: int) -> None:
    generation = await seen(alice, fake, saying(lambda boundary: encode(boundary, TAGS), size=size), kind="CODE")

    as_told(generation)
    assert stored(generation) == TAGS


@pytest.mark.parametrize(
    "text",
    [
        "Models think within `<think>` tags:\n\n<think>\nHm.\n</think>\n\nThat is all.",
        "They end so:\n```\n</think>\n```\nThat is all.",
        "The tag </think> ends it.\n  </thinker>\n</thi\n",
        "<thinker>What?</thinker>",
        "<",
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
async def test_tags_of_thoughts_within_a_text(alice: User, fake: FakeLLM, as_told: Check, text: str, size: int) -> None:
    generation = await seen(alice, fake, saying(lambda _: text, size=size))

    as_told(generation)
    assert generation.record["text"] == text


async def test_a_question_after_an_answer_with_thoughts(alice: User, fake: FakeLLM, as_told: Check) -> None:
    project_id = (await alice.project())["id"]
    fake.script.append(saying(lambda _: THOUGHTS + SAID))
    first = await alice.generate(project_id, "CHAT", prompt="Hello?", options={"model": "groq-model"})
    await events(alice, first)

    generation = await seen(alice, fake, base=first)

    as_told(generation)
    assert fake.requests[-1].body["messages"][2] == {"role": "assistant", "content": SAID}
