"""What a description says of who makes accounts: nobody for themselves, where sign-up is closed or by invitation."""

import re
from typing import Final

_SIGN_UP: Final = r"(?:(?:public|open|free|self)[- ])*(?:self)?(?:sign[- ]?ups?|registrations?)"
_STAFF: Final = (
    r"(?:an? |the |our )?(?:admin(?:istrator)?s?|staff|managers?|moderators?|operators?|supervisors?|hr|us|owners?)"
)
_MADE: Final = r"(?:created|made|opened|set up|provisioned|issued|handed out|given out|registered|added)"
_CLOSED: Final = re.compile(
    rf"\b{_SIGN_UP} (?:is|are|stays?|remains?|must be|should be) (?:\w+ )?"
    r"(?:closed|disabled|off|forbidden|(?:not |im)(?:open|possible|allowed|available)|by invit(?:e|ation)(?: only)?|"
    r"invit(?:e|ation)[- ]only)\b"
    rf"|\b(?:there is |with )?(?:no|without|disable) {_SIGN_UP}\b|\bclosed {_SIGN_UP}\b"
    r"|\b(?:by |per )?invit(?:e|ation)s?[- ]only\b|\bby invitation\b"
    rf"|\b(?:(?:all|new|user|the) )*accounts? (?:(?:are|is|can|may|must|be|get|only) )+{_MADE} (?:only )?by {_STAFF}\b"
    r"|\b(?:users|members|people|visitors|guests)(?: can(?:not|'t)| may not| must not| do not| don't)"
    r" (?:sign up|register)(?: (?:(?:by|for) )?themselves| on their own)?(?=[.,;!?\n]|$)"
    r"|\b(?:nobody|no one)(?: can| may)? (?:signs? up|registers?)(?=[.,;!?\n]|$)"
    rf"|\bonly {_STAFF} (?:can |may )?(?:create|make|open|set up|add|issue|register)"
    r" (?:new |user |the |all )*accounts\b",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(r"\baccounts?\b", re.IGNORECASE)


def closed_sign_up(text: str) -> list[tuple[int, int]]:
    """Return where a text says that nobody makes an account for themselves, by characters.

    Accounts of which more is said, as those of a bank, are rows as any other.
    """
    closed = list(_CLOSED.finditer(text))
    named = sum(len(_ACCOUNT.findall(match[0])) for match in closed)
    are_rows = len(_ACCOUNT.findall(text)) > named
    return [match.span() for match in closed if not (are_rows and _ACCOUNT.search(match[0]))]
