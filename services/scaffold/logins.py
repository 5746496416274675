"""What a description says that users sign in with: their e-mail address, unless it says a username."""

import re
from collections.abc import Iterator
from typing import Final

EMAIL: Final = "email"
USERNAME: Final = "username"

_NAME: Final = r"(?:user|login|nick|screen|account)[- ]?names?|handles?"
_OTHER: Final = r"(?:(?:mobile|tele)?phone|mobile|employee|member(?:ship)?|student|customer)[- ]?(?:numbers?|ids?)"
_WAYS: Final = r"\b(?:with|by|using|via|through)\b"
_SIGN_IN: Final = r"\b(?:sign(?:s|ed|ing)?|log(?:s|ged|ging)?)[- ]?(?:in|on|up)s?\b"
_BETWEEN: Final = r"[^.;!?\n]{0,40}?"
_ASKED: Final = re.compile(
    rf"{_SIGN_IN}{_BETWEEN}{_WAYS}{_BETWEEN}\b(?P<what>{_NAME}|{_OTHER})\b"
    rf"|\b(?P<pair>{_NAME})(?: and |, | ?[/&+] ?)(?:an? |their )?passwords?\b"
    rf"|\b(?P<before>{_NAME})[- ](?:based )?{_SIGN_IN}",
    re.IGNORECASE,
)
_EITHER: Final = re.compile(
    rf"\be-?mails?(?: address(?:es)?)?(?: or |/)(?:an? |their )?(?:{_NAME})\b"
    rf"|\b(?:{_NAME})(?: or |/)(?:an? |their )?e-?mails?\b",
    re.IGNORECASE,
)


def login_of(description: str) -> str:
    """Return the field by which a description says that users sign in."""
    return USERNAME if any(name for _, name in _asked(description)) and not _EITHER.search(description) else EMAIL


def logins_asked(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a text says of signing in by other means than e-mail addresses, and the field; None for no field."""
    for part, is_name in _asked(text):
        yield part, USERNAME if is_name and not _EITHER.search(text) else None


def _asked(text: str) -> Iterator[tuple[str, bool]]:
    """Yield where signing in is spoken of, and whether by a name."""
    for match in _ASKED.finditer(text):
        what = match["what"] or match["pair"] or match["before"]
        yield match[0], re.fullmatch(_NAME, what, re.IGNORECASE) is not None
