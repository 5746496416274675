"""Who signs in to the backend of a derived schema, and which of its tables are teams that they are in."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import (
    Accounts,
    Field,
    FieldAccess,
    FieldRules,
    FieldType,
    OnDelete,
    Secrecy,
    Teams,
)
from services.scaffold.logins import EMAIL, USERNAME
from services.scaffold.mentions import Mentions
from services.scaffold.names import reference_to
from services.scaffold.plurals import singular
from services.scaffold.roles import ADMIN, OWNER_ROLE, ROLE, with_team_roles
from services.scaffold.rules import with_rules
from services.scaffold.vocabulary import Access, Entity, Parent, vocabulary

TEAM_MANAGERS: Final = (OWNER_ROLE, ADMIN)
USERS: Final = "users"
_OWNED: Final = frozenset({None, Access.PERSONAL, Access.PUBLISHED, Access.CONTRIBUTION})
TEAMS_AT_WORK: Final = frozenset({"teams", "organizations"})
"""Teams that have what their members work on; what is said in a conversation is all that it has."""
_HIRED: Final = frozenset({Access.DIRECTORY, Access.INTERNAL})
"""What rows of people are who do not sign up by themselves."""
_USERNAME: Final = Field(
    name=USERNAME,
    type=FieldType.STRING,
    rules=FieldRules(min_length=3, max_length=50, pattern=r"[A-Za-z0-9._\-]+", case_insensitive=True),
)
_PASSWORD: Final = Field(
    name="password",
    type=FieldType.STRING,
    secrecy=Secrecy.HASHED,
    rules=FieldRules(min_length=12, max_length=128),
)
"""NIST SP 800-63B asks for a least length and for no rules on what it is made of."""


@frozen
class Principals:
    """What of a schema is people. With no `accounts`, tokens are somebody else's."""

    accounts: str | None = None
    """The table whose rows sign in."""
    profiles: frozenset[str] = frozenset()
    """Tables of which each row is somebody's who signs in, as buyers and sellers are users."""
    login: str = EMAIL
    """The field by which they sign in."""
    teams: str | None = None
    memberships: str | None = None
    are_users: bool = False
    """Whether those who sign in are users, and no one kind of people, such as patients."""
    is_internal: bool = False
    """Whether those who sign in are colleagues, who get their accounts from an admin."""

    @property
    def is_shared(self) -> bool:
        """Whether those who sign in work on the same rows."""
        return self.is_internal and self.are_users


def principals_of(entities: Mapping[str, Entity], mentions: Mentions) -> Principals:
    """Say who signs in: users; else the one kind of people that does something; none where nobody does."""
    people = _people(entities, mentions)
    if not people:
        return Principals()
    users = first_like(USERS, entities) or USERS
    accounts = people[0] if len(people) == 1 else users
    are_joined = any(entity.members in entities and _are_of(accounts, entity, mentions) for entity in entities.values())
    teams = _teams(entities) if accounts == users or are_joined else None
    domains = [vocabulary().domains[name] for name in mentions.domains]
    return Principals(
        accounts=accounts,
        profiles=frozenset(people) - {accounts},
        teams=teams.name if teams else None,
        memberships=teams.members if teams else None,
        are_users=accounts == users,
        is_internal=(len(people) == 1 and entities[accounts].access in _HIRED)
        or (teams is None and bool(domains) and all(domain.is_internal for domain in domains)),
    )


def with_principals(entities: Mapping[str, Entity], principals: Principals) -> dict[str, Entity]:
    """Return the entities with what those need who sign in: secrets, roles, and users behind profiles."""
    if principals.accounts is None:
        return dict(entities)
    complete: dict[str, Entity] = {principals.accounts: vocabulary().entities[USERS], **entities}
    complete[principals.accounts] = _account(complete[principals.accounts], principals.login)
    for name in principals.profiles:
        complete[name] = _profile(complete[name], principals.accounts)
    if principals.memberships and first_like("roles", complete):
        complete[principals.memberships] = _with_access(complete[principals.memberships])
    if principals.teams and principals.memberships:
        complete |= _with_team_roles(complete[principals.teams], complete[principals.memberships])
    if principals.is_shared:
        return complete
    complete = _in_private(complete)
    return {name: _owned(entity, complete, principals) for name, entity in complete.items()}


def _with_team_roles(team: Entity, memberships: Entity) -> dict[str, Entity]:
    """Return a team and its memberships with the roles that teams are said to have: those are its members'."""
    said = next((field.rules.values for field in team.fields if field.name == ROLE and field.rules), ())
    if not said:
        return {}
    others = tuple(field for field in team.fields if field.name != ROLE)
    return {team.name: replace(team, fields=others), memberships.name: with_team_roles(memberships, said)}


def accounts_of(principals: Principals, *, is_closed: bool) -> Accounts | None:
    """Return how the users of a derived schema sign in, and that they make their accounts, unless that is closed."""
    if principals.accounts is None:
        return None
    return Accounts(
        table=principals.accounts,
        login=principals.login,
        password=_PASSWORD.name,
        role=ROLE,
        sign_up=not (is_closed or principals.is_internal),
    )


def teams_of(principals: Principals, entities: Mapping[str, Entity]) -> Teams | None:
    """Return where a derived schema has its teams."""
    if principals.teams is None or principals.accounts is None or principals.memberships is None:
        return None
    membership = entities[principals.memberships]
    return Teams(
        table=principals.teams,
        memberships=membership.name,
        user=reference_to(principals.accounts),
        team=reference_to(principals.teams),
        role=next(name for name in ("access", "role") if membership.has(name)),
        owner_role=OWNER_ROLE,
    )


