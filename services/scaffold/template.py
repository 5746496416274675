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


def stems(folder: str) -> frozenset[str]:
    """Return what the templates in a folder are called, without what follows the first point, in lower case."""
    return frozenset(path.name.partition(".")[0].lower() for path in (_FOLDER / folder).iterdir())
