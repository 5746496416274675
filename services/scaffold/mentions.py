"""What a description speaks of: its things as tables, what the vocabulary knows of them, and its domains."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.core.frozen import frozen
from services.scaffold.naming import concept_of, meant_by
from services.scaffold.plurals import plural, singular
from services.scaffold.reading.reading import MEMBER_ROLE, Deed, Quality, Reading, Relation
from services.scaffold.reading.things import read
from services.scaffold.reading.tokens import LONGEST_READ, sentences
from services.scaffold.vocabulary import Vocabulary, vocabulary

_LONGEST_PHRASE: Final = 4
_EXCEPT: Final = re.compile(r"\b(?:but|except|besides)\b", re.IGNORECASE)
_TEAMS_AT_WORK: Final = frozenset({"teams", "organizations"})
_OF_MEMBERS: Final = frozenset((table, "role") for table in ("members", *_TEAMS_AT_WORK))
_OPEN: Final = frozenset({"private", "public"})
"""Who may read rows, and no part of what they are."""


@frozen
class Mentions:
    """What a description speaks of, each in the order of first mention."""

    entities: Mapping[str, str]
    """The names of the tables that the vocabulary knows, each with the entity that it is like."""
    domains: tuple[str, ...]
    acts: tuple[str, ...]
    """Entities of the vocabulary that verbs ask for, as `book` does for bookings."""
    implied: tuple[str, ...]
    """Those that words ask for which name no rows of them, as `lending` does for loans."""
    actors: tuple[str, ...]
    """Those of the tables that do something by themselves, as members do in `members book classes`."""
    nouns: tuple[str, ...]
    """Names of tables that the vocabulary does not know."""
    named: tuple[str, ...]
    """The names of both, as they come in the description."""
    people: frozenset[str]
    """Those of them whose words mean people."""
    made: tuple[tuple[str, str], ...]
    """Which people are said to make rows of which tables, whether these people are a table or not."""
    served: frozenset[str]
    """Tables of what people take from a list, as cakes are in `customers order cakes`."""
    qualities: Mapping[str, Sequence[Quality]]
    """What is said of the rows of tables, by the name of the table."""
    relations: tuple[Relation, ...]


Places = Sequence[tuple[int, int]]
"""Of a text, by characters: where they begin and end."""


def read_mentions(description: str, *, aside: Places = (), limits: Places = ()) -> Mentions:
    """Read a text of any kind and language. Equal texts give equal mentions.

    What is `aside` names no tables but such as the vocabulary knows. There, and in the rules that shut somebody out
    (`limits`), what is like a table that is named elsewhere is that table.
    """
    text = description[:LONGEST_READ]
    domains = tuple(dict.fromkeys(_domains(text)))
    lexicon = vocabulary().within(domains)
    reading = read(_without(text, aside))
    firsts = [*_about(reading, lexicon), *read(_without(text, [*aside, *limits])).things]
    whole = read(_EXCEPT.sub(",", text))
    beside = [*reading.things, *_in_rules(text, aside, lexicon)]
    tables = _Tables(lexicon)
    roles = _are_roles_in_teams([*firsts, *beside], reading)
    tables.add(name for name in firsts if name not in roles)
    tables.add_beside([*(name for name in beside if name not in roles), *_translated(text, lexicon.entities)])
    acts = (lexicon.acts[verb] for verb in whole.verbs if verb in lexicon.acts)
    mentions = _mentions(reading, whole.deeds, tables, domains)
    fields = frozenset(quality.name for qualities in mentions.qualities.values() for quality in qualities)
    implied = dict.fromkeys(_implied(text, lexicon, fields))
    return replace(mentions, acts=tuple(dict.fromkeys(acts)), implied=tuple(implied))


def _in_rules(text: str, aside: Places, lexicon: Vocabulary) -> Iterator[str]:
    """Yield what rules name, but for somebody's part in them, such as `the owner`."""
    strangers = lexicon.everyone | lexicon.strangers
    parts = lexicon.writers | lexicon.nobody | lexicon.roles
    things = read(" . ".join(f"We have {_EXCEPT.sub(',', text[start:end])}" for start, end in aside)).things
    named = ((name, singular(name.rpartition("_")[2])) for name in things)
    return (name for name, last in named if not (singular(name) in parts or last in strangers or _is_in_team(name)))


