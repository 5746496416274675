"""What the variables of a backend's environment may be called, and how large they may be."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.core.errors import Fault
from services.core.text import Kind, flaw

MOST: Final = 100
"""Variables at once."""
LONGEST: Final = 4_096
"""Characters of a value."""
MOST_BYTES: Final = 262_144
"""Of all names and values in UTF-8: a record has room for 400 KB."""
MOST_LINES: Final = 2_000
"""Of all values: each is looked for by itself, in several encodings, in all that a backend prints."""
LONGEST_NAME: Final = 100
RESERVED: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "HOME",
    "HOST",
    "PATH",
    "PORT",
    "SNAPINFRA_VARIABLES",
    "TABLE_PREFIX",
)
"""Set by the platform, or by us: with others a backend would not be found, or not find its tables."""
_LEAST: Final = {"JWT_SECRET": 32, "SIGNING_SECRET": 32}
"""Characters, as a backend demands them at its start: services/scaffold/templates/src/config.ts."""
_KEY: Final = r"[A-Za-z0-9_-]{1,32}:[A-Za-z0-9+/]{43}="
_FORMS: Final = {
    "AUTH": (re.compile(r"(?:on|off)?"), "on or off"),
    "JWKS_URL": (re.compile(r"(?:https?://[^\s/]\S*)?"), "an http or https URL"),
    "SEALING_KEYS": (
        re.compile(rf"(?:\s*{_KEY}\s*(?:,\s*{_KEY}\s*)*)?"),
        "keys as <id>:<32 bytes in base64>, with commas between, the newest first",
    ),
}
"""What a backend takes for these, and how it says so: as it does itself at its start, when what ran may be gone."""
_SECRETS: Final = ("JWT_SECRET", "SIGNING_SECRET", "SEALING_KEYS")
_LONG, _LEAST_DIFFERENT, _PIECE, _MOST_ALIKE = 32, 8, 4, 0.25


def variable_faults(
    variables: Mapping[str, str],
    *,
    where: Sequence[str],
    before: Mapping[str, str] | None = None,
    is_public: bool = False,
) -> list[Fault]:
    """Return what is wrong with variables, without repeating a value. `where` is the input's field that has them.

    Nothing is said of one alone that was there before: it may be from before a rule. Where others than this machine's
    programs reach the backend (`is_public`), it refuses some more.
    """
    before = before or {}
    faults = list(_faults_of_all(variables, where))
    for name, value in variables.items():
        if before.get(name) != value:
            faults += _faults_of(name, value, where, is_public=is_public)
    return faults


def _faults_of_all(variables: Mapping[str, str], where: Sequence[str]) -> Iterator[Fault]:
    if len(variables) > MOST:
        yield Fault(f"At most {MOST} environment variables.", tuple(where))
    if sum(len(f"{name}{value}".encode(errors="replace")) for name, value in variables.items()) > MOST_BYTES:
        yield Fault(f"At most {MOST_BYTES:,} bytes of environment variables in all.", tuple(where))
    if sum(len(value.splitlines()) for value in variables.values()) > MOST_LINES:
        yield Fault(f"At most {MOST_LINES:,} lines in the values of all environment variables.", tuple(where))
    if variables.get("JWT_SECRET") and variables.get("JWKS_URL"):
        yield Fault("Set JWT_SECRET or JWKS_URL, not both.", (*where, "JWKS_URL"))


def _faults_of(name: str, value: str, where: Sequence[str], *, is_public: bool) -> Iterator[Fault]:
    if (wrong := _flaw_of(name)) is not None:
        yield Fault(wrong, (*where, name[:LONGEST_NAME]))
        return
    if (wrong := flaw(value, Kind.LINES)) is not None:
        yield Fault(f"The value of {name} {wrong}", (*where, name))
    if len(value) > LONGEST:
        yield Fault(f"The value of {name} may have at most {LONGEST:,} characters.", (*where, name))
    if (wrong := _refused(name, value, is_public=is_public)) is not None:
        yield Fault(f"{name} {wrong}", (*where, name))


def _refused(name: str, value: str, *, is_public: bool) -> str | None:
    """Say why a backend would not start with a setting, as a sentence without its subject."""
    if len(value) < (least := _LEAST.get(name, 0)):
        return f"must have at least {least} characters."
    form, said = _FORMS.get(name, (None, ""))
    if form is not None and not form.fullmatch(value):
        return f"must be {said}."
    if not is_public:
        return None
    if name == "AUTH" and value == "off":
        return "can't be off where others reach the backend: everybody could do everything."
    if name in _SECRETS and any(map(_is_repetitive, value.split(","))):
        return "can be guessed: make a new one with `openssl rand -base64 32`."
    return None


def _is_repetitive(secret: str) -> bool:
    """Whether a secret is of few characters, or says the same over and over, as examples do."""
    key = secret.rpartition(":")[2]
    pieces = [key[start : start + _PIECE] for start in range(len(key) - _PIECE + 1)]
    if len(key) < _LONG:
        return False
    return len(set(key)) < _LEAST_DIFFERENT or len(set(pieces)) < (1 - _MOST_ALIKE) * len(pieces)


def _flaw_of(name: str) -> str | None:
    """Say why a name can't be that of a variable."""
    if name in RESERVED:
        return f"{name} can't be set: {', '.join(RESERVED[:-1])} and {RESERVED[-1]} are the platform's, or Snapinfra's."
    is_name = name.isascii() and name.replace("_", "a").isalnum() and not name[:1].isdigit()
    if is_name and len(name) <= LONGEST_NAME:
        return None
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    return (
        f"'{shown}' can't be the name of a variable: that has 1 to {LONGEST_NAME} letters from a to z, in either case,"
        " digits and underscores, and begins with no digit."
    )
