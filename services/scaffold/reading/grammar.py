"""The words of `lexicon/grammar.toml`: what holds sentences together, and what is no thing of its own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from services.core.frozen import frozen

_PATH: Final = Path(__file__).parent / "lexicon" / "grammar.toml"


@frozen(kw_only=True)
class Grammar:
    determiners: frozenset[str]
    quantifiers: frozenset[str]
    prepositions: frozenset[str]
    conjunctions: frozenset[str]
    modals: frozenset[str]
    pronouns: frozenset[str]
    relatives: frozenset[str]
    being: frozenset[str]
    possessing: frozenset[str]
    negations: frozenset[str]
    adverbs: frozenset[str]
    particles: frozenset[str]
    """What belongs to the verb before: `lifts off`."""
    behind_verbs: frozenset[str]
    often_verbs: frozenset[str]
    verbs_in_lists: frozenset[str]
    """Verbs more often than nouns where others stand before: `pay fees, take loans`."""
    participles: frozenset[str]
    unchanged: frozenset[str]
    """Participles that are written as their verbs are."""
    plural_modifiers: frozenset[str]
    people: frozenset[str]
    plain: frozenset[str]
    """Adjectives that are no part of the name of a thing."""
    telling_adjectives: frozenset[str]
    """Adjectives that are no part of the name of a quality."""
    building: frozenset[str]
    """What is done with an app, before there is one."""
    arranging: frozenset[str]
    """What people do for something with others: they book appointments with doctors."""
    asking: frozenset[str]
    """What people do for things that are theirs then."""
    groups: frozenset[str]
    """What does something as people do."""
    software: frozenset[str]
    looking: frozenset[str]
    letting: frozenset[str]
    """Words before people who are anyone."""
    having: frozenset[str]
    belonging: frozenset[str]
    assigning: frozenset[str]
    sharing: frozenset[str]
    making: frozenset[str]
    """What people do with things of which each is theirs."""
    verbs_with_in: frozenset[str]
    verbs_with_on: frozenset[str]
    verbs_with_for: frozenset[str]
    identifiers: frozenset[str]
    states: frozenset[str]
    """Qualities that have few values."""
    joining: frozenset[str]
    keeping: frozenset[str]
    measures: frozenset[str]
    no_things: frozenset[str]
    """Nouns that name nothing that is kept, where they stand alone."""
    technical: frozenset[str]
    """Nouns of what programs are made of and can do: nothing that is kept, whatever tells more of it."""
    nouns: frozenset[str]
    counts: frozenset[str]
    """Nouns that make a number of what stands after `of`."""
    running: frozenset[str]
    """What an institution does with all that its app is about: a zoo keeps animals."""
    helping: frozenset[str]
    """What an app or an institution does for people, of whom it keeps nothing by that."""
    telling: frozenset[str]
    """Participles that say nothing of how things belong together."""
    dividing: frozenset[str]
    """Participles of what has the parts that are named next."""
    counted: frozenset[str]
    """Nouns of what rows have by number, or in a few words, and which is no thing of its own: `deaths`, `allergies`."""
    person_endings: tuple[str, ...]
    thing_endings: tuple[str, ...]
    """Of words with the ending of a person that are none: `instalment`, `thermometer`."""
    persons: frozenset[str]
    no_persons: frozenset[str]
    acts: Mapping[str, str]
    """Verbs, and the tables that are named for what they do: `loans|borrowings` for `borrow`."""
    attributes: Mapping[str, str]
    """Nouns that are qualities of things, and the kind of value that they have."""
    units: Mapping[str, str]


@cache
def grammar() -> Grammar:
    """Read the words once."""
    document: dict[str, Any] = tomllib.loads(_PATH.read_text(encoding="utf-8"))
    kinds = {name: _by_word(document.pop(name)) for name in ("attributes", "units")}
    others: dict[str, Any] = {
        "acts": document.pop("acts"),
        **{name: tuple(document.pop(name).split()) for name in ("person_endings", "thing_endings")},
        **kinds,
    }
    return Grammar(**{name: frozenset(words.split()) for name, words in document.items()}, **others)


def _by_word(kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the kind of each word; of a word in several kinds the last counts."""
    return {word: kind for kind, words in kinds.items() for word in words.split()}
