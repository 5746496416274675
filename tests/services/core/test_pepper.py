"""What the hashing of secrets promises while its own secret changes."""

import pytest

from services.core.pepper import Pepper

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_hash_holds_on_both_sides_of_a_change_and_no_longer() -> None:
    kept = Pepper(OLD).hash("text")

    assert Pepper(OLD, NEW).matches("text", kept)
    assert Pepper(NEW, OLD).matches("text", kept)
    assert not Pepper(NEW).matches("text", kept)


def test_what_is_new_is_hashed_with_the_pepper_in_use() -> None:
    pepper = Pepper(NEW, OLD)

    assert pepper.hash("text") == pepper.hashes("text")[0] == Pepper(NEW).hash("text")


@pytest.mark.parametrize("text", ["", "texts", "Text", "text\ud800"])
def test_another_text_is_not_taken_for_the_hashed_one(text: str) -> None:
    assert not Pepper(NEW, OLD).matches(text, Pepper(OLD).hash("text"))
