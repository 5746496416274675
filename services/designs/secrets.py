"""Which names of fields say that their text is a secret, which no answer may show."""

import re
from typing import Final

from services.designs.schema import Field, FieldType

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRETS: Final = frozenset(
    [
        "password",
        "passwords",
        "passwd",
        "pwd",
        "passcode",
        "passphrase",
        "secret",
        "secrets",
        "token",
        "tokens",
        "credential",
        "credentials",
        "pin",
        "cvv",
        "cvc",
        "otp",
        "apikey",
        "secretkey",
        "privatekey",
    ]
)
_KEYS: Final = frozenset(["api", "secret", "private", "access", "encryption", "signing"])
"""What a key is called that is not the key of a row."""
_FORMS: Final = frozenset(
    ["hash", "hashed", "digest", "encrypted", "sealed", "value", "text", "plain", "salt", "ciphertext"]
)
"""What a secret is still one as: `passwordHash`, `tokenValue`."""


def is_named_like_a_secret(name: str) -> bool:
    """Say whether a name means a secret itself: its last word does, as in `resetToken`, `passwordHash` and `apiKey`.

    What is about a secret (`tokenType`, `passwordChangedAt`) or refers to one (`tokenId`) is none.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while len(words) > 1 and (words[-1] in _FORMS or words[-1].isdigit()):
        words.pop()
    if not words:
        return False
    return words[-1] in _SECRETS or (words[-1] in {"key", "keys"} and len(words) > 1 and words[-2] in _KEYS)


def needs_secrecy(field: Field) -> bool:
    """Say whether a field without secrecy would show what its name says is a secret."""
    holds_text = field.type in {FieldType.STRING, FieldType.TEXT, FieldType.JSON}
    return field.secrecy is None and holds_text and is_named_like_a_secret(field.name)
