"""Which fields of a table no answer ever shows, and how they are kept."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.designs.schema import Field, FieldType, Secrecy
from services.scaffold.names import words_of

_TEXTUAL = frozenset({FieldType.STRING, FieldType.TEXT})
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "passcode"})
_SECRETS = frozenset({"secret", "token", "credential", "credentials"})
_KEYS = frozenset({("api", "key"), ("private", "key"), ("secret", "key"), ("access", "key"), ("signing", "key")})
_SUFFIXES = frozenset({"hash", "digest", "hashed"})


def secrecy_of(fields: Iterable[Field], *, key: Field) -> Mapping[str, Secrecy]:
    """Return how each secret field is kept, by its name.

    A text that is named like a password is HASHED, one like another secret SEALED, where the schema does not say how;
    the primary key, which stands in every path, is never secret.
    """
    kept = ((field.name, field.secrecy or _named(field)) for field in fields if field.name != key.name)
    return MappingProxyType({name: secrecy for name, secrecy in kept if secrecy is not None})


def _named(field: Field) -> Secrecy | None:
    words = [word.lower() for word in words_of(field.name)]
    while words and (words[-1] in _SUFFIXES or words[-1].isdigit()):
        words.pop()
    if field.type not in _TEXTUAL or not words:
        return None
    if words[-1] in _PASSWORDS:
        return Secrecy.HASHED
    return Secrecy.SEALED if words[-1] in _SECRETS or tuple(words[-2:]) in _KEYS else None
