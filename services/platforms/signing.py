"""The secrets of a backend on this machine, where its order sets none."""

import base64
import contextlib
import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import jwt

from services.core.clock import Clock

JWT_SECRET: Final = "JWT_SECRET"  # noqa: S105 - the name of a setting
SEALING_KEYS: Final = "SEALING_KEYS"
_DECIDING: Final = frozenset({JWT_SECRET, "JWKS_URL", "AUTH"})
_LIFETIME: Final = timedelta(days=1)


def secrets_of(site: str, *, environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the secrets that a backend needs and its order does not set: to know tokens by, and to seal with."""
    secret = _secret_of(site, folder=folder)
    given = {} if not _DECIDING.isdisjoint(environment) else {JWT_SECRET: secret}
    if SEALING_KEYS not in environment:
        given[SEALING_KEYS] = sealing_key(secret)
    return given


def sealing_key(secret: str) -> str:
    """Return a key for a scaffolded backend's SEALING_KEYS that follows from a secret."""
    return f"first:{base64.b64encode(hashlib.sha256(f'sealing {secret}'.encode()).digest()).decode()}"


def _secret_of(site: str, *, folder: Path) -> str:
    """Return the secret of a site, made at its first use: tokens outlive the deployment that they were made for."""
    path = folder / site
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, encoding="ascii") as file:  # readable by its owner alone
            file.write(secrets.token_urlsafe(32))
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text(encoding="ascii")


def asks_for_secret(backend: Path) -> bool:
    """Return whether a backend's `.env.example` names JWT_SECRET."""
    example = backend / ".env.example"
    return example.is_file() and JWT_SECRET in example.read_text(encoding="utf-8", errors="replace")


def token_for(user: str, *, secret: str, now: Clock) -> str:
    """Make the token of a backend's user, good for a day."""
    return jwt.encode({"sub": user, "exp": now() + _LIFETIME}, secret, algorithm="HS256")
