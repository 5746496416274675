"""Teams, whatever they are called, and what makes users their members."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.scaffold.mentions import Mentions
from services.scaffold.principals import ROLE, USERS, first_like, with_values
from services.scaffold.reading.reading import Quality
from services.scaffold.vocabulary import Entity, vocabulary

_MEMBERS: Final = "members"


def with_teams(entities: Mapping[str, Entity], mentions: Mentions) -> dict[str, Entity]:
    """Return the entities with those as teams whose members have roles: `gardens have members with the roles …`."""
    teams = {one.one for one in mentions.relations if one.many == _MEMBERS and _role_said(_MEMBERS, mentions)}
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


def _role_said(table: str, mentions: Mentions) -> Quality | None:
    return next((quality for quality in mentions.qualities.get(table, ()) if quality.name == ROLE), None)


def in_teams(entity: Entity, entities: Mapping[str, Entity], mentions: Mentions) -> Entity:
    """Return the members of teams as the users that they are.

    Where there are users, or members have roles, they are what makes users members.
    """
    team = next((other for other in entities.values() if other.members is not None), None)
    if entity.concept != _MEMBERS or team is None or team.members is None:
        return entity
    role = _role_said(entity.name, mentions)
    if role is None and first_like(USERS, entities) is None:
        return replace(vocabulary().entities[USERS], name=entity.name)
    like = vocabulary().entities[team.members]
    parents = tuple(
        replace(parent, tables=(team.name,)) if like.joins - {USERS} <= {*parent.tables} else parent
        for parent in like.parents
    )
    fields = tuple(with_values(one, role.values) if role and one.name == ROLE else one for one in like.fields)
    joins = frozenset({USERS, team.concept})
    return replace(like, name=entity.name, fields=fields, parents=parents, joins=joins)
