"""The tables of a derived schema: those that a description names, and those without which they cannot be.

What is named has the name that the description gives it; what comes with it, such as the table that joins two, has that
of the vocabulary. The domains of a description that names next to nothing say what else there is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from services.designs.schema import OnDelete
from services.scaffold.linking import with_containers, with_relations
from services.scaffold.memberships import in_teams, own_qualities, with_memberships, with_teams
from services.scaffold.mentions import Mentions
from services.scaffold.plain_tables import of_noun, of_people, with_email
from services.scaffold.principals import TEAMS_AT_WORK, USERS, first_like
from services.scaffold.reading.reading import Relation
from services.scaffold.said_fields import with_qualities
from services.scaffold.vocabulary import Access, Entity, Parent, vocabulary

MOST_TABLES: Final = 30
_MOST_MENTIONED: Final = 24
"""Leaves room for the tables that join the others."""
_ENOUGH: Final = 2
"""A description that names so many tables gets none of its domains but those that these need."""
_ENDS: Final = 2
"""Of a table that joins others: it refers to two."""
_OFFERED: Final = frozenset({Access.CATALOGUE, Access.PUBLISHED, Access.COMMON})
"""What is there for all: products, dishes and tags."""
_TAKEN: Final = frozenset({Access.ORDER, Access.PERSONAL})
"""What people make with that: orders and carts."""
_NAMES: Final = frozenset({"name", "title", "description"})
_NOT_OF_USERS: Final = frozenset({"players", "matches", "leagues", "tournaments"})


def select_tables(mentions: Mentions) -> dict[str, Entity]:
    """Return the tables that a description asks for, by name; `items` where it asks for none.

    What they name, such as their parents, are tables of each other, or what may still be added: users.
    """
    selection = _Selection(mentions)
    related = with_relations(_related(selection.tables()), selection.relations)
    return with_containers(related, mentions.named, people=mentions.people)


@dataclass(slots=True)
class _Selection:
    mentions: Mentions
    _chosen: dict[str, Entity] = field(default_factory=dict[str, Entity], init=False)

    def tables(self) -> dict[str, Entity]:
        self._chosen = dict(list(_named(self.mentions).items())[:_MOST_MENTIONED])
        if len(self._chosen) < _ENOUGH:
            self._add_essentials()
        self._add_needs()
        self._add_users()
        self._add_joins()
        self._add_acts()
        if _speaks_of_users(self._chosen, self._told):
            self._chosen = {USERS: vocabulary().entities[USERS], **self._chosen}
        self._add_needs()
        self._add_joins()
        return self._chosen or {"items": of_noun("items")}

    @property
    def relations(self) -> list[Relation]:
        """What is said of the tables, but for who is in a team: its memberships say that."""
        said = (relation for relation in self.mentions.relations if not self._is_membership(relation))
        said = (self._of_users(relation) for relation in said)
        return [replace(one, is_mutual=True) if self._is_of_more(one) else one for one in said]

    def _of_users(self, relation: Relation) -> Relation:
        """Return what is said of the members of teams as said of users, who are those: members log hours."""
        memberships = {table.members for table in self._chosen.values()}
        concept = self._chosen[relation.one].concept if relation.one in self._chosen else None
        users = first_like(USERS, self._chosen)
        is_of_members = concept in memberships and relation.many != users
        return replace(relation, one=users) if is_of_members and users is not None else relation

    def _is_of_more(self, relation: Relation) -> bool:
        """Whether what something has is there without it, and had by others too: orders have products."""
        one, many = self._chosen.get(relation.one), self._chosen.get(relation.many)
        if one is None or many is None or relation.is_single or one.has("email") or many.has("email"):
            return False
        ends = frozenset({one.concept, many.concept})
        joins = (entity for entity in vocabulary().entities.values() if entity.access is None and entity.joins == ends)
        if one.access in _TAKEN and many.access in _OFFERED:
            return any(joins) or not relation.is_loose
        return not (relation.is_loose or self._is_described(relation.many)) and any(joins)

    def _is_described(self, name: str) -> bool:
        """Whether more is said of rows than what they are called: ingredients with an amount are of one recipe."""
        return any(quality.name not in _NAMES for quality in self.mentions.qualities.get(name, ()))

    @property
    def _told(self) -> set[str]:
        """The tables of which something is said beside another, and not by a preposition alone: `boards for teams`."""
        told = (relation for relation in self.mentions.relations if not relation.is_loose)
        return {name for relation in told for name in (relation.one, relation.many)}

    def _is_membership(self, relation: Relation) -> bool:
        tables = [self._chosen[name] for name in (relation.one, relation.many) if name in self._chosen]
        return any(table.members is not None for table in tables) and any(table.has("email") for table in tables)

    @property
    def _concepts(self) -> set[str]:
        return {entity.concept for entity in self._chosen.values()}

    def _add(self, name: str) -> list[Entity]:
        """Add an entity under its own name and return it; none where a table has that, or where there are too many."""
        is_named = _squeezed(name) in map(_squeezed, self._chosen)
        if is_named or len(self._chosen) >= MOST_TABLES - (USERS not in self._concepts):
            return []
        self._chosen[name] = vocabulary().entities[name]
        return [self._chosen[name]]

    def _domains(self) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Yield the choices that the domains offer, each essential or not, of which nothing is chosen.

        People of another kind than those for whom the domain is there do as well.
        """
        consumers = vocabulary().consumers
        for domain in self.mentions.domains:
            for choices, is_essential in vocabulary().domains[domain].entities:
                alike = consumers if choices[0] in consumers else frozenset[str]()
                if self._concepts.isdisjoint({*choices, *alike}):
                    yield choices, is_essential

    def _add_essentials(self) -> None:
        for choices, is_essential in self._domains():
            if is_essential:
                self._add(choices[0])

    def _add_users(self) -> None:
        """Add who signs in, where the domains have users and nobody is named who could."""
        usual = (
            choices[0] == USERS or (is_essential and USERS in choices) for choices, is_essential in self._domains()
        )
        domains = (vocabulary().domains[domain] for domain in self.mentions.domains)
        accounts = {name for domain in domains for choices in domain.accounts for name in choices}
        if any(usual) and accounts.isdisjoint(self._concepts):
            self._add(USERS)

    def _add_needs(self) -> None:
        """Add what the domains have of that without which a row cannot be, as a comment on something."""
        told = {relation.many for relation in self.relations} | self._acts_told
        waiting = [entity for entity in self._chosen.values() if entity.name not in told]
        while waiting:
            for parent in waiting.pop(0).parents:
                offered = (name for choices, _ in self._domains() for name in choices if name in parent.tables)
                name = next(offered, None) if self._is_lacking(parent) else None
                waiting += self._add(name) if name is not None else []

    @property
    def _acts_told(self) -> set[str]:
        """What is done with other things than usual: neighbours borrow tools, and loans are of these, not of books."""
        told = (relation for relation in self.relations if {relation.one, relation.many} <= self._chosen.keys())
        acts = [
            (act, self._ends(relation)) for relation in told for act in relation.acts if act in vocabulary().entities
        ]
        usual = {act for act, ends in acts if ends <= _parents_of(act)}
        return {act for act, _ in acts} - usual

    def _is_lacking(self, parent: Parent) -> bool:
        is_present = not {*self._chosen, *self._concepts}.isdisjoint(parent.tables)
        return parent.on_delete is not OnDelete.SET_NULL and not is_present

    def _add_joins(self) -> None:
        """Add the tables that join two of those present that nothing else relates, such as users and teams."""
        for entity in vocabulary().entities.values():
            if len(entity.joins) == _ENDS and entity.concept not in self._concepts and self._is_due(entity):
                self._add(entity.name)

    def _is_due(self, entity: Entity) -> bool:
        if self._are_members(entity) and self._names_other_people():
            return False
        if not entity.joins <= self._concepts or not self._concepts.isdisjoint(entity.unless):
            return False
        if any(self._ends(relation) == entity.joins and not relation.is_mutual for relation in self.relations):
            return False
        first, second = (vocabulary().entities[name] for name in sorted(entity.joins))
        is_related = any(
            other.name in parent.tables for one, other in ((first, second), (second, first)) for parent in one.parents
        )
        return not is_related or any(entity.name in choices for choices, _ in self._domains())

    def _are_members(self, entity: Entity) -> bool:
        return any(table.members == entity.name for table in self._chosen.values())

    def _names_other_people(self) -> bool:
        """Whether people are named who are not users, and may be who is in a team."""
        people = (table for table in self._chosen.values() if table.has("email") and table.name in self._told)
        return any(table.concept not in {USERS, "members"} for table in people)

    def _ends(self, relation: Relation) -> frozenset[str]:
        """Return what two tables of which something is said are like."""
        tables = (self._chosen.get(name) for name in (relation.one, relation.many))
        return frozenset(table.concept for table in tables if table is not None)

    def _add_acts(self) -> None:
        implied = self.mentions.implied if len(self._chosen) < _ENOUGH else ()
        for name in (*self.mentions.acts, *implied):
            if self._concepts.isdisjoint({name, *vocabulary().entities[name].unless}):
                self._add(name)


