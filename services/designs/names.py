"""What things of a schema may be called."""

import re
from typing import Final

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}", re.ASCII)
INDEX_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}", re.ASCII)
NAME_RULE: Final = "starts with a letter and holds letters, digits and underscores, at most 63 in all"
RESERVED: Final = frozenset({"__proto__", "constructor", "prototype"})
RESERVED_TABLES: Final = RESERVED | {"health"}


def shown(text: str, longest: int = 80) -> str:
    """Cut a text, since a name may be anything, to what fits in a sentence."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