def _is_in_team(name: str) -> bool:
    """Whether it is somebody's part in a team: `team owners`."""
    lexicon, (team, _, part) = vocabulary(), name.rpartition("_")
    is_part = singular(part) in lexicon.writers | lexicon.roles | lexicon.signed_in
    return is_part and concept_of(plural(team)) in _TEAMS_AT_WORK


class _Tables:
    """The tables that the vocabulary knows, by name, and which of them each name is about."""

    def __init__(self, lexicon: Vocabulary) -> None:
        self.lexicon = lexicon
        self.concepts: dict[str, str] = {}

    def add(self, names: Iterable[str]) -> None:
        for name, concept in self._known(names):
            self.concepts.setdefault(_plain(name, concept), concept)

    def add_beside(self, names: Iterable[str]) -> None:
        """Add what is like none that is there."""
        for name, concept in self._known(names):
            if concept not in self.concepts.values():
                self.concepts[_plain(name, concept)] = concept

    def named(self, name: str) -> str:
        """Return the table that a name is about; the name, where the vocabulary does not know it."""
        concept = concept_of(name, self.lexicon)
        if concept not in self.lexicon.entities:
            return name
        own = _plain(name, concept)
        return own if own in self.concepts else next(iter(meant_by(own, self.concepts)), own)

    def _known(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        pairs = ((name, concept_of(name, self.lexicon)) for name in names)
        return ((name, concept) for name, concept in pairs if concept in self.lexicon.entities)


def _plain(name: str, concept: str) -> str:
    """Return the name of a table without what its rows are like at times: `invoices` for `paid_invoices`."""
    entity, words = vocabulary().entities[concept], name.split("_")
    values = {value for field in entity.fields if field.rules for value in field.rules.values}
    while (
        len(words) > 1
        and tuple(map(singular, words)) not in vocabulary().phrases
        and words[0] in values | vocabulary().qualities | _OPEN
    ):
        words = words[1:]
    return "_".join(words)


def _mentions(reading: Reading, done: Iterable[Deed], tables: _Tables, domains: tuple[str, ...]) -> Mentions:
    lexicon = tables.lexicon
    roles = {*_roles(reading, lexicon), *_are_roles_in_teams(reading.things, reading)}
    nouns = [name for name in reading.things if tables.named(name) not in tables.concepts and name not in roles]
    if not (tables.concepts or nouns or domains) and reading.topic is not None:
        nouns = [reading.topic]
    deeds = [Deed(tables.named(deed.who), deed.verb, deed.what and tables.named(deed.what)) for deed in done]
    relations = [replace(one, one=tables.named(one.one), many=tables.named(one.many)) for one in reading.relations]
    recorded = ((tables.named(deed.who), deed.verb, deed.what) for deed in reading.deeds)
    acts = _at_a_backend([one for one in deeds if one.verb in lexicon.self_service], lexicon)
    acts += [Deed(*one) for one in recorded if one[1] in lexicon.recording]
    acts += [Deed(tables.named(one.many), "join") for one in reading.relations if _has_members(reading, one.one)]
    known = {*tables.concepts, *nouns}
    people = frozenset(tables.named(name) for name, thing in reading.things.items() if thing.is_person)
    makings = [one for one in deeds if one.verb in lexicon.making | lexicon.recording and one.who in people | roles]
    return Mentions(
        entities=tables.concepts,
        domains=domains,
        acts=(),
        implied=(),
        actors=tuple(dict.fromkeys(one.who for one in acts if one.who in known)),
        nouns=tuple(nouns),
        people=people,
        named=tuple(dict.fromkeys(name for name in map(tables.named, reading.things) if name in known)),
        made=tuple((one.who, one.what) for one in makings if one.what is not None and one.what in known),
        served=frozenset(deed.what for deed in deeds if deed.what in nouns and deed.verb in lexicon.taking),
        qualities={tables.named(name): thing.qualities for name, thing in reading.things.items() if thing.qualities},
        relations=tuple(one for one in relations if one.one != one.many and roles.isdisjoint({one.one, one.many})),
    )


def _at_a_backend(acts: Sequence[Deed], lexicon: Vocabulary) -> list[Deed]:
    """Return what people do there; what is done in life as well, as artists play at concerts, only if nothing else is.

    Who signs, and nothing, signs in or up.
    """
    clear = [one for one in acts if one.verb not in lexicon.in_life or (one.verb == "sign" and one.what is None)]
    return clear or list(acts)


def _roles(reading: Reading, lexicon: Vocabulary) -> Iterator[str]:
    """Yield the things that are people with a role, of whom no more is said than what they do."""
    done = {(deed.who, deed.what) for deed in reading.deeds}
    told = {one.many for one in reading.relations}
    told |= {one.one for one in reading.relations if (one.one, one.many) not in done}
    for name, thing in reading.things.items():
        if singular(name) in lexicon.roles and name not in told and not thing.qualities:
            yield name


def _has_members(reading: Reading, name: str) -> bool:
    """Whether it is said of a thing as what people belong to it."""
    thing = reading.things.get(name)
    return thing is not None and any(one.name == MEMBER_ROLE for one in thing.qualities)


def _are_roles_in_teams(names: Iterable[str], reading: Reading) -> set[str]:
    """Return the names that are what members of a team may be, and of which no more is kept."""
    things = reading.things.values()
    roles = [one for thing in things for one in thing.qualities if (thing.name, one.name) in _OF_MEMBERS]
    roles += [one for thing in things for one in thing.qualities if one.name == MEMBER_ROLE]
    said = {value for role in roles for value in role.values}
    told = {thing.name for thing in things if thing.qualities}
    return {name for name in names if singular(name) in said - {"member"} and name not in told}


def _about(reading: Reading, lexicon: Vocabulary) -> Iterator[str]:
    """Yield what the app is called by, where the vocabulary has it: movies, of `a movie database`."""
    if reading.called_by is not None and tuple(map(singular, reading.called_by.split("_"))) in lexicon.phrases:
        yield reading.called_by


def _implied(text: str, lexicon: Vocabulary, fields: frozenset[str]) -> Iterator[str]:
    """Yield the entities that words ask for which name no rows of them, nor a field: loans, of `lending`."""
    for tokens in sentences(text):
        phrases = _known_phrases([token.word for token in tokens], lexicon)
        asking = (phrase for phrase in phrases if "_".join(phrase) not in fields)
        yield from (lexicon.phrases[phrase] for phrase in asking if phrase in lexicon.implied_by)


def _translated(text: str, names: Collection[str]) -> Iterator[str]:
    """Yield those of the names that words in other scripts mean, in their order."""
    places = ((text.find(word), name) for word, name in vocabulary().translations.items())
    return (name for place, name in sorted(places) if place >= 0 and name in names)


def _domains(text: str) -> Iterator[str]:
    """Yield the domains that known phrases name."""
    lexicon = vocabulary()
    yield from _translated(text, lexicon.domains)
    for tokens in sentences(text):
        words = [word for token in tokens for word in token.word.split("-")]
        names = (lexicon.phrases[phrase] for phrase in _known_phrases(words, lexicon))
        yield from (name for name in names if name in lexicon.domains)


def _known_phrases(words: Sequence[str], lexicon: Vocabulary) -> Iterator[tuple[str, ...]]:
    """Yield the longest known phrases, one after the other."""
    at = 0
    lemmas = [singular(word) for word in words]
    while at < len(words):
        lengths = range(min(_LONGEST_PHRASE, len(words) - at), 0, -1)
        length = next((length for length in lengths if tuple(lemmas[at : at + length]) in lexicon.phrases), 0)
        if length:
            yield tuple(lemmas[at : at + length])
        at += length or 1


def blanked(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Return a text with nothing in particular in the places, and all else where it was."""
    letters = list(text)
    for start, end in places:
        somebody = "someone" if end - start >= len("someone") else "it"
        letters[start:end] = somebody.ljust(end - start)[: end - start]
    return "".join(letters)


def _without(text: str, places: Iterable[tuple[int, int]]) -> str:
    """Return a text with somebody in the places, since what is said there is of no table."""
    kept, at = list[str](), 0
    for start, end in sorted(places):
        kept += [text[at : max(start, at)], " someone "]
        at = max(at, end)
    return "".join([*kept, text[at:]])
