"""The removal of secrets from what a model says, also where chunks cut them apart.

No prompt holds a secret; a model may still repeat one that a user wrote, or make up text in the shape of one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

REDACTED: Final = "[redacted]"

_PREFIXES: Final = (
    "sk-",
    "gsk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "snapinfra_",
    "AKIA",
)
"""What issuers begin their keys with."""
_LONGEST: Final = 300
"""Characters of a word beyond which it is no key."""
_LETTER: Final = "[A-Za-z0-9_-]"
_WORD: Final = re.compile(f"{_LETTER}+")
_LAST_WORD: Final = re.compile(rf"{_LETTER}+\Z")
_KEY: Final = re.compile(rf"(?:{'|'.join(map(re.escape, _PREFIXES))})(?=.*[0-9]).{{16,}}")
"""What a word is that has the shape of a key."""


class _Stage(Protocol):
    """Replaces text as it comes; `held` is what it may still replace."""

    def feed(self, text: str) -> str: ...
    def end(self) -> str: ...


@dataclass(slots=True)
class Redactor:
    """Passes text on, with `secrets` and whatever has the shape of a key replaced.

    Holds back only what may be the beginning of one. However the text is cut, the same comes out.
    """

    secrets: Sequence[str] = ()
    """Exact texts, each at least 8 characters long."""
    _stages: Sequence[_Stage] = field(init=False)

    def __post_init__(self) -> None:
        self._stages = (_Secrets(self.secrets), _Keys()) if self.secrets else (_Keys(),)

    def feed(self, text: str) -> str:
        """Take the next piece and return what can be said now."""
        for stage in self._stages:
            text = stage.feed(text)
        return text

    def end(self) -> str:
        """Return what was held back, now that nothing follows."""
        said = ""
        for stage in self._stages:
            said = stage.feed(said) + stage.end()
        return said


@dataclass(slots=True)
class _Secrets:
    """Replaces exact texts: at each place the longest that stands there."""

    secrets: Sequence[str]
    _pattern: re.Pattern[str] = field(init=False)
    _held: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._pattern = re.compile("|".join(map(re.escape, sorted(self.secrets, key=len, reverse=True))))

    def feed(self, text: str) -> str:
        text = self._held + text
        said, kept = "", min(self._beginnings(text), default=len(text))
        position = 0
        while (match := self._pattern.search(text, position)) and match.start() < kept:
            said += text[position : match.start()] + REDACTED
            position = match.end()
            kept = min((start for start in self._beginnings(text) if start >= position), default=len(text))
        self._held = text[kept:]
        return said + text[position:kept]

    def end(self) -> str:
        said, self._held = self._pattern.sub(REDACTED, self._held), ""
        return said

    def _beginnings(self, text: str) -> Iterator[int]:
        """Yield where a secret may begin that the text does not hold to its end."""
        for secret in self.secrets:
            for size in range(min(len(secret) - 1, len(text)), 0, -1):
                if text.endswith(secret[:size]):
                    yield len(text) - size


@dataclass(slots=True)
class _Keys:
    """Replaces words that have the shape of a key."""

    _held: str = field(default="", init=False)
    """The beginning of a word that may become a key."""
    _in_word: bool = field(default=False, init=False)
    """Whether what was said last is the beginning of a word that is no key, whatever follows."""

    def feed(self, text: str) -> str:
        if not text:
            return ""
        text = self._held + text
        start = self._rest_of_word(text)
        last = _LAST_WORD.search(text, max(start, len(text) - _LONGEST - 1))
        stop = last.start() if last is not None and self._may_be_key(text, last.start()) else len(text)
        self._held = text[stop:]
        self._in_word = not self._held and (last is not None or start == len(text))
        return text[:start] + _WORD.sub(_redacted, text[start:stop])

    def end(self) -> str:
        said, self._held = _WORD.sub(_redacted, self._held), ""
        self._in_word = False
        return said

    def _rest_of_word(self, text: str) -> int:
        """Return how far the word goes that has been said in part."""
        rest = _WORD.match(text) if self._in_word else None
        return rest.end() if rest is not None else 0

    def _may_be_key(self, text: str, start: int) -> bool:
        """Return whether the word at the end of the text may be, or become, a key."""
        word = text[start:]
        may_begin = any(word.startswith(prefix) or prefix.startswith(word) for prefix in _PREFIXES)
        return may_begin and len(word) <= _LONGEST


def _redacted(word: re.Match[str]) -> str:
    return REDACTED if len(word[0]) <= _LONGEST and _KEY.fullmatch(word[0]) else word[0]
