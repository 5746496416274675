"""Who may do what to each table of a derived schema, from whose its rows are.

A row is its owner's where the table refers to who signs in, its team's where it refers to a team, and goes with its
parent where it is a part of one. What is nobody's and no catalogue is for those with a role.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import Audience, Field, FieldAccess, FieldType, Grant, OnDelete, Policy
from services.scaffold.names import reference_to
from services.scaffold.principals import TEAM_MANAGERS, Principals
from services.scaffold.rights.grants import as_said, is_about, is_of_owners, opened_by, widened
from services.scaffold.rights.statement import IS_PUBLIC, Statement
from services.scaffold.rights.usual_policies import (
    OWNER,
    PUBLIC,
    SIGNED_IN,
    STAFF,
    of_owner,
    of_staff,
    reaches,
    shown_to,
    to_signed_in,
    without_conditions,
)
from services.scaffold.vocabulary import Access, Basis, Entity, Parent, vocabulary

_MEMBER: Final = (Grant(Audience.TEAM),)
_MANAGER: Final = (Grant(Audience.TEAM, TEAM_MANAGERS),)
_TEAM_OWNER: Final = (Grant(Audience.TEAM, TEAM_MANAGERS[:1]),)

OPEN_TO_SIGNED_IN: Final = Policy(create=SIGNED_IN, read=SIGNED_IN, update=SIGNED_IN, delete=SIGNED_IN)
_TEAMS: Final = Policy(
    create=SIGNED_IN,
    read=(*_MEMBER, *STAFF),
    update=(*_MANAGER, *STAFF),
    delete=(*_TEAM_OWNER, *STAFF),
    team="id",
)
_OWNER_FIELDS: Final = ("ownerId", "creatorId")
_PERSONS: Final = frozenset({Access.PERSONAL, Access.REQUEST, Access.ORDER, Access.RECORD})
"""What a person makes, or what is about one."""
_PARTS: Final = frozenset({None, Access.RECORD})
"""What goes with a whole that is somebody's."""
_SHARED: Final = Field(name=IS_PUBLIC, type=FieldType.BOOLEAN, default_value=False)
_DECIDED: Final = frozenset({Access.REQUEST, Access.ORDER})


@frozen
class Ruling:
    """What the policy of a table is, and what it needs of the table."""

    policy: Policy | None = None
    extra: tuple[Field, ...] = ()
    """Fields that hold the owner and the team of a row that takes them from its parent."""
    access: Mapping[str, FieldAccess] = field(default_factory=dict[str, FieldAccess])
    required: frozenset[str] = frozenset()
    """Fields that refer to what a row goes with, and so are never empty."""
    is_decided: bool = False
    """Whether those with a role say what state a row is in and what it costs."""
    is_person: bool = False
    """Whether a row is somebody who signs in, whom others give what they earn and how they are rated."""


@frozen
class _Link:
    """A reference of an entity to a table that is present."""

    field: str
    table: str
    parent: Parent


