"""The vocabulary of the scaffold: the tables that it knows, the domains that need them, and stop words.

It is read from lexicon/*.toml. There, an entity's `fields` are words such as `status#=draft|published` or
`dueOn:date?`: a name, a type unless it is a string, `?` nullable, `!` unique, `#` indexed, `*` managed, `^` read only,
`.` immutable, `=` and a default, or all values that there may be with the default first. `price:money` is a decimal
with its currency beside it. `belongs` lists the tables that it refers to where they are present (`customers|users`: the
first that is), with `?` where the reference may be empty and `!` where it keeps its target from being deleted. With
`unique = "references"`, no two rows refer to the same rows. An entity with `joins` comes along when all of those tables
are there; unless it is named itself, it stays away when one of `unless` is. Its `access` is one of Access, `shown`
(`status=published`) is what its rows must hold for others than their owners to read them, and `members` is the table
that tells whose a team is. Its `aliases` are other words for its rows, and names of tables like it; the words by which
it is `implied` name no rows (`lending` implies loans), so that it then has its own name.

A domain's essential entities have a `*`; what its `means` lists (`class=fitness_classes`) are words that mean another
table there than elsewhere. `accounts` lists who signs in there (`customers|users`: the first that is present);
`internal = "yes"` marks those whose users are colleagues.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from services.core.frozen import frozen
from services.designs.schema import Field, FieldAccess, FieldFormat, FieldRules, FieldType, OnDelete, Secrecy
from services.scaffold.plurals import plural, singular
from services.scaffold.rules import with_rules

_FOLDER = Path(__file__).parent / "lexicon"
_FIELD = re.compile(r"(?P<name>\w+)(?::(?P<type>\w+))?(?P<flags>[?!#*^.]*)(?:=(?P<default>\S+))?")
_PARTICIPLES = {
    "read": "read",
    "see": "seen",
    "write": "written",
    "make": "made",
    "find": "found",
    "drop": "dropped",
    "set": "set",
}
_MONEY = "money"
CURRENCY = Field(
    name="currency", type=FieldType.STRING, default_value="USD", rules=FieldRules(format=FieldFormat.CURRENCY)
)
_SEALED = frozenset({"key", "token", "secret"})
_ACCESS = {"*": FieldAccess.MANAGED, "^": FieldAccess.READ_ONLY, ".": FieldAccess.IMMUTABLE}
_DELETION = {"": OnDelete.CASCADE, "?": OnDelete.SET_NULL, "!": OnDelete.RESTRICT}


class Access(Enum):
    """Whose rows of a table are, where the structure of the schema does not tell."""

    CATALOGUE = "catalogue"
    """Everybody reads them, those with a role write them."""
    DIRECTORY = "directory"
    """Whoever signs in reads them, those with a role write them."""
    COMMON = "common"
    """Everybody reads them and whoever signs in adds to them, such as tags; those with a role change them."""
    PUBLISHED = "published"
    """Everybody reads them, whoever wrote one changes it."""
    CONTRIBUTION = "contribution"
    """Said of another row, such as a comment: read by those who read that one, changed by whoever wrote it."""
    PERSONAL = "personal"
    """Their owner's alone."""
    REQUEST = "request"
    """Their owner asks and may take it back, and those with a role decide: bookings, leave requests."""
    ORDER = "order"
    """As a request, and only those with a role take it back: orders, payments."""
    RECORD = "record"
    """Written by those with a role about their owner, who reads them: invoices, grades."""
    INTERNAL = "internal"
    """For those with a role alone."""


class Basis(Enum):
    """Why an entity refers to another."""

    SAID = "SAID"
    """The description says so."""
    KNOWN = "KNOWN"
    """The vocabulary knows it of such entities."""
    GUESSED = "GUESSED"
    """Nothing relates it to any other. It decides nothing of who may do what."""


@frozen
class Parent:
    """What an entity refers to: the first of `tables` that is present."""

    tables: tuple[str, ...]
    on_delete: OnDelete
    is_single: bool = False
    """Whether no two rows refer to the same."""
    basis: Basis = Basis.KNOWN


