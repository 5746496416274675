"""Who the people of a table's tests are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from services.designs.schema import Audience, Grant
from services.scaffold.own_tests.persona import ACTIONS, Persona
from services.scaffold.own_tests.world import Subject, World


def personas(world: World, subject: Subject) -> list[Persona]:
    """Return all that somebody can be to a row, as far as grants tell it apart, the plainest first."""
    roles, team_roles = [None, *_roles(subject)], [None, *_team_roles(world, subject)]
    choices = [_whose(world, subject, Persona(*each)) for each in product(roles, _owning(subject), team_roles)]
    return sorted(
        dict.fromkeys(choices), key=lambda persona: (persona.role is not None) + (persona.team_role is not None)
    )


def everybody(world: World, subject: Subject) -> Iterator[Persona]:
    """Yield nobody, somebody, and people of whom each is one thing to a row that grants tell apart."""
    yield Persona(signed_in=False)
    yield Persona()
    if subject.policy.owner is not None and _named(subject, Audience.OWNER):
        yield _whose(world, subject, Persona(owns=True))
    yield from (Persona(role=role) for role in _roles(subject))
    team_roles = _team_roles(world, subject)
    if team_roles:
        yield from (Persona(team_role=role) for role in (*team_roles, *_plain_roles(world, team_roles)))
        yield Persona(team_role=team_roles[0], outside=True)


def _whose(world: World, subject: Subject, persona: Persona) -> Persona:
    """Return somebody as what they are: whose membership it is, is by that a plain member of its team."""
    is_by_row = persona.owns and world.is_membership(subject)
    return replace(persona, team_role=member_role(world)) if is_by_row else persona


def _roles(subject: Subject) -> list[str]:
    return list(dict.fromkeys(role for grant in _named(subject, Audience.ROLE) for role in grant.roles))


def _team_roles(world: World, subject: Subject) -> list[str]:
    """Return the roles that grants to the team of a row name, or one of its members; nothing where it has no team."""
    grants, teams = _named(subject, Audience.TEAM), world.schema.teams
    if not grants or teams is None or subject.policy.team is None:
        return []
    named = dict.fromkeys(role for grant in grants for role in grant.roles) if teams.role is not None else {}
    return list(named) or [member_role(world)]


def _named(subject: Subject, audience: Audience) -> list[Grant]:
    return [grant for action in ACTIONS for grant in getattr(subject.policy, action) if grant.audience is audience]


def _plain_roles(world: World, named: Sequence[str]) -> list[str]:
    """Return a role in teams that no grant names, where there is one."""
    return [role for role in roles_in_teams(world) if role and role not in named][:1]


def _owning(subject: Subject) -> list[bool]:
    """Return whether to look first for those who own a row: they do where whoever makes it becomes its owner."""
    owner = subject.policy.owner
    if owner is None:
        return [False]
    return [True, False] if owner in subject.by_server else [False, True]


def roles_in_teams(world: World, *, owners: bool = False) -> list[str]:
    """Return the roles that members of teams may have, that of new ones first, and where asked for that of owners.

    Where memberships have no roles, it is the empty text.
    """
    teams = world.schema.teams
    if teams is None or teams.role is None:
        return [""]
    subject = world.subjects[teams.memberships]
    rules = subject.field(teams.role).rules
    values = [value for value in (rules.values if rules else ()) if value != teams.owner_role]
    own = [teams.owner_role] if owners and teams.owner_role is not None else []
    return list(dict.fromkeys([subject.plain_role, *values, *own]))


def member_role(world: World) -> str:
    """Return the role of a plain member of a team."""
    return roles_in_teams(world)[0]
