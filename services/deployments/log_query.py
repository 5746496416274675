r"""The small language in which log lines are asked for, such as `@level:error AND (timeout OR "connection reset")`.

    query  = or
    or     = and *( "OR" and )
    and    = not *( [ "AND" ] not )
    not    = ( "-" / "NOT" ) not / "(" or ")" / term
    term   = "@level:" level / "@stream:" stream / word / quoted

Words and quoted texts are looked for in whatever case. A `"` within a quoted text is written `\"`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.deployments.events import LogLine
from services.platforms.port import LogLevel, LogStream

LONGEST: Final = 500
"""Characters of a query."""
DEEPEST: Final = 20
"""Parentheses and negations within one another."""

Matches = Callable[[LogLine], bool]

_TOKEN: Final = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[()-])|(?P<word>[^\s()"]+))', re.DOTALL)


@frozen
class _Token:
    text: str
    at: int
    """The position of its first character, from 1."""
    is_quoted: bool = False


def parsed(query: str, *, field: str = "query") -> Matches:
    """Return what says whether a line is asked for. Raises Invalid, with a position, where it can't be read."""
    if len(query) > LONGEST:
        raise Invalid.one(f"At most {LONGEST} characters.", field)
    tokens = list(_tokens(query, field))
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens, len(query) + 1, field)
    matches = parser.any_of(0)
    if (rest := parser.next()) is not None:
        raise parser.wrong(f"'{rest.text}' is not expected here", rest.at)
    return matches


def _tokens(query: str, field: str) -> Iterator[_Token]:
    position = 0
    while query[position:].strip():
        found = _TOKEN.match(query, position)
        if found is None:
            at = position + len(query[position:]) - len(query[position:].lstrip()) + 1
            raise Invalid.one(f'The text that begins at character {at} has no second ".', field)
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "quoted":
            text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
        yield _Token(text, found.start(kind) + 1, kind == "quoted")
        position = found.end()


class _Parser:
    def __init__(self, tokens: list[_Token], end: int, field: str) -> None:
        self._tokens = tokens
        self._end = end
        self._field = field
        self._position = 0

    def next(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def wrong(self, what: str, at: int) -> Invalid:
        return Invalid.one(f"{what} (character {at}).", self._field)

    def any_of(self, depth: int) -> Matches:
        parts = [self._all_of(depth)]
        while self._takes("OR"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else lambda line: any(part(line) for part in parts)

    def _all_of(self, depth: int) -> Matches:
        parts = [self._not(depth)]
        while (token := self.next()) is not None and not self._is(token, "OR") and not self._is(token, ")"):
            self._takes("AND")
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else lambda line: all(part(line) for part in parts)

    def _not(self, depth: int) -> Matches:
        token = self.next()
        if token is None:
            raise self.wrong("Something is expected at the end", self._end)
        if depth > DEEPEST:
            raise self.wrong(f"At most {DEEPEST} parentheses and negations within one another", token.at)
        if self._takes("-") or self._takes("NOT"):
            negated = self._not(depth + 1)
            return lambda line: not negated(line)
        if self._takes("("):
            inner = self.any_of(depth + 1)
            if not self._takes(")"):
                raise self.wrong("The parenthesis is not closed", token.at)
            return inner
        self._position += 1
        return self._term(token)

    def _term(self, token: _Token) -> Matches:
        if not token.is_quoted and token.text in {"AND", "OR", ")"}:
            raise self.wrong(f"'{token.text}' is not expected here", token.at)
        if token.is_quoted or not token.text.startswith("@"):
            wanted = token.text.casefold()
            return lambda line: wanted in line.message.casefold()
        name, _, value = token.text[1:].partition(":")
        match name:
            case "level" if value.upper() in LogLevel.__members__:
                level = LogLevel[value.upper()]
                return lambda line: line.level is level
            case "stream" if value.upper() in LogStream.__members__:
                stream = LogStream[value.upper()]
                return lambda line: line.stream is stream
            case "level" | "stream":
                choices = ", ".join(each.lower() for each in (LogLevel if name == "level" else LogStream).__members__)
                raise self.wrong(f"@{name} is one of {choices}", token.at)
            case _:
                raise self.wrong(f"There is no @{name}; there are @level and @stream", token.at)

    def _takes(self, text: str) -> bool:
        token = self.next()
        if token is None or not self._is(token, text):
            return False
        self._position += 1
        return True

    @staticmethod
    def _is(token: _Token, text: str) -> bool:
        return token.text == text and not token.is_quoted
