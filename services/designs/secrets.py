"""Which names of fields say that their text is a secret, which no answer may show."""

import re
from typing import Final

from services.designs.schema import Field, FieldType, Secrecy

_NUMBERS: Final = frozenset((FieldType.INTEGER, FieldType.FLOAT, FieldType.DECIMAL))
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PASSWORDS: Final = frozenset(("password", "passwords", "passwd", "pwd", "passcode", "passphrase"))
_ENTERED: Final = frozenset(("pin", "otp", "cvv", "cvc"))
"""What people enter, in digits."""
_OTHERS: Final = frozenset(
    (
        "secret",
        "secrets",
        "token",
        "tokens",
        "jwt",
        "bearer",
        "credential",
        "credentials",
        "apikey",
        "secretkey",
        "privatekey",
        "cvv",
        "cvc",
    )
)
_PAIRS: Final = {
    "key": frozenset(["api", "secret", "private", "access", "encryption", "signing"]),
    "code": frozenset(["recovery", "backup", "verification", "security"]),
    "seed": frozenset(["totp", "otp", "mfa"]),
    "answer": frozenset(["secret", "security"]),
}
"""What is a secret after another word, in the singular: a key, where it is not that of a row."""
_FORMS: Final = """
hash hashed digest encrypted sealed value text plain salt ciphertext raw pem json list base64 current old new live test
confirm confirmation
"""
"""What a secret is still one as: `passwordHash`, `tokenValue`."""
_ABOUT: Final = """
id ids at on by date time count counts length type kind name label hint policy rules format strength status state
enabled required changed updated set reset resets expires expiry expired expiration version algorithm attempts failures
limit age days url uri manager protected
"""
"""What tells something of a password, and is not the password itself."""

_FORM_WORDS: Final = frozenset(_FORMS.split())
_ABOUT_WORDS: Final = frozenset(_ABOUT.split())


def secrecy_by_name(name: str) -> Secrecy | None:
    """Return how a text is to be kept whose name means a secret, as `resetToken`, `apiKey` and `passwordConfirm` do.

    What is about a secret (`tokenType`, `passwordChangedAt`) or refers to one (`tokenId`) is none: None.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    told = next((at for at, word in enumerate(words) if word in _PASSWORDS), None)
    if told is not None and not _ABOUT_WORDS.intersection(words[told + 1 :]):
        return Secrecy.HASHED
    while len(words) > 1 and (words[-1] in _FORM_WORDS or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    if words[-1] in {"pin", "otp"}:
        return Secrecy.HASHED
    before = words[-2] if len(words) > 1 else ""
    is_pair = before in _PAIRS.get(words[-1].removesuffix("s"), frozenset())
    return Secrecy.SEALED if is_pair or words[-1] in _OTHERS else None


def needs_secrecy(field: Field) -> bool:
    """Say whether a field without secrecy would show what its name says is a secret."""
    if field.secrecy is not None or secrecy_by_name(field.name) is None:
        return False
    holds_text = field.type in {FieldType.STRING, FieldType.TEXT, FieldType.JSON}
    last = [word.lower() for word in _WORDS.findall(field.name)][-1]
    return holds_text or (field.type in _NUMBERS and last in _PASSWORDS | _ENTERED)