def _named(mentions: Mentions) -> dict[str, Entity]:
    """Return the tables that a description names: known ones, and those of other nouns."""
    words = vocabulary().entities
    known = {
        name: with_qualities(replace(words[concept], name=name), own_qualities(name, mentions))
        for name, concept in mentions.entities.items()
    }
    acting = mentions.people.intersection(mentions.actors)
    known = {name: with_email(entity) if name in acting else entity for name, entity in known.items()}
    nouns = {
        noun: of_people(noun, mentions.qualities.get(noun, ()))
        if noun in acting
        else of_noun(noun, own_qualities(noun, mentions), is_served=noun in mentions.served)
        for noun in mentions.nouns
    }
    known, nouns = with_teams(known, mentions), with_teams(nouns, mentions)
    known = with_memberships(known, nouns, mentions)
    tables = [*(in_teams(entity, known | nouns, mentions) for entity in known.values()), *nouns.values()]
    distinct: dict[str, Entity] = {}
    for table in tables:
        distinct.setdefault(_squeezed(table.name), table)
    return {table.name: table for table in distinct.values()}


def _parents_of(name: str) -> frozenset[str]:
    return frozenset(table for parent in vocabulary().entities[name].parents for table in parent.tables)


def _squeezed(name: str) -> str:
    """Return what two names have in common that are written in one word, or in two: `todo items`, `to-do items`."""
    return name.replace("_", "")