def first_like(concept: str, entities: Mapping[str, Entity]) -> str | None:
    """Name the first table that is like an entity of the vocabulary."""
    return next(_alike(concept, entities), None)


def _alike(concept: str, entities: Mapping[str, Entity]) -> Iterator[str]:
    return (name for name, entity in entities.items() if entity.concept == concept)


def _people(entities: Mapping[str, Entity], mentions: Mentions) -> list[str]:
    """Name the tables of those who sign in, users first."""
    expected = [
        next((name for choice in choices for name in _alike(choice, entities)), None)
        for domain in mentions.domains
        for choices in vocabulary().domains[domain].accounts
    ]
    named = [*list(_alike(USERS, entities))[:1], *mentions.actors]
    acting = [name for name in named if name in entities and entities[name].has(EMAIL)]
    present = [name for name in expected if name is not None and entities[name].has(EMAIL)]
    is_served = any(entities[name].concept in vocabulary().consumers for name in acting)
    return list(dict.fromkeys(acting if is_served else [*acting, *present]))


def _are_of(people: str, team: Entity, mentions: Mentions) -> bool:
    """Whether it is said that people belong to a team."""
    ends = {people, team.name}
    return any({one.one, one.many} == ends for one in mentions.relations)


def _teams(entities: Mapping[str, Entity]) -> Entity | None:
    """Return what users are members of: of teams within others, the outermost."""
    teams = {entity.name: entity for entity in entities.values() if entity.members in entities}
    within = {name for name, entity in teams.items() if not teams.keys().isdisjoint(_referred(entity))}
    return next((entity for name, entity in teams.items() if name not in within), None)


def _referred(entity: Entity) -> Iterator[str]:
    return (table for parent in entity.parents for table in parent.tables)


def _account(entity: Entity, login: str) -> Entity:
    """Return an entity whose rows sign in, by a name of their own or by their e-mail address.

    Who has a name needs no address, without which nobody can mail them a new password.
    """
    names = {login, EMAIL}
    address = next(field for field in entity.fields if field.name == EMAIL)
    known_by = [_login(address)] if login == EMAIL else [_login(_USERNAME), structs.replace(address, nullable=True)]
    others = [field for field in entity.fields if field.name not in {*names, _PASSWORD.name, ROLE}]
    place = next(number for number, field in enumerate(entity.fields) if field.name in names)
    said = next((field.rules.values for field in entity.fields if field.name == ROLE and field.rules), ())
    usual = singular(entity.name)
    role = Field(
        name=ROLE,
        type=FieldType.STRING,
        default_value=usual,
        access=FieldAccess.MANAGED,
        rules=FieldRules(values=tuple(dict.fromkeys((usual, *said, ADMIN)))),
    )
    return replace(entity, fields=(*others[:place], *known_by, _PASSWORD, *others[place:], role))


def _login(field: Field) -> Field:
    return with_rules(structs.replace(field, nullable=False, unique=True))


def _profile(entity: Entity, users: str) -> Entity:
    """Return people who are users: at most one row for each."""
    return replace(
        entity,
        parents=(*entity.parents, Parent((users,), OnDelete.CASCADE)),
        is_unique=True,
    )


def _owned(entity: Entity, entities: Mapping[str, Entity], principals: Principals) -> Entity:
    """Return the entity with a reference to whose it is.

    What is somebody's and refers to nothing that tells whose gets one of its own.
    """
    entity = _to_present(entity, entities, principals)
    people = {principals.accounts, *principals.profiles}
    others = {name for name, other in entities.items() if other.access in _OWNED and name != entity.name}
    tells = {*people, principals.teams, *others}
    is_whole = entity.name in {*people, principals.teams, principals.memberships} or bool(entity.joins)
    is_owned = entity.access is Access.PERSONAL or (entity.access is None and principals.are_users)
    if is_whole or not is_owned or not tells.isdisjoint(_referred(entity)):
        return entity
    teams = entities[principals.teams] if principals.teams is not None else None
    is_at_work = teams is not None and teams.concept in TEAMS_AT_WORK
    owner = principals.teams if entity.access is None and is_at_work else principals.accounts
    return replace(entity, parents=(*entity.parents, Parent((owner or USERS,), OnDelete.CASCADE)))


def _to_present(entity: Entity, entities: Mapping[str, Entity], principals: Principals) -> Entity:
    """Return the entity with references to who signs in, where others have users, and to teams rather than to users."""
    parents: list[Parent] = []
    for parent in entity.parents:
        tables = parent.tables
        if USERS in tables and principals.accounts not in tables:
            tables = (*tables, principals.accounts or USERS)
        first = next((table for table in tables if table in entities), None)
        if principals.teams in tables and first != principals.teams and entity.name != principals.memberships:
            keeps = parent.on_delete is OnDelete.RESTRICT
            parents.append(Parent((principals.teams or "",), parent.on_delete if keeps else OnDelete.CASCADE))
            tables = tuple(table for table in tables if table not in {principals.accounts, principals.teams})
        parents.append(replace(parent, tables=tables))
    return replace(entity, parents=tuple(parents))


def _in_private(entities: Mapping[str, Entity]) -> dict[str, Entity]:
    """Return the entities with what is everybody's as somebody's, where nothing else is for everybody."""
    if any(entity.access is Access.PUBLISHED for entity in entities.values()):
        return dict(entities)
    return {
        name: replace(entity, access=None) if entity.access is Access.COMMON else entity
        for name, entity in entities.items()
    }


def _with_access(membership: Entity) -> Entity:
    """Return memberships in which a `role` is one of the schema's own roles, and not what a member may do."""
    fields = (structs.replace(field, name="access") if field.name == "role" else field for field in membership.fields)
    return replace(membership, fields=tuple(fields))
