"""How values are written in TypeScript."""

import json
from typing import Any


def quoted(text: str) -> str:
    """Write ASCII text in single quotes."""
    inner = json.dumps(text)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def literal(value: Any) -> str:
    """Write a value. Objects and arrays are written as the text of their JSON: in source, `__proto__` is no key."""
    if isinstance(value, dict | list):
        return f"JSON.parse({quoted(json.dumps(value))}) as object"
    return quoted(value) if isinstance(value, str) else json.dumps(value)
