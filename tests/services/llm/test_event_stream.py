"""The event stream's reader against the specification, read slowly: the same events however the bytes are cut."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.event_stream import MAX_EVENT, Event, EventStream, EventTooLarge

data = st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), min_size=1)


def read(received: bytes) -> list[Event]:
    return EventStream().feed(received)


def cut(sent: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(sent), *(place % (len(sent) + 1) for place in places)})
    return [sent[start:stop] for start, stop in pairwise(edges)]


def as_specified(sent: bytes) -> tuple[list[Event], Event | None]:
    """Do what sections 9.2.5 and 9.2.6 of the HTML standard say, one sentence after the other, with the whole stream.

    Returns the dispatched events, and the one that the standard drops because no blank line ends it.
    """
    *lines, rest = re.split(rb"\r\n|\n|\r", sent.removeprefix(b"\xef\xbb\xbf"))
    events: list[Event] = []
    buffer, name = b"", b""
    for line in [*lines, rest] if rest else lines:
        if line == b"":
            if buffer != b"":
                events.append(Event(buffer.removesuffix(b"\n"), name))
            buffer, name = b"", b""
        elif line.startswith(b":"):
            pass
        else:
            field, value = line.split(b":", 1) if b":" in line else (line, b"")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"event":
                name = value
            elif field == b"data":
                buffer += value + b"\n"
    return events, Event(buffer.removesuffix(b"\n"), name) if buffer else None


line = st.one_of(
    st.sampled_from(
        [
            *(b"data", b"data:", b"data: ", b"data:x", b"data:  x", b"data: {}", b"data:a:b", b" data: x", b"DATA: x"),
            *(b"event: ping", b"event", b"event:", b"id: 7", b"id: \0", b"retry: 3000", b"retry: soon"),
            *(b": comment", b":", b"nonsense", b"\xef\xbb\xbf", b"\xef\xbb\xbfdata: bom", b"", b"", b"", b"\xff\xfe"),
        ]
    ),
    st.binary(max_size=8).filter(lambda some: not {10, 13} & set(some)),
)
end = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xef\xbb"]),
    st.lists(st.tuples(line, end), max_size=20),
    st.one_of(st.just(b""), line),
    st.lists(st.integers(0, 500), max_size=40),
)
def test_any_stream_is_read_as_the_specification_says_however_it_is_cut(
    mark: bytes, lines: list[tuple[bytes, bytes]], rest: bytes, places: list[int]
) -> None:
    sent = mark + b"".join(text + ending for text, ending in lines) + rest
    stream = EventStream()

    events = [event for part in cut(sent, places) for event in stream.feed(part)]

    assert (events, stream.end()) == as_specified(sent)


@given(st.lists(data), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 5000)))
def test_events_are_read_whole_however_they_are_cut(events: list[str], end: str, places: list[int]) -> None:
    sent = "".join(f": comment{end}event: x{end}data: {event}{end}{end}" for event in events).encode()
    stream = EventStream()

    received = [event for part in cut(sent, places) for event in stream.feed(part)]

    assert received == [Event(event.encode(), b"x") for event in events]


def test_the_examples_of_the_specification() -> None:
    stock = b"data: YHOO\ndata: +2\ndata: 10\n\n"
    empty = b"data\n\ndata\ndata\n\ndata:"

    assert read(stock) == [Event(b"YHOO\n+2\n10")]
    assert read(empty) == [Event(b""), Event(b"\n")]
    assert read(b"data:test\n\ndata: test\n\n") == [Event(b"test"), Event(b"test")]


def test_data_of_several_lines_is_one_event_and_only_one_space_is_dropped() -> None:
    assert read(b"data: one\ndata:  two\ndata\n\n") == [Event(b"one\n two\n")]


def test_a_line_end_cut_in_two_does_not_end_an_event_of_two_lines() -> None:
    stream = EventStream()

    assert stream.feed(b"data: one\r") + stream.feed(b"\ndata: two\r\n\r\n") == [Event(b"one\ntwo")]


def test_only_the_first_byte_order_mark_is_none_of_the_stream() -> None:
    assert read(b"\xef\xbb\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n") == [Event(b"1"), Event(b"3")]


@pytest.mark.parametrize("sent", [b"data: 1", b"data: 1\n", b"event: x\ndata: 1\r"])
def test_an_event_that_no_blank_line_ends_is_told_apart(sent: bytes) -> None:
    stream = EventStream()

    assert stream.feed(sent) == []
    assert stream.end() == Event(b"1", b"x" if b"event" in sent else b"")
    assert stream.end() is None


def test_an_event_without_an_end_is_refused() -> None:
    stream = EventStream()

    stream.feed(b"x" * MAX_EVENT)

    with pytest.raises(EventTooLarge):
        stream.feed(b"x")


@pytest.mark.parametrize("line", [b"data:\n", b"data\n", b"data: x\n"])
def test_lines_without_an_end_are_refused_however_short_they_are(line: bytes) -> None:
    stream = EventStream()
    size = len(line.removeprefix(b"data").removeprefix(b":").removeprefix(b" "))

    stream.feed(line * (MAX_EVENT // size))

    with pytest.raises(EventTooLarge):
        stream.feed(line)
