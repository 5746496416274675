"""The secret that what is kept of other secrets is hashed with: the one in use, and for a while another one too."""

import hashlib
import hmac

from services.core.frozen import frozen


@frozen
class Pepper:
    """New hashes are made with `current`; those made with `previous` hold as well."""

    current: bytes
    previous: bytes | None = None

    def hash(self, text: str) -> str:
        """Return the HMAC-SHA256 of a text, in hex."""
        return _hash(self.current, text)

    def hashes(self, text: str) -> tuple[str, ...]:
        """Return every hash of a text that holds, the one to keep first."""
        peppers = (self.current,) if self.previous is None else (self.current, self.previous)
        return tuple(_hash(pepper, text) for pepper in peppers)

    def matches(self, text: str, kept: str) -> bool:
        """Say whether a kept hash is that of a text, in a time that does not tell how much of it is alike."""
        return is_among(kept, self.hashes(text))


def is_among(kept: str, hashes: tuple[str, ...]) -> bool:
    return any(hmac.compare_digest(kept, each) for each in hashes)


def _hash(pepper: bytes, text: str) -> str:
    return hmac.new(pepper, text.encode(errors="replace"), hashlib.sha256).hexdigest()
