"""Signatures of webhooks, as Standard Webhooks says (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def secret_of(random: bytes) -> str:
    """Write random bytes as a signing secret."""
    return PREFIX + base64.b64encode(random).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: str) -> str:
    """Sign a message: HMAC-SHA256 over id, time (Unix seconds) and body, joined by full stops."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def signed_headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: str) -> dict[str, str]:
    """Return the headers of a message, with one signature for each valid secret."""
    signatures = (signature(secret, message_id=message_id, timestamp=timestamp, body=body) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
