"""What a description says of how its tables belong together, beside what the vocabulary knows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.designs.schema import OnDelete
from services.scaffold.plurals import singular
from services.scaffold.reading.reading import Relation
from services.scaffold.vocabulary import Access, Basis, Entity, Parent, vocabulary

_KEPT_LIKE: Final = "favorites"
_KEPT: Final = frozenset({"bookmarks", _KEPT_LIKE})


def with_relations(entities: Mapping[str, Entity], relations: Iterable[Relation]) -> dict[str, Entity]:
    """Return the tables with references for what is said of them, and with tables that join what is of each other."""
    related = dict(entities)
    for relation in relations:
        if relation.one not in related or relation.many not in related:
            continue
        if relation.is_mutual:
            related = _joined(related, relation)
        elif relation.is_single and _refers(related, relation.one, relation.many):
            related[relation.one] = _said(related[relation.one], {relation.many}, related)
        elif not (relation.is_loose and _needs(related, relation.one, relation.many)):
            related[relation.one] = _without(related[relation.one], relation.many, related)
            related[relation.many] = _with_parent(related, relation)
    return related


def with_containers(
    entities: Mapping[str, Entity], named: Iterable[str], *, people: Collection[str]
) -> dict[str, Entity]:
    """Return the tables with references for those that nothing relates to another: nobody names what stands alone.

    Such a table, if it may be of others, is of the last that is named before it, but for people and what is of another
    for that reason: hives have both inspections and harvests. People are those of the next.
    """
    related, contained = dict(entities), set[str]()
    order = [name for name in named if name in entities]
    things = [name for name in order if name not in people and not entities[name].has("email")]
    for name in things[1:]:
        if _stands_alone(name, related) and _is_of_something(related[name]):
            before = [one for one in order[: order.index(name)] if one not in contained]
            container = next((one for one in reversed(before) if one in things), before[-1])
            related[name] = _contained(related[name], container)
            contained.add(name)
    for name in order:
        if name not in things and things and _stands_alone(name, related):
            after = next((one for one in things[1:] if order.index(one) > order.index(name)), None)
            one, container = (name, things[0]) if after is None else (after, name)
            related[one] = _contained(related[one], container)
    return related


def _stands_alone(table: str, entities: Mapping[str, Entity]) -> bool:
    firsts = ((name, _first(parent, entities)) for name, entity in entities.items() for parent in entity.parents)
    return all(first is None or table not in {name, first} for name, first in firsts)


def _is_of_something(entity: Entity) -> bool:
    """Whether a table's rows may be of others: those that the vocabulary does not know, or knows to be."""
    if entity.concept not in vocabulary().entities:
        return True
    return bool(entity.parents) and entity.access not in {Access.CATALOGUE, Access.DIRECTORY}


def _contained(entity: Entity, container: str) -> Entity:
    return replace(entity, parents=(*entity.parents, Parent((container,), OnDelete.SET_NULL, basis=Basis.GUESSED)))


def _with_parent(entities: Mapping[str, Entity], relation: Relation) -> Entity:
    child = entities[relation.many]
    if _refers(entities, relation.many, relation.one):
        return _said(child, {relation.one}, entities)
    on_delete = OnDelete.SET_NULL if _needs(entities, relation.one, relation.many) else OnDelete.CASCADE
    parent = Parent((relation.one,), on_delete, is_single=relation.is_single, basis=Basis.SAID)
    return replace(child, parents=(*child.parents, parent))


def _said(entity: Entity, ends: Collection[str], entities: Mapping[str, Entity]) -> Entity:
    """Return a table of whose references those to some tables are what a description says."""
    parents = (
        replace(parent, basis=Basis.SAID) if _first(parent, entities) in ends else parent for parent in entity.parents
    )
    return replace(entity, parents=tuple(parents))


def _first(parent: Parent, entities: Mapping[str, Entity]) -> str | None:
    return next((table for table in parent.tables if table in entities), None)


def _without(entity: Entity, table: str, entities: Mapping[str, Entity]) -> Entity:
    """Return a table without a reference to what is said to refer to it."""
    return replace(entity, parents=tuple(one for one in entity.parents if _first(one, entities) != table))


def _joined(entities: Mapping[str, Entity], relation: Relation) -> dict[str, Entity]:
    """Return the tables with one that refers to both of a relation: what is done, where it has a name, or links."""
    ends = frozenset({relation.one, relation.many})
    if (kept := next((act for act in relation.acts if act in _KEPT), None)) is not None and kept not in entities:
        return {**entities, kept: _kept(kept, relation)}
    if not relation.is_stated and _are_related(entities, relation):
        return {**entities, **{end: _said(entities[end], ends, entities) for end in ends}}
    joining = (one for one in entities.values() if ends <= {_first(parent, entities) for parent in one.parents})
    if (join := next(joining, None)) is not None:
        return {**entities, join.name: _said(join, ends, entities)}
    parents = [Parent((table,), OnDelete.CASCADE, basis=Basis.SAID) for table in (relation.one, relation.many)]
    acts = [act for act in relation.acts if act in vocabulary().entities]
    if acts:
        name = next((act for act in acts if act in entities), acts[0])
        return {**entities, name: _with_ends(entities.get(name, vocabulary().entities[name]), parents, entities)}
    parents = tuple(parents)
    links = f"{singular(relation.one)}_{relation.many}"
    join = Entity(name=links, concept=links, fields=(), parents=parents, is_unique=True, joins=ends)
    return {**entities, links: join} if links not in entities else dict(entities)


def _kept(name: str, relation: Relation) -> Entity:
    """Return what people keep of others' things for themselves, each once: bookmarks of concerts."""
    ends = (Parent((table,), OnDelete.CASCADE, basis=Basis.SAID) for table in (relation.one, relation.many))
    return replace(vocabulary().entities[_KEPT_LIKE], name=name, parents=tuple(ends), is_unique=True)


def _are_related(entities: Mapping[str, Entity], relation: Relation) -> bool:
    """Whether one of two tables refers to the other."""
    return _refers(entities, relation.one, relation.many) or _refers(entities, relation.many, relation.one)


def _refers(entities: Mapping[str, Entity], table: str, other: str) -> bool:
    return any(_first(parent, entities) == other for parent in entities[table].parents)


def _with_ends(act: Entity, ends: Iterable[Parent], entities: Mapping[str, Entity]) -> Entity:
    """Return what is done with references to who does it and to what it is done with, which is one of several there."""
    ends = tuple(ends)
    present = {_first(parent, entities): parent for parent in act.parents}
    added = [end for end in ends if end.tables[0] not in present]
    is_other = len(added) < 2  # noqa: PLR2004 - one of the two is there from what else is done
    on_delete = OnDelete.SET_NULL if is_other else OnDelete.CASCADE
    whole = replace(act, parents=(*act.parents, *(replace(end, on_delete=on_delete) for end in added)))
    return _said(whole, {end.tables[0] for end in ends}, entities)


def _needs(entities: Mapping[str, Entity], table: str, other: str) -> bool:
    """Whether a row of a table cannot be without one of another, by any way."""
    waiting, seen = [table], set[str]()
    while waiting:
        current = waiting.pop()
        if current == other:
            return True
        if current not in seen and current in entities:
            seen.add(current)
            firm = (parent for parent in entities[current].parents if parent.on_delete is not OnDelete.SET_NULL)
            waiting += [name for parent in firm for name in parent.tables if name in entities]
    return False
