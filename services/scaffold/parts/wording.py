"""What a part is, in words, as text that stands anywhere."""

from typing import Protocol

from services.scaffold.parts.plan import PartNames


class Worded(Protocol):
    """A part of which something was said."""

    @property
    def names(self) -> PartNames: ...

    @property
    def description(self) -> str: ...


def purpose(part: Worded) -> str:
    """Return it in one line that ends no comment, no cell of a table and no tag."""
    said = f"{part.names.shown}: {part.description}" if part.description else part.names.shown
    return said.replace("*/", "* /").replace("|", "/").replace("<", "(").replace(">", ")").replace("`", "'")
