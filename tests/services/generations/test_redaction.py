"""This file is the tests of the removal of secrets from a text that comes in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.generations.redaction import REDACTED, Redactor

SECRETS = ("abcabcab1", "hunter2-and-more", "aaaaaaab")
KEY = "sk-proj-1234567890abcdefghij"


def said(pieces: list[str], secrets: tuple[str, ...] = SECRETS) -> str:
    redactor = Redactor(secrets)
    return "".join([*(redactor.feed(piece) for piece in pieces), redactor.end()])


@pytest.mark.parametrize("secret", [*SECRETS, KEY, "AKIA1234567890ABCDEF"])
def test_a_secret_is_redacted_wherever_it_is_cut(secret: str) -> None:
    text = f"Use {secret}, please."

    for cut in range(len(text)):
        assert said([text[:cut], text[cut:]]) == f"Use {REDACTED}, please."
    assert said(list(text)) == f"Use {REDACTED}, please."


def test_a_word_that_only_ends_like_a_key_is_kept_wherever_it_is_cut() -> None:
    text = "disk-2025-01-31-backup1"

    for cut in range(len(text)):
        assert said([text[:cut], text[cut:]]) == text


PIECES = st.sampled_from(
    [*SECRETS, KEY, "a", "b", "abc", "aaaa", "1", "9" * 16, " ", "\n", "sk-", "g", "gsk_", "snap", "xox", "_", "x" * 20]
)


@given(st.lists(st.lists(PIECES, max_size=3).map("".join), max_size=10))
def test_however_a_text_is_cut_the_same_is_said(pieces: list[str]) -> None:
    assert said(pieces) == said(["".join(pieces)])
    assert not any(secret in said(pieces) for secret in SECRETS)


def test_a_text_that_cannot_be_a_secret_is_said_at_once() -> None:
    redactor = Redactor(SECRETS)

    assert [redactor.feed(piece) for piece in ["Hello", " wor", "ld"]] == ["Hello", " wor", "ld"]
