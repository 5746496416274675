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
RESERVED: Final = frozenset({"PATH", "HOME", "PORT", "HOST", "TABLE_PREFIX"})
"""Set by the platform, or by us."""


def variable_faults(variables: Mapping[str, str], *, where: Sequence[str]) -> list[Fault]:
    """Return what is wrong with variables, without repeating a value. `where` is the input's field that has them."""
    faults: list[Fault] = []
    if len(variables) > MOST:
        faults.append(Fault(f"At most {MOST} environment variables.", tuple(where)))
    if sum(len(f"{name}{value}".encode(errors="replace")) for name, value in variables.items()) > MOST_BYTES:
        faults.append(Fault(f"At most {MOST_BYTES:,} bytes of environment variables in all.", tuple(where)))
    if sum(len(value.splitlines()) for value in variables.values()) > MOST_LINES:
        faults.append(Fault(f"At most {MOST_LINES:,} lines in the values of all environment variables.", tuple(where)))
    for name, value in variables.items():
        if not _is_name(name):
            faults.append(Fault(f"'{name}' can't be the name of an environment variable here.", (*where, name)))
        if (wrong := flaw(value, Kind.LINES)) is not None:
            faults.append(Fault(f"The value of {name} {wrong}", (*where, name)))
        if len(value) > LONGEST:
            faults.append(Fault(f"The value of {name} may have at most {LONGEST:,} characters.", (*where, name)))
    return faults


def _is_name(text: str) -> bool:
    letters = text.isascii() and text.replace("_", "a").isalnum() and not text[:1].isdigit()
    return letters and text not in RESERVED
