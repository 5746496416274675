"""The tests of how a program's output becomes log lines."""

import pytest

from services.platforms.output import MAX_LINE_BYTES, LineSplitter, level_of
from services.platforms.port import LogLevel, LogStream


def split(*portions: bytes) -> list[str]:
    splitter = LineSplitter()
    lines = [line for portion in portions for line in splitter.feed(portion)]
    return lines + splitter.end()


def test_lines_are_the_same_however_the_bytes_arrive() -> None:
    output = "one\r\ntwo żółw\n\nlast".encode()

    whole = split(output)
    bytewise = split(*(output[i : i + 1] for i in range(len(output))))

    assert whole == bytewise == ["one", "two żółw", "", "last"]


def test_a_long_line_is_cut_and_says_how_much_is_missing() -> None:
    lines = split(b"x" * MAX_LINE_BYTES, b"y" * 1000, b"\nnext\n")

    assert lines == ["x" * MAX_LINE_BYTES + " … [1000 bytes left out]", "next"]


def test_a_cut_inside_a_character_leaves_the_character_out() -> None:
    lines = split("é".encode() * MAX_LINE_BYTES, b"\n")

    assert lines == ["é" * (MAX_LINE_BYTES // 2) + f" … [{MAX_LINE_BYTES} bytes left out]"]
    assert split(b"x" + "é".encode() * MAX_LINE_BYTES)[0].startswith("x" + "é" * (MAX_LINE_BYTES // 2 - 1) + " …")


def test_what_is_not_utf8_is_replaced() -> None:
    assert split(b"caf\xe9 ok\n") == ["caf\ufffd ok"]


def test_colours_links_titles_and_control_characters_are_taken_out() -> None:
    output = b"\x1b[31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07 \x1b]0;title\x07\x1b(B\x00\x08tab\there\n"

    assert split(output) == ["red link tab\there"]


def test_writings_and_emoji_keep_what_joins_them() -> None:
    for text in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f468\u200d\U0001f469\u200d\U0001f467"):
        assert split(text.encode()) == [text]


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("src/server.ts(3,4): error TS2322: Type 'string' is not assignable", LogLevel.ERROR),
        ("npm error code E404", LogLevel.ERROR),
        ("TypeError: x is not a function", LogLevel.ERROR),
        ('{"level":"error","msg":"no"}', LogLevel.ERROR),
        ("[error] no", LogLevel.ERROR),
        ("npm warn deprecated inflight@1.0.6", LogLevel.WARN),
        ("(node:12) ExperimentalWarning: x", LogLevel.WARN),
        ("level=warn msg=slow", LogLevel.WARN),
        ("Found 0 errors.", LogLevel.INFO),
        ("error.ts compiled", LogLevel.INFO),
        ("GET /errors 200", LogLevel.INFO),
    ],
)
def test_the_level_follows_what_a_line_says(message: str, level: LogLevel) -> None:
    assert level_of(message, stream=LogStream.RUNTIME, from_stderr=False) is level


def test_a_plain_line_on_stderr_is_an_error_of_a_server_but_not_of_a_build() -> None:
    assert level_of("so", stream=LogStream.RUNTIME, from_stderr=True) is LogLevel.ERROR
    assert level_of("so", stream=LogStream.BUILD, from_stderr=True) is LogLevel.INFO