def _speaks_of_users(chosen: Mapping[str, Entity], told: Collection[str]) -> bool:
    """Whether some of the entities are nothing without users: profiles are theirs, and teams are of them.

    Teams of others, such as players, are not, nor those that do or have something: such a team is a row as any other.
    """
    concepts = {entity.concept for entity in chosen.values()}
    if any(entity.has("email") for entity in chosen.values()) or not _NOT_OF_USERS.isdisjoint(concepts):
        return False
    are_theirs = any(Parent((USERS,), OnDelete.CASCADE) in entity.parents for entity in chosen.values())
    return are_theirs or any(
        entity.members and entity.concept in TEAMS_AT_WORK and entity.name not in told for entity in chosen.values()
    )


def _related(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Return the entities with each other's tables where the vocabulary names what they are like."""
    alike: dict[str, list[str]] = {}
    for name, entity in entities.items():
        alike.setdefault(entity.concept, []).append(name)
    return {
        name: replace(
            entity,
            parents=tuple(parent for each in entity.parents for parent in _parents(each, alike, entity)),
            members=next(iter(alike.get(entity.members or "", [])), entity.members),
        )
        for name, entity in entities.items()
    }


def _parents(parent: Parent, alike: Mapping[str, Iterable[str]], child: Entity) -> Iterator[Parent]:
    """Yield what a table refers to: each of what is alike, of which a row may have any; or one, if it is unique."""
    choices = [[name for name in alike.get(concept, [concept]) if name != child.name] for concept in parent.tables]
    first = next(
        (tables for tables, concept in zip(choices, parent.tables, strict=True) if concept in alike), list[str]()
    )
    others = [] if child.is_unique else first[1:]
    on_delete = OnDelete.SET_NULL if others else parent.on_delete
    yield Parent(tuple(name for tables in choices for name in tables if name not in others), on_delete)
    yield from (Parent((name,), on_delete) for name in others)
