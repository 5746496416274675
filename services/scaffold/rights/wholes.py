"""What an app is about, of which a description speaks as a whole: `only admins change the catalogue`."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.designs.schema import Policy, SchemaModel
from services.scaffold.naming import concept_of
from services.scaffold.principals import USERS
from services.scaffold.rights.statement import Statement
from services.scaffold.rights.wording import WHOLE
from services.scaffold.vocabulary import Access, Entity, vocabulary

_SHOWN: Final = frozenset({None, Access.PUBLISHED})
"""What is on a list that some keep, and somebody's where nobody does."""
_LISTED: Final = frozenset({Access.CATALOGUE, Access.COMMON, Access.DIRECTORY})


def kept_by_some(
    entities: Mapping[str, Entity], rules: Iterable[Statement], made: Collection[str]
) -> dict[str, Entity]:
    """Return the entities with those as a list for all that are of a whole which some alone change.

    What others make, as visitors write reviews, and what is a person's is none of it.
    """
    if not any(one.is_exclusive and WHOLE in one.tables and "create" in one.actions for one in rules):
        return dict(entities)
    return {name: _as_listed(entity) if _is_of_whole(entity, made) else entity for name, entity in entities.items()}


def _is_of_whole(entity: Entity, made: Collection[str]) -> bool:
    is_made = entity.name in made or bool(entity.joins) or entity.members is not None
    return entity.access in _SHOWN and not is_made and not entity.has("email")


def _as_listed(entity: Entity) -> Entity:
    parents = tuple(parent for parent in entity.parents if USERS not in parent.tables)
    return replace(entity, parents=parents, access=Access.CATALOGUE)


def whole_in(entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """Name the tables of a whole: lists for all, and what links two of these."""
    listed = {name for name, entity in entities.items() if entity.access in _LISTED and not entity.has("email")}
    links = (entity for entity in entities.values() if entity.joins and entity.joins <= listed)
    return (*(name for name in entities if name in listed), *(one.name for one in links if one.name not in listed))


def whole_of(schema: SchemaModel) -> tuple[str, ...]:
    """Name the tables of a schema that are a whole: of nobody and of no team, and nobody's who signs in."""
    people = {schema.accounts.table if schema.accounts else None}
    if schema.teams is not None:
        people |= {schema.teams.table, schema.teams.memberships}
    policies = {table.name: table.policy or schema.default_policy or Policy() for table in schema.tables}
    return tuple(
        name
        for name, policy in policies.items()
        if name not in people and policy.owner is None and policy.team is None and not _is_internal(name)
    )


def _is_internal(table: str) -> bool:
    like = vocabulary().entities.get(concept_of(table))
    return like is not None and like.access is Access.INTERNAL
