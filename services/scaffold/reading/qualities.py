"""What is said of a quality as its name and the kind of value that it has."""

from collections.abc import Sequence
from typing import Final

from services.scaffold.plurals import plural
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.nouns import words_in_number
from services.scaffold.reading.phrases import Phrase
from services.scaffold.reading.reading import Quality
from services.scaffold.reading.sayings import Saying

_FLAG: Final = "flag"
_WORTH: Final = "value"


def quality_of(saying: Saying) -> Quality:
    """Return the quality of which something is said."""
    part = saying.part
    adjectives = (word for word in part.qualities if word not in grammar().telling_adjectives)
    words = [*(word.replace("-", "_") for word in adjectives), *words_in_number(part)]
    is_optional = saying.is_optional or "optional" in part.qualities
    if part.word == _FLAG and len(words) > 1:
        name = "_".join(word for word in words if word != _FLAG)
        return Quality(name, "boolean", is_optional=is_optional)
    is_unique = saying.is_unique or "unique" in part.qualities
    kind, values = _kind(saying, words), saying.values
    if set(values) == {"yes", "no"}:
        kind, values = "boolean", ()
    return Quality("_".join(words), kind, values, saying.bounds, is_optional=is_optional, is_unique=is_unique)


def name_qualities(phrase: Phrase) -> tuple[str, ...]:
    """Return the adjectives of a noun phrase that are a part of its name: `spare`, and not `new` or `optional`."""
    return tuple(word.replace("-", "_") for word in phrase.qualities if word not in grammar().plain)


def _kind(saying: Saying, words: Sequence[str]) -> str:
    units, attributes = grammar().units, grammar().attributes
    if saying.values:
        return "string"
    if saying.unit is not None:
        return units.get(saying.unit, units.get(plural(saying.unit), "number"))
    if saying.part.word == "count":
        return "integer"
    if words[-1] in units:
        return "number"
    if words[-1] == _WORTH and len(words) > 1:
        return "money"
    is_count = saying.is_listed_as_quality and saying.part.is_plural
    return attributes.get(saying.part.word, "integer" if is_count else "string")