@frozen
class Entity:
    """A table. What the vocabulary names in it, such as its parents, are concepts until the tables are selected."""

    name: str
    """In the words of the description; what the vocabulary adds by itself has its own name."""
    concept: str
    """The entity of the vocabulary that it is like; the name of one that is like none."""
    fields: tuple[Field, ...]
    indexed: tuple[str, ...] = ()
    parents: tuple[Parent, ...] = ()
    is_unique: bool = False
    """Whether no two rows refer to the same rows with what must not be empty."""
    joins: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    access: Access | None = None
    shown: tuple[str, str | bool] | None = None
    """The field and the value without which only their owners read rows."""
    members: str | None = None
    """Of teams: the entity that says who is in one."""

    def has(self, name: str) -> bool:
        return any(field.name == name for field in self.fields)


@frozen
class Domain:
    """`entities` are choices (the first is taken where none is present yet), each essential or not."""

    entities: tuple[tuple[tuple[str, ...], bool], ...]
    meanings: Mapping[str, str] = field(default_factory=dict[str, str])
    """The entities that single words mean where this domain is spoken of."""
    accounts: tuple[tuple[str, ...], ...] = ()
    """Who signs in, each the first of its choices that is present."""
    is_internal: bool = False


@frozen
class Vocabulary:
    entities: Mapping[str, Entity]
    domains: Mapping[str, Domain]
    phrases: Mapping[tuple[str, ...], str]
    """The singular words by which an entity or a domain is called, and its name."""
    implied_by: frozenset[tuple[str, ...]]
    """Those of the phrases that name no rows of the entity that they ask for, as `lending` asks for loans."""
    translations: Mapping[str, str]
    acts: Mapping[str, str]
    """The entities that verbs ask for, as `book` does for bookings."""
    consumers: frozenset[str]
    """Tables of people for whom a domain is there: where some are spoken of, it needs no others."""
    taking: frozenset[str]
    """What people do with what others keep on a list for them."""
    self_service: frozenset[str]
    """What people do at a backend by themselves, so that they sign in."""
    in_life: frozenset[str]
    """Those of that which they do elsewhere, too."""
    recording: frozenset[str]
    """By which they leave rows of their own."""
    making: frozenset[str]
    """By which they make rows that are about others, beside those."""
    actions: Mapping[str, frozenset[str]]
    """What each form of a verb means for the rows of a table: of create, read, update and delete."""
    roles: frozenset[str]
    """People who are no table, but have a role among those who sign in."""
    everyone: frozenset[str]
    signed_in: frozenset[str]
    writers: frozenset[str]
    """Whose a row is."""
    nobody: frozenset[str]
    strangers: frozenset[str]
    """People who do not sign in, where no table is of them."""
    stop_words: frozenset[str]
    telling: frozenset[str]
    """Stop words of which something may come or not: what programs do, and what rows have."""
    foreign: frozenset[str]
    """Function words of other languages."""
    english: frozenset[str]
    technical: frozenset[str]
    """What any description of software is full of."""
    naming: frozenset[str]
    """Technical words after which a noun names what is kept."""
    qualities: frozenset[str]
    """Words before nouns that are no part of the name of a table."""
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
    "consumers",
    "taking",
    "roles",
    "everyone",
    "signed_in",
    "writers",
    "nobody",
    "strangers",
    "self_service",
    "in_life",
    "recording",
    "making",
    "technical",
    "naming",
    "telling",
    "foreign",
    "english",
    "qualities",
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
    implied: dict[tuple[str, ...], str] = {}
    words: dict[str, Any] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for name, entry in document.pop("entities", {}).items():
            entities[name] = _entity(name, entry)
            own[_lemmas(name.replace("_", " "))] = name
            called.update((alias, name) for alias in _aliases(entry.get("aliases", "")))
            implied.update((phrase, name) for phrase in _aliases(entry.get("implied", "")))
        for name, entry in document.pop("domains", {}).items():
            domains[name] = _domain(entry)
            called.update((trigger, name) for trigger in _aliases(entry["triggers"]))
        words |= document
    return Vocabulary(
        entities=entities,
        domains=domains,
        phrases=called | implied | own,
        implied_by=frozenset(implied),
        translations=words["translations"],
        acts=words["acts"],
        actions=_actions(words["action_verbs"]),
        stop_words=frozenset(f"{words['function']} {words['verbs']} {words['technical']} {words['roles']}".split()),
        **{name: frozenset(words[name].split()) for name in _WORD_SETS},
    )


