"""Which names of fields say that their text is a secret, which no answer may show."""

import re
from typing import Final

from services.designs.schema import Field, FieldType, Secrecy

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PASSWORDS: Final = frozenset(("password", "passwords", "passwd", "pwd", "passcode", "passphrase", "pin", "otp"))
_OTHERS: Final = frozenset(
    (
        "secret",
        "secrets",
        "token",
        "tokens",
        "credential",
        "credentials",
        "apikey",
        "secretkey",
        "privatekey",
        "cvv",
        "cvc",
    )
)
_KEYS: Final = frozenset(["api", "secret", "private", "access", "encryption", "signing"])
"""What a key is called that is not the key of a row."""
_FORMS: Final = frozenset(
    ["hash", "hashed", "digest", "encrypted", "sealed", "value", "text", "plain", "salt", "ciphertext"]
)
"""What a secret is still one as: `passwordHash`, `tokenValue`."""


def secrecy_by_name(name: str) -> Secrecy | None:
    """Return how a text is to be kept whose name means a secret: its last word does, as in `resetToken` and `apiKey`.

    What is about a secret (`tokenType`, `passwordChangedAt`) or refers to one (`tokenId`) is none: None.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while len(words) > 1 and (words[-1] in _FORMS or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    if words[-1] in _PASSWORDS:
        return Secrecy.HASHED
    is_key = words[-1] in {"key", "keys"} and len(words) > 1 and words[-2] in _KEYS
    return Secrecy.SEALED if is_key or words[-1] in _OTHERS else None


def needs_secrecy(field: Field) -> bool:
    """Say whether a field without secrecy would show what its name says is a secret."""
    holds_text = field.type in {FieldType.STRING, FieldType.TEXT, FieldType.JSON}
    return field.secrecy is None and holds_text and secrecy_by_name(field.name) is not None
