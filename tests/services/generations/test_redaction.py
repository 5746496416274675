"""The tests of redaction: no cut of a text shows a secret, or changes what comes out."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.generations.redaction import REDACTED, Redactor

SECRETS = ("correct horse", "battery", "battery-staple", "aabaabaa", "11223344", "33445566")
PREFIXES = ("sk-", "gsk_", "ghp_", "github_pat_", "glpat-", "xoxb-", "snapinfra_", "AKIA")
KEY = "sk-proj-1234567890abcdefghij"

parts = st.sampled_from(
    [
        *SECRETS,
        *(secret[:size] for secret in SECRETS for size in (1, 3, 7)),
        *PREFIXES,
        "s",
        "x",
        "risk-",
        "0123456789abcdefgh",
        "abcdefghijklmnopqrstuv",
        "1",
        "-",
        " ",
        "\n",
        "é",
        '"',
        "[",
        KEY,
        "9" * 280,
        "z" * 290,
    ]
)
texts = st.lists(parts, max_size=14).map("".join)
places = st.lists(st.integers(0, 10_000), max_size=30)


def cut(text: str, at: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in at), len(text)]
    return [text[start:stop] for start, stop in itertools.pairwise(edges)]


def redacted(pieces: list[str], secrets: tuple[str, ...] = SECRETS) -> str:
    redactor = Redactor(secrets)
    return "".join(map(redactor.feed, pieces)) + redactor.end()


@settings(deadline=None, max_examples=500)
@given(texts, places)
def test_however_a_text_is_cut_the_same_comes_out(text: str, at: list[int]) -> None:
    whole = redacted([text])

    assert redacted(cut(text, at)) == whole
    assert redacted(list(text)) == whole


@settings(deadline=None, max_examples=500)
@given(texts)
def test_no_secret_comes_out(text: str) -> None:
    said = redacted([text])

    assert not [secret for secret in SECRETS if secret in said]
    assert KEY not in re.split(r"[^A-Za-z0-9_-]+", said)


@settings(deadline=None, max_examples=300)
@given(st.text().filter(lambda text: not any(secret in text for secret in SECRETS)), places)
def test_a_text_without_secrets_stays_as_it_is(text: str, at: list[int]) -> None:
    assert redacted(cut(text, at)) == text


@pytest.mark.parametrize(
    "text",
    ["risk-1234567890abcdefghij", "my_sk-1234567890abcdefghij", f"sk-{'1' * 300}", "sk-abcdefghijklmnopqrst", "sk-123"],
    ids=["within a word", "after an underscore", "too long", "without a digit", "too short"],
)
def test_a_word_that_is_no_key_stays_however_it_is_cut(text: str) -> None:
    for size in (1, 2, 5, len(text)):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert redacted(pieces) == text


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_word_with_the_shape_of_a_key_is_replaced_however_it_is_cut(prefix: str) -> None:
    text = f"Use {prefix}1234567890abcdefghij, please."

    assert redacted([text]) == redacted(list(text)) == f"Use {REDACTED}, please."


def test_only_what_may_be_a_secret_is_held_back() -> None:
    redactor = Redactor(("correct horse",))

    assert redactor.feed("This is correct") == "This is "
    assert redactor.feed(" house") == "correct house"
    assert redactor.feed(". sk-") == ". "
    assert redactor.feed("ill") == ""
    assert redactor.feed(" ") == "sk-ill "
    assert redactor.end() == ""
