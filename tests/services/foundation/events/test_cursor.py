"""What a cursor looks like from outside."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Fault, Invalid
from services.foundation.events.cursor import STORED, Cursor, decode, encode, new_epoch

SEQS = st.integers(min_value=0, max_value=10**16 - 1)


@given(SEQS, st.one_of(st.just(STORED), st.builds(new_epoch)))
def test_a_cursor_survives_the_way_to_a_client_and_back(seq: int, epoch: str) -> None:
    word = encode(Cursor(epoch, seq))

    assert decode(word) == Cursor(epoch, seq)
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,40}", word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1",
        "null",
        "ünïcode",
        "MS5zdG9yZWQ=",  # padded
        "MS5zdG9yZW",  # cut
        "MDEuc3RvcmVk",  # 01.stored
        "LTEuc3RvcmVk",  # -1.stored
        "MS4",  # 1.
        "MS5zdG9yZWQ\n",
        "A" * 100_000,
    ],
)
def test_anything_else_is_invalid(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(text)

    assert [type(fault) for fault in refused.value.faults] == [Fault]
    assert refused.value.faults[0].field == ("after",)


@given(st.text(max_size=60))
def test_no_text_is_read_as_a_cursor_unless_it_is_one(text: str) -> None:
    try:
        cursor = decode(text)
    except Invalid:
        return

    assert encode(cursor) == text
