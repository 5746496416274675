"""Users of a backend that is put to the test, and their tokens."""

import time
from typing import Final

import jwt

SECRET: Final = "a secret of the tests, longer than thirty-two characters"


def token_of(user: str, *roles: str) -> str:
    """Sign a token for an hour."""
    return jwt.encode({"sub": user, "exp": int(time.time()) + 3600, "roles": roles}, SECRET, algorithm="HS256")


def admin() -> str:
    """Sign a token of an admin, where the backend believes tokens about roles."""
    return token_of("admin", "admin")
