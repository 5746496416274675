"""The secrets of a backend that has been given none: to know tokens by, and to seal with."""

import base64
import contextlib
import hashlib
import hmac
import os
import re
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
JWKS_URL: Final = "JWKS_URL"
EXAMPLE: Final = ".env.example"
_SETTING: Final = re.compile(r"^[# \t]*([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_LIFETIME: Final = timedelta(days=1)


def settings_in(example: str) -> frozenset[str]:
    """Return the names of the settings in a `.env.example`."""
    return frozenset(_SETTING.findall(example))


def lacking(settings: Mapping[str, str]) -> frozenset[str]:
    """Return the secrets that a backend needs beside these settings, of which one that is empty says nothing."""
    given = {name for name, value in settings.items() if value.strip()}
    knows_tokens = settings.get("AUTH") == "off" or not given.isdisjoint({JWT_SECRET, JWKS_URL})
    return frozenset((set[str]() if knows_tokens else {JWT_SECRET}) | ({SEALING_KEYS} - given))


def secrets_of(site: str, *, environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the secrets that a backend on this machine needs and its order does not set."""
    secret = _secret_of(site, folder=folder)
    values = {JWT_SECRET: secret, SEALING_KEYS: sealing_key(secret)}
    return {name: values[name] for name in lacking(environment)}


def secrets_from(root: bytes, *, site: str) -> dict[str, str]:
    """Return the secrets of a site that follow from a project's: neither tells the other, nor those of another site."""
    jwt_secret, sealing = (
        base64.urlsafe_b64encode(hmac.digest(root, f"{name} {site}".encode(), "sha256")).decode()
        for name in (JWT_SECRET, SEALING_KEYS)
    )
    return {JWT_SECRET: jwt_secret, SEALING_KEYS: sealing_key(sealing)}


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
    example = backend / EXAMPLE
    return example.is_file() and JWT_SECRET in settings_in(example.read_text(encoding="utf-8", errors="replace"))


def token_for(user: str, *, secret: str, now: Clock) -> str:
    """Make the token of a backend's user, good for a day."""
    return jwt.encode({"sub": user, "exp": now() + _LIFETIME}, secret, algorithm="HS256")
