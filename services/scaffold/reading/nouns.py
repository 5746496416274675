"""What kinds of nouns there are: qualities of things, units, people."""

from typing import Final

from services.scaffold.plurals import plural
from services.scaffold.reading.grammar import grammar
from services.scaffold.reading.line import FINITE, Line
from services.scaffold.reading.phrases import Phrase
from services.scaffold.vocabulary import vocabulary

_MANY: Final = frozenset(
    ["many", "several", "multiple", "various", "numerous", "lots", "more", "different", "two", "both"]
)
_MEASURED: Final = frozenset({"date", "datetime", "integer", "number", "money"})
_SINGLE: Final = frozenset({"a", "an", "one"})


def is_quality(phrase: Phrase) -> bool:
    """Return whether a noun phrase tells a quality of something wherever it stands: a date, a price, litres."""
    return bool(phrase.nouns) and (
        phrase.word in grammar().attributes
        or words_in_number(phrase)[-1] in grammar().units
        or any(letter.isdigit() for letter in phrase.word)
    )


def is_plain_quality(phrase: Phrase) -> bool:
    """Return whether a noun phrase tells a quality in the plural, too: notes and dates, and not categories."""
    is_text = grammar().attributes.get(phrase.word) == "text"
    return is_quality(phrase) and (not phrase.is_plural or is_text or is_measure(phrase) or is_unit(phrase))


def is_span(phrase: Phrase) -> bool:
    """Return whether a noun phrase is a number of units: `every five minutes`."""
    numbers = grammar().quantifiers - _MANY - _SINGLE
    return is_unit(phrase) and any(word in numbers or word.isdigit() for word in phrase.articles)


def is_unit(phrase: Phrase) -> bool:
    return not grammar().units.keys().isdisjoint({phrase.word, words_in_number(phrase)[-1]})


def is_measured(phrase: Phrase) -> bool:
    """Return whether a noun phrase is one date, sum, number or code: nothing that something else may belong to."""
    return not phrase.is_plural and "one" not in phrase.articles and is_measure(phrase)


def is_measure(phrase: Phrase) -> bool:
    """Return whether a noun phrase names dates, sums, numbers or codes."""
    return grammar().attributes.get(phrase.word) in _MEASURED or phrase.word in grammar().identifiers


def is_known_person(word: str) -> bool:
    """Return whether the vocabulary has people that a noun, in the singular, means."""
    entity = vocabulary().entities.get(vocabulary().phrases.get((word,), ""))
    return entity is not None and entity.has("email")


def is_person(word: str) -> bool:
    """Return whether a noun, in the singular, means people who do something."""
    if is_known_person(word) or word in grammar().persons:
        return True
    is_thing = word.endswith(grammar().thing_endings) or word in grammar().no_persons
    return word.endswith(grammar().person_endings) and not is_thing


def describes(line: Line, colon: int) -> bool:
    """Return whether what stands behind a colon is no list of things, but what one is like."""
    items = line.nouns_outside_parentheses(colon + 1)
    told = [item for item in items if is_quality(item) or not item.is_plural]
    tells = any(phrase.word == "whether" for phrase in line.phrases[colon:])
    begins = bool(told) and told[0] is items[0]
    return begins and len(told) * 2 >= len(items) and (tells or not line.has(FINITE, start=colon))


def is_known(phrase: Phrase) -> bool:
    """Return whether the vocabulary has an entity that a noun phrase is called by."""
    return vocabulary().phrases.get(phrase.nouns) in vocabulary().entities


def is_many(phrase: Phrase) -> bool:
    """Return whether it is said of a noun phrase that there may be more than one."""
    return phrase.is_plural and not _MANY.isdisjoint(phrase.articles)


def is_single(phrase: Phrase) -> bool:
    return not phrase.is_plural and not _SINGLE.isdisjoint(phrase.articles)


def words_in_number(phrase: Phrase) -> tuple[str, ...]:
    """Return the words of a name, the last of them in the plural where the text has it so."""
    if not phrase.is_plural or phrase.is_foreign:
        return phrase.nouns
    return (*phrase.nouns[:-1], plural(phrase.nouns[-1]))
