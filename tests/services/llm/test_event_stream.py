"""This file is the tests of the event stream's reader: the same events however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.llm.event_stream import EventStream, EventTooLarge

data = st.text(alphabet=st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), min_size=1)


def read(received: bytes) -> list[bytes]:
    return EventStream().feed(received)


@given(st.lists(data), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 5000)))
def test_events_are_read_whole_however_they_are_cut(events: list[str], end: str, places: list[int]) -> None:
    sent = "".join(f": comment{end}event: x{end}data: {event}{end}{end}" for event in events).encode()
    edges = sorted({0, len(sent), *(place % (len(sent) + 1) for place in places)})
    stream = EventStream()

    received = [found for start, stop in pairwise(edges) for found in stream.feed(sent[start:stop])]

    assert received == [event.encode() for event in events]


def test_data_of_several_lines_is_one_event_and_only_one_space_is_dropped() -> None:
    assert read(b"data: one\ndata:  two\ndata\n\n") == [b"one\n two\n"]


def test_a_line_end_cut_in_two_does_not_end_an_event_of_two_lines() -> None:
    stream = EventStream()

    assert stream.feed(b"data: one\r") + stream.feed(b"\ndata: two\r\n\r\n") == [b"one\ntwo"]


def test_a_byte_order_mark_comments_and_unfinished_events_are_left_out() -> None:
    assert read(b"\xef\xbb\xbfdata: 1\n\n: hello\n\nretry: 5\n\ndata: 2\n") == [b"1"]


def test_an_event_without_an_end_is_refused() -> None:
    stream = EventStream()

    for _ in range(8):
        stream.feed(b"x" * 1024 * 1024)

    with pytest.raises(EventTooLarge):
        stream.feed(b"x")
