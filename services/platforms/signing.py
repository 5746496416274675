"""The secret by which a backend on this machine knows its users' tokens, where its order sets none."""

import contextlib
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
_DECIDING: Final = frozenset({JWT_SECRET, "JWKS_URL", "AUTH"})
_LIFETIME: Final = timedelta(days=1)


def is_settled(environment: Mapping[str, str]) -> bool:
    """Return whether an order's environment says itself how tokens are verified."""
    return not _DECIDING.isdisjoint(environment)


def secret_of(site: str, *, folder: Path) -> str:
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
