"""JSON of strangers: what is read, and what is refused before it costs anything."""

import pytest

from graph.encoding import MOST_WITH_HALVES, decoded


def test_half_of_a_surrogate_pair_is_read_in_a_text_that_is_not_long() -> None:
    assert decoded('{"name": "\\ud800"}') == {"name": "\ud800"}


def test_half_of_a_surrogate_pair_in_a_long_text_is_refused_by_the_fast_reader_alone() -> None:
    text = f'{{"name": "\\ud800{"x" * MOST_WITH_HALVES}"}}'

    with pytest.raises(ValueError, match="JSON is malformed"):
        decoded(text)


def test_a_whole_pair_is_text_of_any_length() -> None:
    assert decoded(f'["{"x" * MOST_WITH_HALVES}\\ud83d\\ude00"]') == ["x" * MOST_WITH_HALVES + "\U0001f600"]
