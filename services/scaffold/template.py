"""How the files in templates/ are read and filled in: `{{name}}` is replaced, everything else stays."""

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "templates"
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def fill(template: str, **values: str) -> str:
    """Return a template's text with each place filled. A value is never looked into for places."""
    return _PLACE.sub(lambda match: values[match[1]], read(template))


@cache
def read(template: str) -> str:
    """Return a template's text as it is."""
    return (_FOLDER / template).read_text(encoding="utf-8")
