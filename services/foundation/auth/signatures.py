"""The signatures of incoming webhooks, by the scheme of Svix (https://docs.svix.com/receiving/verifying-payloads/how-manual)."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.core.errors import Unauthenticated
from services.core.frozen import frozen

MOST_ID: Final = 256
"""Characters of a message's id; those of Svix have about thirty, and a table's key has 2,048 bytes."""

TOLERANCE: Final = timedelta(minutes=5)
"""How far the time of a message may be from ours; an older one may be a replay."""


@frozen
class Signatures:
    secret: str
    """`whsec_` and the key in base 64."""
    previous: str | None = None
    """Another secret whose signatures hold."""

    def check(self, body: bytes, headers: Mapping[str, str], *, now: datetime) -> str:
        """Return the id of a message whose signature holds; the same message sent again has the same id.

        `body` is the raw one. Raises Unauthenticated for anything else.
        """
        message_id, timestamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
        if not 0 < len(message_id) <= MOST_ID or not timestamp.isdecimal() or len(timestamp) > 12:  # noqa: PLR2004 - seconds since the epoch
            raise Unauthenticated("The message is not signed.")
        if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
            raise Unauthenticated("The message's time is too far from ours.")
        content = f"{message_id}.{timestamp}.".encode() + body
        secrets = (self.secret,) if self.previous is None else (self.secret, self.previous)
        given = [part.partition(",") for part in headers.get("svix-signature", "").split()]
        signatures = [signature.encode() for version, _, signature in given if version == "v1"]
        if not any(_holds(signatures, _signature(content, secret)) for secret in secrets):
            raise Unauthenticated("The message's signature does not hold.")
        return message_id


def _holds(given: Sequence[bytes], expected: bytes) -> bool:
    return any(hmac.compare_digest(signature, expected) for signature in given)


def _signature(content: bytes, secret: str) -> bytes:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, content, "sha256"))
