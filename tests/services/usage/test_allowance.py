"""The promise that a generation never uses more than was reserved for it."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Fault
from services.llm.port import Options, Request, SchemaTask
from services.llm.prompts import render, repair
from services.usage.allowance import (
    LEAST_ANSWER,
    TEMPLATE_BYTES,
    AllowanceSpent,
    allowance,
    estimated_tokens,
    prompt_tokens,
    within,
)


def request(prompt: str, most_output: int | None) -> Request:
    return render(SchemaTask(prompt), Options(max_tokens=most_output))


def test_no_template_is_longer_than_an_allowance_assumes() -> None:
    sizes = {file.name: len(file.read_bytes()) for file in (files("services.llm") / "templates").iterdir()}

    assert sizes
    assert {name: size for name, size in sizes.items() if size > TEMPLATE_BYTES} == {}


@given(st.text(max_size=8000))
def test_a_prompt_has_fewer_bytes_than_an_allowance_assumes(prompt: str) -> None:
    size = sum(len(message.content.encode()) for message in request(prompt, 1).messages)

    assert 2 * size <= allowance(prompt, most_output=0)


@given(st.text(max_size=8000), st.integers(1, 200_000))
def test_the_first_request_is_asked_as_it_is(prompt: str, most_output: int) -> None:
    asked = request(prompt, most_output)

    assert within(asked, allowance(prompt, most_output=most_output)) == asked


@given(st.text(max_size=2000), st.integers(1, 100_000), st.integers(1, 10))
def test_however_often_it_is_asked_no_more_is_used_than_reserved(prompt: str, most_output: int, asks: int) -> None:
    whole = left = allowance(prompt, most_output=most_output)

    for _ in range(asks):
        try:
            asked = within(request(prompt, most_output), left)
        except AllowanceSpent:
            break
        assert asked.options.max_tokens is not None
        left -= prompt_tokens(asked) + asked.options.max_tokens  # it answers at full length, and is lost

    assert 0 <= left < whole


def test_a_repair_after_a_full_answer_may_be_as_long_as_the_answer() -> None:
    most_output = 8192
    first = request("A shop", most_output)
    answer = "x" * (most_output * 3)  # as many bytes as that many tokens have, by our estimate
    left = allowance("A shop", most_output=most_output) - prompt_tokens(first) - most_output

    again = repair(first, answer=answer, faults=[Fault("Wrong.")])

    assert within(again, left) == again


def test_hardly_anything_left_is_not_asked_for() -> None:
    asked = request("A shop", None)
    needed = prompt_tokens(asked)

    limited = within(asked, needed + LEAST_ANSWER)
    with pytest.raises(AllowanceSpent):
        within(asked, needed + LEAST_ANSWER - 1)

    assert limited.options.max_tokens == LEAST_ANSWER
    assert within(asked, None) == asked


def test_tokens_are_estimated_from_bytes() -> None:
    assert [estimated_tokens(text) for text in ("", "a", "abc", "abcd", "表", "\ud800")] == [0, 1, 1, 2, 1, 1]
