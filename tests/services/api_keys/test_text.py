"""What the text of an API key promises."""

import pytest

from services.api_keys.text import id_in, key_prefix, key_text
from services.core.ids import ApiKeyId

KEY = ApiKeyId("key_01kaht2nxvfsxrp5cq1mjg2b7h")


@pytest.mark.parametrize("secret", [bytes(24), b"\xff" * 24, bytes(range(24))])
def test_the_id_of_a_key_is_in_its_text(secret: bytes) -> None:
    text = key_text(KEY, secret)

    assert text.startswith(f"{key_prefix(KEY)}_")
    assert id_in(text) == KEY


def test_keys_of_different_secrets_differ() -> None:
    assert key_text(KEY, bytes(24)) != key_text(KEY, bytes(23) + b"\x01")


def test_a_single_wrong_character_is_noticed_wherever_it_is() -> None:
    text = key_text(KEY, bytes(range(24)))

    for place, character in enumerate(text):
        mistyped = text[:place] + ("y" if character == "x" else "x") + text[place + 1 :]
        assert id_in(mistyped) is None, place


@pytest.mark.parametrize("text", ["", "snapinfra_", "snapinfra_x_y", key_text(KEY, bytes(24)) + "\n", "é" * 76])
def test_what_is_no_key_has_no_id(text: str) -> None:
    assert id_in(text) is None
