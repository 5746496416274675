"""This file is the removal of secrets from what a model says, also where chunks cut them apart.

No prompt holds a secret; a model may still repeat one that a user wrote, or make up text in the shape of one.
"""

import re
from collections.abc import Iterator, Sequence
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
_PREFIX: Final = "|".join(re.escape(prefix) for prefix in _PREFIXES)
_SHAPED: Final = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PREFIX})(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{{16,}}")
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

    def feed(self, text: str) -> str:
        """Take the next piece and return what can be said now."""
        text = self._redacted(self._held + text)
        keep = self._suspicious(text)
        said, self._held = text[: len(text) - keep], text[len(text) - keep :]
        return said

    def end(self) -> str:
        """Return what was held back, now that nothing follows."""
        said, self._held = self._redacted(self._held, is_end=True), ""
        return said

    def _redacted(self, text: str, *, is_end: bool = False) -> str:
        for secret in self.secrets:
            text = text.replace(secret, REDACTED)
        limit = len(text) if is_end else len(text) - self._open_word(text)
        return _SHAPED.sub(REDACTED, text[:limit]) + text[limit:]

    def _open_word(self, text: str) -> int:
        """Return the length of the word that the text ends with, which may go on in the next piece."""
        word = _LAST_WORD.search(text, max(0, len(text) - _LONGEST))
        return len(word[0]) if word else 0

    def _suspicious(self, text: str) -> int:
        return max(self._suspicious_word(text), *self._suspicious_tails(text), 0)

    def _suspicious_word(self, text: str) -> int:
        length = self._open_word(text)
        word = text[len(text) - length :]
        may_be_key = any(word.startswith(prefix) or prefix.startswith(word) for prefix in _PREFIXES)
        return length if length < _LONGEST and may_be_key else 0

    def _suspicious_tails(self, text: str) -> Iterator[int]:
        """Yield, for each secret, how much of it the text may end with."""
        for secret in self.secrets:
            longest = min(len(secret) - 1, len(text))
            yield next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)
        yield 0