def _actions(verbs: Mapping[str, str]) -> dict[str, frozenset[str]]:
    actions: dict[str, frozenset[str]] = {}
    for action, bases in verbs.items():
        for form in (form for base in bases.split() for form in _forms(base)):
            means = frozenset({"create", "update", "delete"}) if action == "manage" else frozenset({action})
            actions[form] = actions.get(form, frozenset()) | means
    return actions


def _forms(verb: str) -> Iterator[str]:
    """Yield a verb as it is, in the third person and as a participle."""
    yield verb
    yield plural(verb)
    stem = verb.removesuffix("e")
    yield _PARTICIPLES.get(verb, f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{stem}ed")


def _aliases(text: str) -> Iterable[tuple[str, ...]]:
    return (_lemmas(alias) for alias in text.split("|") if alias)


def _lemmas(phrase: str) -> tuple[str, ...]:
    return tuple(singular(word) for word in phrase.split())


def _entity(name: str, entry: Mapping[str, str]) -> Entity:
    written = [_parse(word) for word in entry["fields"].split()]
    return Entity(
        name=name,
        concept=name,
        fields=tuple(_with_currency([_field(parts) for parts in written], written)),
        indexed=tuple(parts["name"] for parts in written if "#" in parts["flags"]),
        parents=tuple(_parent(word) for word in entry.get("belongs", "").split()),
        is_unique="unique" in entry,
        joins=frozenset(entry.get("joins", "").split()),
        unless=frozenset(entry.get("unless", "").split()),
        access=Access(entry["access"]) if "access" in entry else None,
        shown=_shown(entry["shown"]) if "shown" in entry else None,
        members=entry.get("members"),
    )


def _shown(text: str) -> tuple[str, str | bool]:
    name, value = text.split("=")
    return name, value == "true" if value in {"true", "false"} else value


def _domain(entry: Mapping[str, str]) -> Domain:
    entities = entry["entities"].split()
    return Domain(
        entities=tuple((tuple(word.rstrip("*").split("|")), word.endswith("*")) for word in entities),
        meanings=dict(word.split("=") for word in entry.get("means", "").split()),
        accounts=tuple(tuple(word.split("|")) for word in entry.get("accounts", "").split()),
        is_internal="internal" in entry,
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
    kind = FieldType.DECIMAL if parts["type"] == _MONEY else FieldType((parts["type"] or "string").upper())
    values = tuple(parts["default"].split("|")) if "|" in parts["default"] else ()
    default = values[0] if values else parts["default"]
    plain = Field(
        name=parts["name"],
        type=kind,
        nullable="?" in parts["flags"],
        unique="!" in parts["flags"],
        default_value=_default(kind, default) if default else None,
        access=next((access for flag, access in _ACCESS.items() if flag in parts["flags"]), FieldAccess.READ_WRITE),
        secrecy=Secrecy.SEALED if parts["name"] in _SEALED else None,
        rules=FieldRules(values=values) if values else None,
    )
    return with_rules(plain)


def _with_currency(fields: Sequence[Field], written: Sequence[Mapping[str, str]]) -> Iterator[Field]:
    """Yield the fields with a currency after the last sum of money, where none is among them."""
    sums = [parts["name"] for parts in written if parts["type"] == _MONEY]
    is_lacking = sums and all(other.name != CURRENCY.name for other in fields)
    for written_field in fields:
        yield written_field
        if is_lacking and written_field.name == sums[-1]:
            yield CURRENCY


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