@dataclass(slots=True)
class Rulings:
    """The rulings of a schema's tables."""

    entities: Mapping[str, Entity]
    links: Mapping[str, Sequence[tuple[str, Parent]]]
    principals: Principals
    statements: Sequence[Statement] = ()
    """With the names of the tables that they are about."""
    made: frozenset[tuple[str, str]] = frozenset()
    """Which people are said to make rows of which tables."""
    _decided: dict[str, Ruling] = field(default_factory=dict[str, Ruling], init=False)

    def of(self, table: str) -> Ruling:
        """Return the ruling for a table. Of tables that are parts of each other, one is taken as no part."""
        if table not in self._decided:
            self._decided[table] = Ruling()
            self._decided[table] = self._as_said(self._decide(self.entities[table]), table)
        return self._decided[table]

    def _as_said(self, ruling: Ruling, table: str) -> Ruling:
        """Return the ruling with what the description says of its table, and of which its parts are to know."""
        if ruling.policy is not None:
            read = widened(ruling.policy.read, tuple(dict.fromkeys(self._makers_of_parts(table, ruling.policy))))
            ruling = replace(ruling, policy=structs.replace(ruling.policy, read=read))
        about = [statement for statement in self.statements if is_about(statement, table)]
        if not about:
            return ruling
        policy = ruling.policy or opened_by(about)
        is_ownerless = self.principals.accounts is None and policy.owner is None
        if is_ownerless and any(is_of_owners(statement) for statement in about):
            owner = Field(
                name=self._owner_field(self.entities[table]), type=FieldType.STRING, access=FieldAccess.READ_ONLY
            )
            ruling, policy = replace(ruling, extra=(owner,)), structs.replace(policy, owner=owner.name)
        policy = as_said(policy, about)
        if any(grant.when is not None and grant.when.field == IS_PUBLIC for grant in policy.read):
            ruling = replace(ruling, extra=(*ruling.extra, _SHARED))
        return replace(ruling, policy=policy)

    def _makers_of_parts(self, table: str, policy: Policy) -> Iterator[Grant]:
        """Yield those of whom it is said that they make what refers to rows of a table, which they have to see."""
        parts = [name for name, links in self.links.items() if any(link[0] == table for link in links)]
        records = [part for part in parts if self.entities[part].access is Access.RECORD]
        if policy.owner is None and any((self.principals.accounts, part) in self.made for part in records):
            yield from SIGNED_IN
        for statement in self.statements:
            if "create" in statement.actions and not statement.is_denied and set(parts).intersection(statement.tables):
                for grant in statement.grants:
                    if grant.audience is Audience.ROLE or (grant.audience is Audience.TEAM and policy.team):
                        yield grant

    def _decide(self, entity: Entity) -> Ruling:
        people = self.principals
        if people.accounts is None:
            return self._of_token(entity)
        if (
            people.is_shared
            and entity.access not in {Access.PERSONAL, Access.RECORD}
            and entity.name != people.accounts
        ):
            return Ruling(Policy(create=SIGNED_IN, read=SIGNED_IN, update=SIGNED_IN, delete=STAFF))
        if entity.access is Access.CATALOGUE and self._is_about_somebodys(entity):
            entity = replace(entity, access=None)
        return (
            self._of_people(entity)
            or _of_class(entity)
            or self._in_team(entity)
            or self._owned(entity)
            or self._part(entity)
            or _of_nobody(entity)
        )

    def _is_about_somebodys(self, entity: Entity) -> bool:
        """Whether rows are said to go with what is one person's to read: treatments, after an appointment."""
        wholes = (link for link in self._links(entity) if link.parent.basis is Basis.SAID)
        things = (self._policy(link.table) for link in wholes if not self.entities[link.table].has("email"))
        return any(policy.owner is not None and not reaches(policy.read) for policy in things)

    def _of_token(self, entity: Entity) -> Ruling:
        """Rule where tokens are somebody else's: what is a person's is theirs whose token made it, or who is named.

        What is no person's is open to every token, and has no policy of its own.
        """
        links = self._links(entity)
        person = next((link for link in links if self.entities[link.table].has("email") and self._is_owned(link)), None)
        is_theirs = entity.access in _PERSONS or (entity.access is None and entity.has("email"))
        if entity.access is Access.CONTRIBUTION and (whole := self._about(entity, person)) is not None:
            is_closed = self._is_owned(whole) and not reaches(self._policy(whole.table).read)
            is_theirs, entity = (False, replace(entity, access=None)) if is_closed else (True, entity)
        elif entity.access is Access.CONTRIBUTION:
            is_theirs, entity = True, replace(entity, access=None)
        elif entity.access is Access.PUBLISHED:
            is_theirs = person is not None or _is_of_users(entity)
        if person is not None and is_theirs:
            policy = to_signed_in(of_owner(entity, create=OWNER))
            access = {person.field: FieldAccess.IMMUTABLE}
            return self._inherited(entity, policy, person, access, is_decided=entity.access in _DECIDED)
        if is_theirs and not (entity.access is Access.RECORD and self._is_part(entity)):
            return self._of_maker(entity)
        return (self._part(entity) if entity.access in _PARTS and self._is_part(entity) else None) or Ruling()

    def _about(self, entity: Entity, author: _Link | None) -> _Link | None:
        """Return what something is said of, beside who says it."""
        return next((link for link in self._links(entity) if link != author), None)

    def _of_maker(self, entity: Entity) -> Ruling:
        """Rule over what is theirs whose token made it; those with a role say whose what they write is."""
        is_record = entity.access is Access.RECORD
        access = FieldAccess.MANAGED if is_record else FieldAccess.READ_ONLY
        owner = Field(name=self._owner_field(entity), type=FieldType.STRING, access=access)
        policy = structs.replace(to_signed_in(of_owner(entity, create=SIGNED_IN)), owner=owner.name)
        return Ruling(policy, extra=(owner,), is_decided=entity.access in _DECIDED)

    def _is_part(self, entity: Entity) -> bool:
        whole = self._whole(entity)
        return whole is not None and self._is_owned(whole)

    def _is_owned(self, link: _Link) -> bool:
        return self._policy(link.table).owner is not None

    def _of_people(self, entity: Entity) -> Ruling | None:
        """Rule over those who sign in, what else they are, and their teams."""
        people = self.principals
        if entity.name == people.accounts:
            return Ruling(self._account(), is_person=True)
        if entity.name == people.teams:
            return Ruling(_TEAMS)
        if entity.name == people.memberships:
            return self._membership()
        owned = self._owned(replace(entity, access=None)) if entity.name in people.profiles else None
        if owned is None or owned.policy is None or entity.access is not Access.DIRECTORY:
            return owned and replace(owned, is_person=True)
        return replace(owned, is_person=True, policy=structs.replace(owned.policy, read=SIGNED_IN))

    def _account(self) -> Policy:
        read = SIGNED_IN if self.principals.is_shared else (*OWNER, *STAFF)
        return Policy(create=STAFF, read=read, update=(*OWNER, *STAFF), delete=(*OWNER, *STAFF), owner="id")

    def _membership(self) -> Ruling:
        user, team = reference_to(self.principals.accounts or ""), reference_to(self.principals.teams or "")
        manage = (*_MANAGER, *STAFF)
        policy = Policy(
            create=manage, read=(*_MEMBER, *STAFF), update=manage, delete=(*OWNER, *manage), owner=user, team=team
        )
        return Ruling(policy, access=dict.fromkeys((user, team), FieldAccess.IMMUTABLE))

    def _in_team(self, entity: Entity) -> Ruling | None:
        """Rule over what refers to a team, or to what is a team's."""
        if self.principals.teams is None or (entity.access is Access.PERSONAL and not self._is_made_by_members(entity)):
            return None
        team = reference_to(self.principals.teams)
        links = self._links(entity)
        own = next((link for link in links if link.table == self.principals.teams), None)
        via = own or next((link for link in links if self._policy(link.table).team == team), None)
        if via is None:
            return None
        author = next((link.field for link in links if link.table == self.principals.accounts), None)
        policy = Policy(create=_MEMBER, read=_MEMBER, update=_MEMBER, delete=_MANAGER, team=team)
        access = {via.field: FieldAccess.IMMUTABLE}
        if own is not None and entity.access is Access.ORDER:
            policy = Policy(create=_MANAGER, read=(*_MEMBER, *STAFF), update=STAFF, delete=STAFF, team=team)
            return Ruling(policy, access=access, required=frozenset({via.field}), is_decided=True)
        if author is not None and entity.access in {Access.CONTRIBUTION, Access.PUBLISHED}:
            policy = Policy(
                create=_MEMBER,
                read=_MEMBER,
                update=OWNER,
                delete=(*OWNER, *_MANAGER),
                owner=author,
                team=team,
            )
            access[author] = FieldAccess.READ_ONLY
        elif author is not None and self._is_made_by_members(entity):
            policy = structs.replace(policy, owner=author)
            access[author] = FieldAccess.READ_ONLY
        if own is not None:
            return Ruling(policy, access=access, required=frozenset({via.field}))
        return self._inherited(entity, policy, via, access)

    def _is_made_by_members(self, entity: Entity) -> bool:
        """Whether those in a team are said to make such rows, so that each is somebody's: `members log hours`."""
        return (self.principals.memberships, entity.name) in self.made

    def _owned(self, entity: Entity) -> Ruling | None:
        """Rule over what refers to one who signs in, or to a profile of one."""
        people = self.principals
        link = next(
            (link for link in self._links(entity) if self._is_of_people(link.table)),
            None,
        )
        if link is None:
            return None
        if entity.access is Access.CONTRIBUTION:
            if (said_of := self._said_of(entity, link)) is not None:
                return said_of
            about = self._about(entity, link)
            if about is None or not reaches(self._policy(about.table).read):
                entity = replace(entity, access=None)
        if entity.access is Access.RECORD and (link.table, entity.name) in self.made:
            entity = replace(entity, access=None)
        is_profile = link.table in people.profiles
        linked = (*OWNER, *STAFF) if entity.joins and entity.access is None else OWNER
        policy = of_owner(entity, create=linked if is_profile else SIGNED_IN)
        is_decided = entity.access in _DECIDED
        if is_profile:
            return self._inherited(entity, policy, link, {link.field: FieldAccess.IMMUTABLE}, is_decided=is_decided)
        is_managed = is_decided or entity.access is Access.RECORD
        access = {link.field: FieldAccess.MANAGED if is_managed else FieldAccess.READ_ONLY}
        goes_along = frozenset({link.field}) if entity.access in {None, Access.PERSONAL} else frozenset[str]()
        policy = structs.replace(policy, owner=link.field)
        return Ruling(policy, access=access, required=goes_along, is_decided=is_decided)

    def _is_of_people(self, table: str) -> bool:
        """Whether a reference to a table tells whose a row is."""
        people = self.principals
        return table == people.accounts or (table in people.profiles and self._policy(table).owner is not None)

    def _said_of(self, entity: Entity, author: _Link) -> Ruling | None:
        """Rule over what is said of a row that not everybody reads: whoever reads that may say and read more of it."""
        about = self._about(entity, author)
        if about is None:
            return None
        of_whole = self._policy(about.table)
        if of_whole.owner is None or reaches(of_whole.read):
            return None
        read = without_conditions(of_whole.read)
        if entity.shown is not None:
            read = (*shown_to(OWNER, entity), *(grant for grant in read if grant.audience is not Audience.OWNER))
        policy = Policy(create=without_conditions(of_whole.read), read=read, update=STAFF, delete=STAFF)
        return self._inherited(entity, policy, about, {about.field: FieldAccess.IMMUTABLE})

    def _part(self, entity: Entity) -> Ruling | None:
        """Rule over what goes with its parent: whoever may change the whole may change its parts."""
        whole = self._whole(entity)
        if whole is None:
            return None
        of_whole, is_decided = self._policy(whole.table), self.of(whole.table).is_decided
        write = STAFF if is_decided and entity.access is Access.RECORD else of_whole.update
        is_asked = is_decided and of_whole.owner is not None and entity.access is not Access.RECORD
        create = (*OWNER, *STAFF) if is_asked else write
        read = without_conditions(of_whole.read)
        if entity.shown is not None and read == PUBLIC:
            read = (*shown_to(PUBLIC, entity), *write)
        team = reference_to(self.principals.teams) if of_whole.team and self.principals.teams else None
        policy = Policy(create=create, read=read, update=write, delete=write, team=team)
        access = {whole.field: FieldAccess.IMMUTABLE}
        if of_whole.owner is None and team is None:
            return Ruling(policy, access=access, is_decided=is_decided)
        return self._inherited(entity, policy, whole, access, is_decided=is_decided)

    def _whole(self, entity: Entity) -> _Link | None:
        links = [link for link in self._links(entity) if self._policy(link.table) != Policy()]
        firm = next((link for link in links if link.parent.on_delete is not OnDelete.SET_NULL), None)
        return firm or next((link for link in links if self._policy(link.table).owner is not None), None)

    def _inherited(
        self,
        entity: Entity,
        policy: Policy,
        via: _Link,
        access: Mapping[str, FieldAccess],
        *,
        is_decided: bool = False,
    ) -> Ruling:
        """Complete the ruling over what takes its owner or its team from the row that it refers to."""
        parent = self._policy(via.table)
        made = self._owner_field(entity) if parent.owner and policy.owner is None else None
        owner = policy.owner or made
        names = [name for name in (made, policy.team) if name is not None]
        extra = tuple(Field(name=name, type=FieldType.STRING, access=FieldAccess.READ_ONLY) for name in names)
        return Ruling(
            structs.replace(policy, owner=owner, inherited_from=via.field),
            extra=extra,
            access=access,
            required=frozenset({via.field}),
            is_decided=is_decided,
        )

    def _owner_field(self, entity: Entity) -> str:
        """Name a field for the owner of a row that refers to none by itself."""
        accounts = self.principals.accounts
        names = (reference_to(accounts), *_OWNER_FIELDS) if accounts else _OWNER_FIELDS
        taken = {*(field.name for field in entity.fields), *(link.field for link in self._links(entity))}
        return next(name for name in names if name not in taken)

    def _links(self, entity: Entity) -> list[_Link]:
        return [_Link(reference_to(table), table, parent) for table, parent in self.links[entity.name]]

    def _policy(self, table: str) -> Policy:
        return self.of(table).policy or Policy()


def _is_of_users(entity: Entity) -> bool:
    """Whether the vocabulary has rows that are like an entity's as what users write."""
    like = vocabulary().entities.get(entity.concept)
    return like is not None and any("users" in parent.tables for parent in like.parents)


def _of_class(entity: Entity) -> Ruling | None:
    """Rule over what is the same whatever it refers to."""
    match entity.access:
        case Access.INTERNAL:
            return Ruling(of_staff(read=STAFF))
        case Access.CATALOGUE:
            readers = SIGNED_IN if entity.has("email") else PUBLIC
            return Ruling(of_staff(read=shown_to(readers, entity)))
        case Access.DIRECTORY:
            return Ruling(of_staff(read=SIGNED_IN))
        case Access.COMMON:
            return Ruling(structs.replace(of_staff(read=PUBLIC), create=SIGNED_IN))
        case _:
            return None


def _of_nobody(entity: Entity) -> Ruling:
    """Rule over what is no person's, no team's and no part of anything."""
    return Ruling(of_staff(read=shown_to(PUBLIC, entity) if entity.access is Access.PUBLISHED else STAFF))
