"""What a description tells of what an app keeps: its things, with their qualities and relations."""

from collections.abc import Mapping
from typing import Final

from services.core.frozen import frozen

MEMBER_ROLE: Final = "member_role"
"""The quality of what people belong to that says as what they do."""


@frozen
class Quality:
    name: str
    """In snake_case."""
    kind: str
    """One of `string`, `text`, `integer`, `number`, `money`, `boolean`, `date`, `datetime`."""
    values: tuple[str, ...] = ()
    """All that it may be; any where there are none."""
    bounds: tuple[str, str] | None = None
    """The least and the greatest number that it may be."""
    is_optional: bool = False
    is_unique: bool = False


@frozen
class Thing:
    name: str
    """In the plural, in snake_case, in the words of the description."""
    qualities: tuple[Quality, ...] = ()
    is_person: bool = False


@frozen
class Relation:
    """One of the things `one` has many of the things `many`."""

    one: str
    many: str
    is_mutual: bool = False
    """Whether one of the things `many` has many of the things `one`, too."""
    is_stated: bool = False
    """Whether that is said of both, and not by a verb alone: `students attend courses`."""
    is_single: bool = False
    """Whether one has just one."""
    is_loose: bool = False
    """Whether a preposition alone says it, which may as well mean the reverse: `teach subjects at fixed lessons`."""
    acts: tuple[str, ...] = ()
    """Where it is mutual: what tables may be called of who does something with what."""


@frozen
class Deed:
    """What somebody does, whether with something or not; both by the names of things."""

    who: str
    verb: str
    what: str | None = None


@frozen
class Reading:
    things: Mapping[str, Thing]
    """By name, in the order of first mention."""
    relations: tuple[Relation, ...]
    deeds: tuple[Deed, ...] = ()
    verbs: tuple[str, ...] = ()
    """All that is done, whoever does it."""
    topic: str | None = None
    """What the text begins with, apart from words for the app."""
    called_by: str | None = None
    """What stands before the word for the app: `vineyards` of `a vineyard app`."""
