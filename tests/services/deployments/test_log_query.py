"""The language in which log lines are asked for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import Invalid
from services.deployments.events import LogLine
from services.deployments.log_query import parsed
from services.platforms.port import LogLevel, LogStream

NOON = datetime(2035, 1, 31, 12, tzinfo=UTC)
LINES = {
    "a": LogLine(NOON, LogLevel.ERROR, LogStream.RUNTIME, "Connection timeout after 30 s"),
    "b": LogLine(NOON, LogLevel.INFO, LogStream.RUNTIME, "GET /health 200"),
    "c": LogLine(NOON, LogLevel.WARN, LogStream.BUILD, "npm warn deprecated inflight"),
    "d": LogLine(NOON, LogLevel.ERROR, LogStream.BUILD, 'say "no" AND go'),
    "e": LogLine(NOON, LogLevel.INFO, LogStream.SYSTEM, "pre-release (beta)"),
}


def shown(query: str) -> str:
    matches = parsed(query)
    return "".join(name for name, line in LINES.items() if matches(line))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcde"),
        ("   ", "abcde"),
        ("@level:error", "ad"),
        ("@LEVEL", None),
        ("@level:Error AND timeout", "a"),
        ("@level:error timeout", "a"),
        ("@level:error OR @level:warn", "acd"),
        ("@stream:build -@level:warn", "d"),
        ("NOT @level:info", "acd"),
        ("NOT NOT @level:info", "be"),
        ("timeout OR GET AND 200", "ab"),
        ("(timeout OR GET) AND 200", "b"),
        ('"connection TIMEOUT"', "a"),
        ('"AND"', "d"),
        (r'"\"no\""', "d"),
        ('"say\\\n"', ""),
        ("pre-release", "e"),
        ('"(beta)"', "e"),
        ("-(@level:info OR @level:error)", "c"),
    ],
)
def test_a_query_shows_the_lines_that_it_asks_for(query: str, names: str | None) -> None:
    if names is None:
        with pytest.raises(Invalid):
            parsed(query)
    else:
        assert shown(query) == names


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("@level:fatal", r"@level is one of info, warn, error \(character 1\)\."),
        ("timeout @host:a", r"There is no @host; there are @level and @stream \(character 9\)\."),
        ("(timeout", r"The parenthesis is not closed \(character 1\)\."),
        ("timeout)", r"'\)' is not expected here \(character 8\)\."),
        ("timeout AND", r"Something is expected at the end \(character 12\)\."),
        ("AND timeout", r"'AND' is not expected here \(character 1\)\."),
        ("a OR OR b", r"'OR' is not expected here \(character 6\)\."),
        ('a "b', r'The text that begins at character 3 has no second "\.'),
        ("-" * 30 + "a", "At most 20 parentheses and negations"),
        ("a" * 501, "At most 500 characters."),
    ],
)
def test_what_can_not_be_read_is_said_with_its_position(query: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        parsed(query)


@given(st.text(max_size=60) | st.text(alphabet='() -"\\@:andorNOTANDOR leveltream', max_size=60))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        matches = parsed(query)
    except Invalid:
        return
    assert {matches(line) for line in LINES.values()} <= {True, False}
