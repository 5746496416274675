"""Chunks as servers write them: strict about the answer, and about nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.chunks import MOST_TOKENS, Chunk, NoChunk, read_chunk
from services.llm.event_stream import Event
from services.llm.port import FinishReason, Usage

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SIDE = ("id", "created", "model", "usage", "x_groq", "timings", "service_tier")
SIDE_OF_CHOICE = ("logprobs", "stop_reason", "seed")
SIDE_OF_DELTA = ("role", "reasoning", "reasoning_content", "annotations", "audio")


def read(raw: Any, name: bytes = b"") -> Chunk | None:
    return read_chunk(Event(json.dumps(raw).encode(), name))


def said(content: Any) -> Chunk | None:
    return read({"choices": [{"delta": {"content": content}}]})


@given(
    st.dictionaries(st.sampled_from(SIDE), anything),
    st.dictionaries(st.sampled_from(SIDE_OF_CHOICE), anything),
    st.dictionaries(st.sampled_from(SIDE_OF_DELTA), anything),
)
def test_side_fields_may_be_anything(side: Any, of_choice: Any, of_delta: Any) -> None:
    choice = {**of_choice, "delta": {**of_delta, "content": "said"}, "finish_reason": "stop"}

    chunk = read({**side, "choices": [choice]})

    assert chunk is not None
    assert (chunk.text, chunk.finish, chunk.error) == ("said", FinishReason.STOP, None)
    assert chunk.usage is None or 0 < chunk.usage.input_tokens <= MOST_TOKENS


@given(anything)
def test_any_json_is_a_chunk_or_none_of_ours_or_refused(raw: Any) -> None:
    for event in (Event(json.dumps(raw).encode()), Event(json.dumps({"choices": raw}).encode())):
        try:
            chunk = read_chunk(event)
        except NoChunk:
            continue
        assert chunk is None or isinstance(chunk, Chunk)


@given(st.binary(max_size=60), st.sampled_from([b"", b"message", b"ping", b"error"]))
def test_any_bytes_are_a_chunk_or_none_of_ours_or_refused(data: bytes, name: bytes) -> None:
    try:
        chunk = read_chunk(Event(data, name))
    except NoChunk:
        return
    assert chunk is None or isinstance(chunk, Chunk)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("", ""),
        ("a", "a"),
        ([], ""),
        (["a", "b"], "ab"),
        ([{"type": "text", "text": "a"}, {"type": "output_text", "text": "b"}, {"text": "c"}], "abc"),
        ([{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "a"}, {"type": "reference"}], "a"),
    ],
)
def test_text_is_a_string_or_parts(content: Any, text: str) -> None:
    chunk = said(content)

    assert chunk is not None
    assert chunk.text == text


@pytest.mark.parametrize("content", [5, True, {"text": "a"}, [5], [{"type": "text", "text": 5}], [["a"]]])
def test_what_is_no_text_is_refused(content: Any) -> None:
    with pytest.raises(NoChunk):
        said(content)


@pytest.mark.parametrize("raw", [{"choices": 5}, {"choices": {}}, {"choices": [5]}, {"choices": [{"delta": "a"}]}])
def test_what_holds_no_answer_where_it_should_is_refused(raw: Any) -> None:
    with pytest.raises(NoChunk):
        read(raw)


PINGS = [b"", b" ", b'{"type": "ping"}', b'{"id": "x", "status": 200}', b'{"status": "ok", "success": true}']
NO_OBJECTS = [b"null", b"[]", b'"str"', b"true", b"5", b"[5]", b'[["a"]]']


@pytest.mark.parametrize("data", [*PINGS, *NO_OBJECTS])
def test_what_is_no_part_of_the_answer_is_left_out(data: bytes) -> None:
    assert read_chunk(Event(data)) is None


def choice(index: Any, text: str) -> dict[str, Any]:
    return {"index": index, "delta": {"content": text}}


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([choice(0, "a"), choice(1, "b")], "a"),
        ([choice(1, "b"), choice(0, "a")], "a"),
        ([choice(2, "b"), {"delta": {"content": "a"}}], "a"),
        ([choice(1, "b")], ""),
        ([choice(-1, "b")], ""),
        ([choice(None, "a")], "a"),
        ([choice("1", "a")], "a"),
        ([choice([1], "a")], "a"),
        ([choice(1.5, "a")], "a"),
    ],
)
def test_the_choice_that_was_asked_for_is_the_one_of_no_other_index(choices: Any, text: str) -> None:
    chunk = read({"choices": choices})

    assert chunk is not None
    assert chunk.text == text


def test_the_end_of_another_choice_is_none_of_the_answer() -> None:
    assert read({"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]}) == Chunk()


CALL: dict[str, Any] = {"index": 0, "function": {"name": "x", "arguments": "{}"}}


CALLS: list[tuple[dict[str, Any], bool]] = [
    ({"tool_calls": [CALL]}, True),
    ({"content": "a", "tool_calls": [CALL]}, True),
    ({"content": None, "function_call": {"name": "x"}}, True),
    ({"content": [{"type": "text", "text": "a"}, {"type": "tool_use", "name": "x"}]}, True),
    ({"content": "a", "tool_calls": []}, False),
    ({"content": "a", "tool_calls": None, "function_call": None}, False),
    ({"content": "a", "tool_calls": [{}]}, False),
    ({"content": "a", "tool_calls": "x"}, False),
]


@pytest.mark.parametrize(("delta", "is_call"), CALLS)
def test_a_call_of_a_tool_is_an_end_that_is_not_good(delta: Any, *, is_call: bool) -> None:
    chunk = read({"choices": [{"delta": delta, "finish_reason": "stop"}]})

    assert chunk is not None
    assert chunk.unknown_finish == ("tool_calls" if is_call else None)
    assert chunk.finish is (None if is_call else FinishReason.STOP)


@pytest.mark.parametrize(
    ("delta", "is_refusal"),
    [
        ({"refusal": "I can't."}, True),
        ({"content": "", "refusal": "I can't."}, True),
        ({"content": [{"type": "refusal", "refusal": "I can't."}]}, True),
        ({"content": "a", "refusal": ""}, False),
        ({"content": "a", "refusal": None}, False),
        ({"content": "a", "refusal": {}}, False),
    ],
)
def test_a_refusal_is_told_apart(delta: Any, *, is_refusal: bool) -> None:
    chunk = read({"choices": [{"delta": delta}]})

    assert chunk is not None
    assert chunk.is_refusal is is_refusal


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], 429),
        ({"errors": [{"message": "No."}]}, None),
        ({"errors": {"code": "503"}}, 503),
        ({"choices": [], "errors": [{"status": 503}]}, 503),
        ({"statusCode": 503}, 503),
        ({"status_code": 503}, 503),
        ({"httpStatus": 503}, 503),
        ({"error": {"http_status": 429}}, 429),
        ({"error": {"code": 429.0}}, 429),
        ({"success": False, "message": "No."}, None),
        ({"ok": False}, None),
        ({"status": "error"}, None),
        ({"status": "FAILED"}, None),
    ],
    ids=json.dumps,
)
def test_an_error_is_told_in_many_ways(raw: Any, status: int | None) -> None:
    chunk = read(raw)

    assert chunk is not None
    assert chunk.error is not None
    assert chunk.error.status == status


@pytest.mark.parametrize("name", [b"ping", b"keepalive", b"x"])
def test_an_event_of_another_name_counts_where_it_holds_an_object(name: bytes) -> None:
    assert read_chunk(Event(b"now", name)) is None
    assert read_chunk(Event(b'{"choices": [{"delta": {"content": "a"}}]}', name)) == Chunk(text="a")
    with pytest.raises(NoChunk):
        read_chunk(Event(b'{"choices": [{"del', name))


@pytest.mark.parametrize(
    ("reason", "finish", "unknown"),
    [
        (None, None, None),
        ("", None, None),
        ("stop", FinishReason.STOP, None),
        ("Length", FinishReason.LENGTH, None),
        ("model_length", FinishReason.LENGTH, None),
        ("content_filter", FinishReason.CONTENT_FILTER, None),
        ("insufficient_system_resource", None, "insufficient_system_resource"),
        ("function_call", None, "function_call"),
        ("<b>" * 100, None, "unknown"),
        (7, None, "unknown"),
        (["stop"], None, "unknown"),
    ],
)
def test_only_known_ends_are_ends(reason: Any, finish: FinishReason | None, unknown: str | None) -> None:
    chunk = read({"choices": [{"delta": {}, "finish_reason": reason}]})

    assert chunk is not None
    assert (chunk.finish, chunk.unknown_finish) == (finish, unknown)


@pytest.mark.parametrize(
    ("prompt", "completion", "usage"),
    [
        (11, 7, Usage(11, 7)),
        ("11", 7.0, Usage(11, 7)),
        (11, 0, Usage(11, 0)),
        (MOST_TOKENS, MOST_TOKENS, Usage(MOST_TOKENS, MOST_TOKENS)),
        (MOST_TOKENS + 1, 7, None),
        (11, -1, None),
        (-11, 7, None),
        (0, 7, None),
        (2**63 - 1, 7, None),
        (11, 2**64, None),
        (11, 10**400, None),
        (11, 1e300, None),
        (11, float("nan"), None),
        (11, float("inf"), None),
        (11, 7.5, None),
        (11, True, None),
        (11, "-7", None),
        (11, "\u0667", None),
        (11, "9" * 5000, None),
        (11, None, None),
        ([11], {"n": 7}, None),
    ],
    ids=str,
)
def test_usage_is_what_can_be(prompt: Any, completion: Any, usage: Usage | None) -> None:
    chunk = read({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})

    assert chunk is not None
    assert chunk.usage == usage


def test_details_of_usage_are_within_what_they_are_part_of() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 99}, "completion_tokens_details": {"reasoning_tokens": 99}}
    chunk = read({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7, **details}})

    assert chunk is not None
    assert chunk.usage == Usage(11, 7, cached_tokens=11, reasoning_tokens=7)


HEAD = b'{"choices": [{"delta": {"content": "a"}}], "x": '


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"[" + b"[]," * 300_000 + b"[]]}",
        HEAD + b"[" + b"{}," * 300_000 + b"{}]}",
        HEAD + b'"' + b"x" * 300_000 + b'", "y": NaN}',
    ],
    ids=["lists", "objects", "NaN"],
)
def test_a_chunk_that_takes_long_to_decode_is_refused(data: bytes) -> None:
    with pytest.raises(NoChunk):
        read_chunk(Event(data))


def test_a_long_text_may_hold_many_brackets() -> None:
    program = "if (a[0]) { b([{}]); }\n" * 10_000

    assert said(program) == Chunk(text=program)


@pytest.mark.parametrize(
    "data",
    [
        b'{"created": 1e999, "choices": [{"delta": {"content": "a\xff"}}]}',
        b'{"created": NaN, "choices": [{"delta": {"content": "a\xff"}}]}',
        b'{"created": ' + b"9" * 5000 + b', "choices": [{"delta": {"content": "a\xff"}}]}',
    ],
)
def test_json_that_others_let_pass_passes(data: bytes) -> None:
    assert read_chunk(Event(data)) == Chunk(text="a\ufffd")
