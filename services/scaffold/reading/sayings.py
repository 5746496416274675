"""What sentences say of things: that they are kept, what they have, what they are of, and who does what with them."""

from enum import Enum

from services.core.frozen import frozen
from services.scaffold.reading.phrases import Phrase


class Link(Enum):
    KEPT = "kept"
    """`part` is one of the things that the app is about."""
    HAS = "has"
    """`whole` has `part`: a thing of its own, or a quality."""
    UNDER = "under"
    """`part` is of, for, on, in … `whole`."""
    DOES = "does"
    """`whole` does something with `part`."""
    ACTS = "acts"
    """`part` does something, with something or without."""
    SEES = "sees"
    """`whole` looks at `part`, which says nothing of how they belong together."""
    SHARES = "shares"
    """Many of `whole` do something with many of `part`."""


@frozen
class Saying:
    link: Link
    part: Phrase
    whole: Phrase | None = None
    is_many: bool = False
    """Of UNDER: whether it is said that one `part` is under many of `whole`."""
    values: tuple[str, ...] = ()
    """Of a quality: all that it may be."""
    bounds: tuple[str, str] | None = None
    """Of a quality: the least and the greatest number that it may be."""
    is_listed_as_quality: bool = False
    """Whether `part` is a quality unless something else is said of it elsewhere."""
    is_quality: bool = False
    """Whether the sentence leaves no doubt that `part` is a quality and no thing of its own."""
    unit: str | None = None
    verb: str | None = None
    """Of DOES and SHARES: what is done."""
    is_optional: bool = False
    is_unique: bool = False
