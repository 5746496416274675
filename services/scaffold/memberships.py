"""Teams, whatever they are called, and what makes users their members."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from services.scaffold.mentions import Mentions
from services.scaffold.principals import TEAMS_AT_WORK, USERS, first_like
from services.scaffold.reading.reading import MEMBER_ROLE, Quality, Relation
from services.scaffold.roles import ROLE, with_team_roles
from services.scaffold.vocabulary import Entity, vocabulary

_MEMBERS: Final = "members"


def with_teams(entities: Mapping[str, Entity], mentions: Mentions) -> dict[str, Entity]:
    """Return the entities with those as teams whose members have roles: `gardens have members with the roles …`."""
    teams = {one for relation in mentions.relations for one in _teams_of(relation, mentions)}
    return {
        name: replace(
            entity,
            members=entity.members or "memberships",
            parents=tuple(parent for parent in entity.parents if USERS not in parent.tables),
        )
        if name in teams and not entity.has("email")
        else entity
        for name, entity in entities.items()
    }


def _teams_of(relation: Relation, mentions: Mentions) -> Iterator[str]:
    """Yield what is said to have members with roles, or to have roles itself that people have who belong to it."""
    ends = (relation.one, relation.many)
    for team, people in (ends, ends[::-1]) if relation.is_mutual else (ends,):
        is_joined = people in mentions.people and team not in mentions.people
        has_roles = people == _MEMBERS and _role_said(_MEMBERS, mentions) is not None
        if has_roles or (is_joined and _role_said(team, mentions, MEMBER_ROLE)):
            yield team


def with_memberships(
    entities: Mapping[str, Entity], beside: Mapping[str, Entity], mentions: Mentions
) -> dict[str, Entity]:
    """Return the entities with what makes users members, where nobody calls those so and the vocabulary has it not."""
    whole = {**entities, **beside}
    team = next((one for one in whole.values() if one.members is not None), None)
    if team is None or team.members is None or team.concept in TEAMS_AT_WORK:
        return dict(entities)
    if any(one.concept in {_MEMBERS, team.members} for one in whole.values()):
        return dict(entities)
    members = replace(vocabulary().entities[_MEMBERS], name=team.members)
    return {**entities, team.members: in_teams(members, whole, mentions)}


def own_qualities(table: str, mentions: Mentions) -> list[Quality]:
    """Return what is said of rows; what members of the vocabulary's teams may be is what those are said to have."""
    said = mentions.qualities.get(table, ())
    is_known = mentions.entities.get(table) in TEAMS_AT_WORK
    renamed = [replace(one, name=ROLE) if is_known and one.name == MEMBER_ROLE else one for one in said]
    return [one for one in renamed if one.name != MEMBER_ROLE]


def _role_said(table: str, mentions: Mentions, name: str = ROLE) -> Quality | None:
    return next((quality for quality in mentions.qualities.get(table, ()) if quality.name == name), None)


def in_teams(entity: Entity, entities: Mapping[str, Entity], mentions: Mentions) -> Entity:
    """Return the members of teams as the users that they are.

    Where there are users, or members have roles, they are what makes users members.
    """
    team = next((other for other in entities.values() if other.members is not None), None)
    if entity.concept != _MEMBERS or team is None or team.members is None:
        return entity
    role = _role_said(entity.name, mentions) or _role_said(team.name, mentions, MEMBER_ROLE)
    if role is None and first_like(USERS, entities) is None:
        return replace(vocabulary().entities[USERS], name=entity.name)
    like = vocabulary().entities[team.members]
    parents = tuple(
        replace(parent, tables=(team.name,)) if like.joins - {USERS} <= {*parent.tables} else parent
        for parent in like.parents
    )
    like = with_team_roles(like, role.values) if role else like
    joins = frozenset({USERS, team.concept})
    return replace(like, name=entity.name, parents=parents, joins=joins)
