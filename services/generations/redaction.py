"""This file is the removal of secrets from what a model says, also where chunks cut them apart.

No prompt holds a secret; a model may still repeat one that a user wrote, or make up text in the shape of one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

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
_BEGINNINGS: Final = frozenset(prefix[:size] for prefix in _PREFIXES for size in range(1, len(prefix)))
_PREFIX: Final = "|".join(re.escape(prefix) for prefix in _PREFIXES)
_SHAPED: Final = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PREFIX})(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{{16,}}")
_IN_WORD: Final = "0"
"""Stands for the part of a word that was said already; no key begins with it."""
_LAST_WORD: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_LONGEST: Final = 300
"""Characters of a word beyond which it is no key."""


@dataclass(slots=True)
class Redactor:
    """Passes text on, with `secrets` and whatever has the shape of a key replaced.

    Holds back only what may be the beginning of one. However the text is cut, the same comes out.
    """

    secrets: Sequence[str] = ()
    """Exact texts, each at least 8 characters long."""
    _held: str = field(default="", init=False)
    _said: str = field(default="", init=False)
    """`_IN_WORD` where what was said last ended within a word, so that what follows begins none; else empty."""

    def feed(self, text: str) -> str:
        """Take the next piece and return what can be said now."""
        text = self._redacted(self._held + text)
        keep = self._suspicious(text)
        said, self._held = text[: len(text) - keep], text[len(text) - keep :]
        if said:
            self._said = _IN_WORD if _LAST_WORD.search(said, len(said) - 1) else ""
        return said

    def end(self) -> str:
        """Return what was held back, now that nothing follows."""
        said, self._held = self._redacted(self._held, is_end=True), ""
        return said

    def _redacted(self, text: str, *, is_end: bool = False) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        limit = len(text) if is_end else len(text) - self._open_word(text)
        return _SHAPED.sub(REDACTED, self._said + text[:limit])[len(self._said) :] + text[limit:]

    def _open_word(self, text: str) -> int:
        """Return the length of the word that the text ends with, which may go on in the next piece."""
        word = _LAST_WORD.search(text, max(0, len(text) - _LONGEST))
        return len(word[0]) if word else 0

    def _suspicious(self, text: str) -> int:
        return max([self._suspicious_word(text), *(_tail(text, secret) for secret in self.secrets)])

    def _suspicious_word(self, text: str) -> int:
        length = self._open_word(text)
        if self._said and length == len(text):
            return 0
        word = text[len(text) - length :]
        may_be_key = word in _BEGINNINGS or word.startswith(_PREFIXES)
        return length if length < _LONGEST and may_be_key else 0


def _tail(text: str, secret: str) -> int:
    """Return how much of a secret the text may end with: the length of the secret's longest beginning at its end."""
    start = text.find(secret[0], max(0, len(text) - len(secret) + 1))
    while start >= 0 and not secret.startswith(text[start:]):
        start = text.find(secret[0], start + 1)
    return len(text) - start if start >= 0 else 0
