"""JSON from outside is read or refused, and nothing of it is an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.foreign_json import UnreadableJson, read_json

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_what_is_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value)) == value
    assert read_json(json.dumps(value).encode()) == value


@given(st.text() | st.binary())
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    try:
        read_json(text)
    except UnreadableJson as error:
        assert str(error) == "is not valid JSON"  # noqa: PT017 - most are, and some are read


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, b"[" * 100_000])
def test_what_is_nested_too_deeply_is_refused(text: str | bytes) -> None:
    with pytest.raises(UnreadableJson, match="is nested too deeply"):
        read_json(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "", "\ufeff{}", b"\xff", "{'a': 1}"])
def test_what_others_let_pass_is_refused(text: str | bytes) -> None:
    with pytest.raises(UnreadableJson, match="is not valid JSON"):
        read_json(text)


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\uDBFF"])
def test_half_of_a_surrogate_pair_is_replaced_wherever_it_stands(half: str) -> None:
    text = f'{{"a{half}b": ["cut {half}", {{"{half}": 1}}, "whole \\ud83d\\ude00"]}}'

    assert read_json(text) == {"a\ufffdb": ["cut \ufffd", {"\ufffd": 1}, "whole \U0001f600"]}
    assert read_json(text.encode()) == read_json(text)
    assert read_json(b'"\xed\xa0\xbd"') == "\ufffd"


def test_an_integer_may_have_any_number_of_digits() -> None:
    assert read_json("9" * 20) == 99999999999999999999
    assert read_json("[1" + "0" * 100 + ", -1]") == [1e100, -1]
    assert read_json("9" * 5000) == float("inf")
