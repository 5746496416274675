"""What the variables of a backend's environment may be called, and how large they may be."""

from collections.abc import Mapping, Sequence
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


def variable_faults(
    variables: Mapping[str, str], *, where: Sequence[str], before: Mapping[str, str] | None = None
) -> list[Fault]:
    """Return what is wrong with variables, without repeating a value. `where` is the input's field that has them.

    Nothing is said of one alone that was there before: it may be from before a rule.
    """
    before = before or {}
    faults: list[Fault] = []
    if len(variables) > MOST:
        faults.append(Fault(f"At most {MOST} environment variables.", tuple(where)))
    if sum(len(f"{name}{value}".encode(errors="replace")) for name, value in variables.items()) > MOST_BYTES:
        faults.append(Fault(f"At most {MOST_BYTES:,} bytes of environment variables in all.", tuple(where)))
    if sum(len(value.splitlines()) for value in variables.values()) > MOST_LINES:
        faults.append(Fault(f"At most {MOST_LINES:,} lines in the values of all environment variables.", tuple(where)))
    for name, value in variables.items():
        if before.get(name) == value:
            continue
        if (wrong := _flaw_of(name)) is not None:
            faults.append(Fault(wrong, (*where, name[:LONGEST_NAME])))
            continue
        if (wrong := flaw(value, Kind.LINES)) is not None:
            faults.append(Fault(f"The value of {name} {wrong}", (*where, name)))
        if len(value) > LONGEST:
            faults.append(Fault(f"The value of {name} may have at most {LONGEST:,} characters.", (*where, name)))
        if len(value) < (least := _LEAST.get(name, 0)):
            faults.append(Fault(f"{name} must have at least {least} characters.", (*where, name)))
    return faults


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
