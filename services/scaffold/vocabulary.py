"""The vocabulary of the scaffold: the tables that it knows, the domains that need them, and stop words.

It is read from lexicon/*.toml. There, an entity's `fields` are words such as `status#=draft` or `dueOn:date?`: a name,
a type unless it is a string, `?` nullable, `!` unique, `#` indexed, `=` and a default. `belongs` lists the tables that
it refers to where they are present (`customers|users`: the first that is), with `?` where the reference may be empty
and `!` where it keeps its target from being deleted. An entity with `joins` comes along when all of those tables are
there; unless it is named itself, it stays away when one of `unless` is. A domain's essential entities have a `*`; what
its `means` lists (`class=fitness_classes`) are words that mean another table there than elsewhere.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Field, FieldType, OnDelete
from services.scaffold.plurals import plural, singular

_FOLDER = Path(__file__).parent / "lexicon"
_FIELD = re.compile(r"(?P<name>\w+)(?::(?P<type>\w+))?(?P<flags>[?!#]*)(?:=(?P<default>\S+))?")
_DELETION = {"": OnDelete.CASCADE, "?": OnDelete.SET_NULL, "!": OnDelete.RESTRICT}


@frozen
class Parent:
    """What an entity refers to: the first of `tables` that is present."""

    tables: tuple[str, ...]
    on_delete: OnDelete


@frozen
class Entity:
    name: str
    fields: tuple[Field, ...]
    indexed: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    unique: tuple[str, ...] = ()
    """Fields whose values, taken together, are unique."""
    joins: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()


@frozen
class Domain:
    """`entities` are choices (the first is taken where none is present yet), each essential or not."""

    entities: tuple[tuple[tuple[str, ...], bool], ...]
    meanings: Mapping[str, str] = field(default_factory=dict[str, str])
    """The entities that single words mean where this domain is spoken of."""


@frozen
class Vocabulary:
    entities: Mapping[str, Entity]
    domains: Mapping[str, Domain]
    phrases: Mapping[tuple[str, ...], str]
    """The singular words by which an entity or a domain is called, and its name."""
    translations: Mapping[str, str]
    acts: Mapping[str, str]
    """The entities that verbs ask for, as `book` does for bookings."""
    stop_words: frozenset[str]
    technical: frozenset[str]
    """What any description of software is full of."""
    ambiguous: frozenset[str]
    """Nouns that are as often verbs."""
    before_verb: frozenset[str]
    after_verb: frozenset[str]
    before_third_person: frozenset[str]
    """Words after which a verb, and no noun, ends in `s`."""
    generic_people: frozenset[str]
    """Words after which `people` are anyone."""
    about: frozenset[str]
    """Words after which a noun tells what the rest is about."""
    listing: frozenset[str]
    """Words after which a noun is part of what is wanted."""
    having: frozenset[str]
    """Words between a thing and its parts."""

    def within(self, domains: Iterable[str]) -> "Vocabulary":
        """Return the vocabulary as these domains have it; of two meanings of a word the first counts."""
        meanings: dict[str, str] = {}
        for domain in domains:
            meanings = {**self.domains[domain].meanings, **meanings}
        phrases = {**self.phrases, **{(word,): entity for word, entity in meanings.items()}}
        return replace(self, phrases=phrases, technical=self.technical - {*meanings, *map(plural, meanings)})


_WORD_SETS = (
    "technical",
    "ambiguous",
    "before_verb",
    "after_verb",
    "before_third_person",
    "generic_people",
    "about",
    "listing",
    "having",
)


@cache
def vocabulary() -> Vocabulary:
    """Read the vocabulary once."""
    entities: dict[str, Entity] = {}
    domains: dict[str, Domain] = {}
    own: dict[tuple[str, ...], str] = {}
    called: dict[tuple[str, ...], str] = {}
    words: dict[str, Any] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, entry in document.pop("entities", {}).items():
            entities[name] = _entity(name, entry)
            own[_lemmas(name.replace("_", " "))] = name
            called.update((alias, name) for alias in _aliases(entry.get("aliases", "")))
        for name, entry in document.pop("domains", {}).items():
            domains[name] = _domain(entry)
            called.update((trigger, name) for trigger in _aliases(entry["triggers"]))
        words |= document
    return Vocabulary(
        entities=entities,
        domains=domains,
        phrases=called | own,
        translations=words["translations"],
        acts=words["acts"],
        stop_words=frozenset(f"{words['function']} {words['verbs']} {words['technical']}".split()),
        **{name: frozenset(words[name].split()) for name in _WORD_SETS},
    )


def _aliases(text: str) -> Iterable[tuple[str, ...]]:
    return (_lemmas(alias) for alias in text.split("|") if alias)


def _lemmas(phrase: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in phrase.split())


def _entity(name: str, entry: Mapping[str, str]) -> Entity:
    written = [_parse(word) for word in entry["fields"].split()]
    return Entity(
        name=name,
        fields=tuple(_field(parts) for parts in written),
        indexed=tuple(parts["name"] for parts in written if "#" in parts["flags"]),
        parents=tuple(_parent(word) for word in entry.get("belongs", "").split()),
        unique=tuple(entry.get("unique", "").split()),
        joins=frozenset(entry.get("joins", "").split()),
        unless=frozenset(entry.get("unless", "").split()),
    )


def _domain(entry: Mapping[str, str]) -> Domain:
    entities = entry["entities"].split()
    return Domain(
        entities=tuple((tuple(word.rstrip("*").split("|")), word.endswith("*")) for word in entities),
        meanings=dict(word.split("=") for word in entry.get("means", "").split()),
    )


def _parent(word: str) -> Parent:
    names = word.rstrip("?!")
    return Parent(tuple(names.split("|")), _DELETION[word[len(names) :]])


def _parse(word: str) -> Mapping[str, str]:
    match = _FIELD.fullmatch(word)
    if match is None:
        raise ValueError(f"Not a field: {word}")
    return match.groupdict(default="")


def _field(parts: Mapping[str, str]) -> Field:
    kind = FieldType((parts["type"] or "string").upper())
    return Field(
        name=parts["name"],
        type=kind,
        nullable="?" in parts["flags"],
        unique="!" in parts["flags"],
        default_value=_default(kind, parts["default"]) if parts["default"] else None,
    )


def _default(kind: FieldType, text: str) -> str | float | bool:
    match kind:
        case FieldType.INTEGER:
            return int(text)
        case FieldType.FLOAT:
            return float(text)
        case FieldType.BOOLEAN:
            return text == "true"
        case _:
            return text
