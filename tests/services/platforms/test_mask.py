"""What the mask over environment variables finds, and what it leaves alone."""

import base64
import hashlib
import html
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import pytest

from services.platforms.mask import Mask
from services.platforms.output import MAX_LINE_BYTES, LineSplitter, cleaned, shortened

SECRET = "pä ss/w\"or\\d+1<'&x"


def basic(secret: str) -> str:
    return base64.b64encode(f"user:{secret}".encode()).decode()


def before(secret: str) -> str:
    return base64.urlsafe_b64encode(f"{secret}@database.example".encode()).decode()


FORMS: list[Callable[[str], str]] = [
    str,
    lambda secret: f"{secret}{secret}",
    quote,
    quote_plus,
    lambda secret: quote(secret, safe=""),
    lambda secret: quote(secret, safe="!'()*~"),
    lambda secret: urlencode({"password": secret}),
    json.dumps,
    lambda secret: json.dumps({"PASSWORD": secret}, ensure_ascii=False),
    lambda secret: base64.b64encode(secret.encode()).decode(),
    lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    basic,
    before,
    lambda secret: re.sub("%..", lambda digits: digits[0].lower(), quote(secret)),
    lambda secret: re.sub("%..", lambda digits: digits[0].lower(), quote_plus(secret)),
    lambda secret: json.dumps(json.dumps({"PASSWORD": secret}, ensure_ascii=False)),
    lambda secret: json.dumps({"PASSWORD": secret}).replace("/", "\\/"),  # PHP
    lambda secret: json.dumps(secret, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026"),  # Go
    html.escape,
    lambda secret: html.escape(secret).replace("&#x27;", "&#39;"),
    lambda secret: f'"{secret}"'.replace("\\", "\\\\").replace("'", "\\'"),  # util.inspect
    shlex.quote,
    lambda secret: '"' + re.sub(r'[\\\\"$`]', r"\\\g<0>", secret) + '"',  # declare -x
    lambda secret: "'" + secret.replace("'", "''") + "'",  # YAML
    lambda secret: secret.encode().hex(),
    lambda secret: secret.encode().hex().upper(),
]


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_masked_in_whatever_form_it_is_printed(form: Callable[[str], str]) -> None:
    masked = Mask([SECRET])(f"PASSWORD is {form(SECRET)} today")

    assert masked.startswith("PASSWORD is ")
    assert masked.endswith(" today")
    assert "***" in masked
    assert form(SECRET)[8:20] not in masked


KEY = "\n".join(
    [
        "-----BEGIN KEY-----",
        *(base64.b64encode(hashlib.sha512(bytes([number])).digest()[:48]).decode() for number in range(20)),
        "-----END KEY-----",
    ]
)


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("text", [KEY, f"{KEY}\n", f"user:{KEY}", f"ab{KEY}@example.com", "correct-horse-" * 5])
def test_lines_that_base64_of_a_long_value_is_wrapped_into_show_nothing_of_it(text: str, width: int) -> None:
    digits = base64.b64encode(text.encode()).decode()
    mask = Mask([KEY, "correct-horse-" * 5])

    printed = [mask(f"> {digits[start : start + width]} <") for start in range(0, len(digits), width)]

    assert all(len(line) < 20 for line in printed[:-1]), printed
    assert text is not KEY or printed[-1] in {"> *** <", "> ***= <", "> ***== <"}


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("secret", ["tok_5f2c9a7bd1e84c0f", "p@ss/w0rd+q&", "kJ8hQ2vB5nR7tY1wE4uI6oP9aS3dF0g" * 2])
def test_a_line_of_base64_that_breaks_off_within_a_value_shows_nothing_of_it(secret: str, width: int) -> None:
    mask = Mask([secret])
    for before in range(120):
        digits = base64.b64encode(b"H" * before + secret.encode() + b"B" * 70).decode()
        own = digits[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        printed = [mask(digits[start : start + width]) for start in range(0, len(digits), width)]
        assert not [line for line in printed if any(own[at : at + 4] in line for at in range(len(own) - 3))]


def test_what_looks_like_base64_and_is_of_no_value_stays() -> None:
    text = base64.b64encode(b"x".join(f"{number}".encode() for number in range(1_000))).decode()

    assert Mask([KEY])(text) == text


@pytest.mark.parametrize("between", ["\x9b31m", "\u200b", "\ufeff", "\x85", "\u200d\u200d", "\xad", "\x9d0;title\x9c"])
def test_what_nobody_sees_hides_no_value(between: str) -> None:
    assert Mask(["correct-horse"])(cleaned(f"it is cor{between}rect-horse")) == "it is ***"


def test_the_rest_of_a_line_stays_as_it_is() -> None:
    assert Mask(["secret-1", "secret-2"])("a secret-1 b secret-2 c secret-1") == "a *** b *** c ***"
    assert Mask(["secret-1"])("nothing to see") == "nothing to see"
    assert Mask([])("nothing to hide") == "nothing to hide"


def test_a_value_of_several_lines_is_masked_line_by_line() -> None:
    mask = Mask(["-----BEGIN KEY-----\nMIIEvQIBADANBg\r\n}\n-----END KEY-----\n"])

    printed = [mask(line) for line in ("key: -----BEGIN KEY-----", "MIIEvQIBADANBg", "}", "-----END KEY-----")]

    assert printed == ["key: ***", "***", "}", "***"]


def test_where_values_overlap_nothing_of_either_is_left() -> None:
    mask = Mask(["abcdef", "abcdefgh", "ghijklmn"])

    assert mask("<abcdefghijklmn>") == "<***>"
    assert mask("<abcdef> <abcdefgh>") == "<***> <***>"


def test_control_characters_of_a_value_are_missing_where_it_is_printed() -> None:
    assert Mask(["hid\x1b[1mden\x07value"])("it is hiddenvalue") == "it is ***"


def test_short_values_and_space_are_left_alone() -> None:
    assert Mask(["true", "12345", " " * 8, ""])("true: 12345          times") == "true: 12345          times"


def test_of_many_values_that_begin_alike_the_longest_is_found_wherever_it_is() -> None:
    values = [f"secret{'ab' * number}" for number in range(60)] + [f"secret{number}" for number in range(2_000)]
    mask = Mask(values)

    for value in ("secret", "secretababab", f"secret{'ab' * 59}", "secret1999"):
        assert mask(f"<{value}> and <{value}!>") == "<***> and <***!>"
    assert mask("secretabax secretb secre") == "***ax ***b secre"


@pytest.mark.parametrize("most", range(20, 90))
def test_where_a_text_was_cut_no_half_of_a_value_is_left(most: int) -> None:
    secret = "correct-horse-battery-staple"
    mask = Mask([secret])

    said = mask(f"Refused: {shortened(f'PASSWORD={secret} is no {secret}', most)}. Try again.")

    assert secret[:6] not in said
    assert said.endswith(". Try again.")


def test_of_a_line_that_is_too_long_no_half_of_a_value_is_left() -> None:
    (line,) = LineSplitter().feed(b"x" * (MAX_LINE_BYTES - 20) + b"correct-horse-battery-staple\n")

    assert Mask(["correct-horse-battery-staple"])(line) == "x" * (MAX_LINE_BYTES - 20) + "*** … [8 bytes left out]"


@pytest.mark.timeout(30)
def test_as_many_values_as_there_may_be_keep_nobody_waiting() -> None:
    lines = [f"{number:06x}" for number in range(37_000)]
    mask = Mask(["\n".join(lines[at : at + 580]) for at in range(0, len(lines), 580)])

    for number in range(0, 37_000, 50):
        assert mask("." * 8_000 + f"{number:06x}") == "." * 8_000 + "***"
    assert mask(" ".join(lines[:1_000])) == " ".join(["***"] * 1_000)
