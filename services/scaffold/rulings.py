"""Who may do what to each table of a derived schema, from whose its rows are.

A row is its owner's where the table refers to who signs in, its team's where it refers to a team, and goes with its
parent where it is a part of one. What is nobody's and no catalogue is for those with a role.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from services.core.frozen import frozen
from services.designs.schema import Audience, Condition, Field, FieldAccess, FieldType, Grant, OnDelete, Policy
from services.scaffold.grants import as_said, is_about, is_of_owners, opened_by
from services.scaffold.names import reference_to
from services.scaffold.principals import ADMIN, TEAM_MANAGERS, Principals
from services.scaffold.statement import Statement
from services.scaffold.vocabulary import Access, Entity, Parent, vocabulary

_PUBLIC: Final = (Grant(Audience.PUBLIC),)
_SIGNED_IN: Final = (Grant(Audience.SIGNED_IN),)
_OWNER: Final = (Grant(Audience.OWNER),)
_ADMIN: Final = (Grant(Audience.ROLE, (ADMIN,)),)
_MEMBER: Final = (Grant(Audience.TEAM),)
_MANAGER: Final = (Grant(Audience.TEAM, TEAM_MANAGERS),)
_TEAM_OWNER: Final = (Grant(Audience.TEAM, TEAM_MANAGERS[:1]),)

OPEN_TO_SIGNED_IN: Final = Policy(create=_SIGNED_IN, read=_SIGNED_IN, update=_SIGNED_IN, delete=_SIGNED_IN)
_TEAMS: Final = Policy(
    create=_SIGNED_IN,
    read=(*_MEMBER, *_ADMIN),
    update=(*_MANAGER, *_ADMIN),
    delete=(*_TEAM_OWNER, *_ADMIN),
    team="id",
)
_OWNER_FIELDS: Final = ("ownerId", "creatorId")
_PERSONS: Final = frozenset({Access.PERSONAL, Access.REQUEST, Access.ORDER, Access.RECORD})
"""What a person makes, or what is about one."""
_PARTS: Final = frozenset({None, Access.RECORD})
"""What goes with a whole that is somebody's."""
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
    _decided: dict[str, Ruling] = field(default_factory=dict[str, Ruling], init=False)

    def of(self, table: str) -> Ruling:
        """Return the ruling for a table. Of tables that are parts of each other, one is taken as no part."""
        if table not in self._decided:
            self._decided[table] = Ruling()
            self._decided[table] = self._as_said(self._decide(self.entities[table]), table)
        return self._decided[table]

    def _as_said(self, ruling: Ruling, table: str) -> Ruling:
        """Return the ruling with what the description says of its table, and of which its parts are to know."""
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
        return replace(ruling, policy=as_said(policy, about))

    def _decide(self, entity: Entity) -> Ruling:
        people = self.principals
        if people.accounts is None:
            return self._of_token(entity)
        if (
            people.is_shared
            and entity.access not in {Access.PERSONAL, Access.RECORD}
            and entity.name != people.accounts
        ):
            return Ruling(Policy(create=_SIGNED_IN, read=_SIGNED_IN, update=_SIGNED_IN, delete=_ADMIN))
        return (
            self._of_people(entity)
            or _of_class(entity)
            or self._in_team(entity)
            or self._owned(entity)
            or self._part(entity)
            or _of_nobody(entity)
        )

    def _of_token(self, entity: Entity) -> Ruling:
        """Rule where tokens are somebody else's: what is a person's is theirs whose token made it, or who is named.

        What is no person's is open to every token, and has no policy of its own.
        """
        links = self._links(entity)
        person = next((link for link in links if self.entities[link.table].has("email") and self._is_owned(link)), None)
        is_theirs = entity.access in _PERSONS or (entity.access is None and entity.has("email"))
        if entity.access is Access.CONTRIBUTION and (whole := self._about(entity, person)) is not None:
            is_closed = self._is_owned(whole) and not _reaches(self._policy(whole.table).read)
            is_theirs, entity = (False, replace(entity, access=None)) if is_closed else (True, entity)
        elif entity.access is Access.CONTRIBUTION:
            is_theirs, entity = True, replace(entity, access=None)
        elif entity.access is Access.PUBLISHED:
            is_theirs = person is not None or _is_of_users(entity)
        if person is not None and is_theirs:
            policy = _to_signed_in(_of_owner(entity, create=_OWNER))
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
        policy = structs.replace(_to_signed_in(_of_owner(entity, create=_SIGNED_IN)), owner=owner.name)
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
            return Ruling(self._account())
        if entity.name == people.teams:
            return Ruling(_TEAMS)
        if entity.name == people.memberships:
            return self._membership()
        return self._owned(replace(entity, access=None)) if entity.name in people.profiles else None

    def _account(self) -> Policy:
        read = _SIGNED_IN if self.principals.is_shared else (*_OWNER, *_ADMIN)
        return Policy(create=_ADMIN, read=read, update=(*_OWNER, *_ADMIN), delete=(*_OWNER, *_ADMIN), owner="id")

    def _membership(self) -> Ruling:
        user, team = reference_to(self.principals.accounts or ""), reference_to(self.principals.teams or "")
        manage = (*_MANAGER, *_ADMIN)
        policy = Policy(
            create=manage, read=(*_MEMBER, *_ADMIN), update=manage, delete=(*_OWNER, *manage), owner=user, team=team
        )
        return Ruling(policy, access=dict.fromkeys((user, team), FieldAccess.IMMUTABLE))

    def _in_team(self, entity: Entity) -> Ruling | None:
        """Rule over what refers to a team, or to what is a team's."""
        if entity.access is Access.PERSONAL or self.principals.teams is None:
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
            policy = Policy(create=_MANAGER, read=(*_MEMBER, *_ADMIN), update=_ADMIN, delete=_ADMIN, team=team)
            return Ruling(policy, access=access, required=frozenset({via.field}), is_decided=True)
        if author is not None and entity.access in {Access.CONTRIBUTION, Access.PUBLISHED}:
            policy = Policy(
                create=_MEMBER,
                read=_MEMBER,
                update=_OWNER,
                delete=(*_OWNER, *_MANAGER),
                owner=author,
                team=team,
            )
            access[author] = FieldAccess.READ_ONLY
        if own is not None:
            return Ruling(policy, access=access, required=frozenset({via.field}))
        return self._inherited(entity, policy, via, access)

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
            if len(self._links(entity)) == 1:
                entity = replace(entity, access=None)
        is_profile = link.table in people.profiles
        policy = _of_owner(entity, create=_OWNER if is_profile else _SIGNED_IN)
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
        if of_whole.owner is None or _reaches(of_whole.read):
            return None
        read = _without_conditions(of_whole.read)
        if entity.shown is not None:
            read = (*_shown_to(_OWNER, entity), *(grant for grant in read if grant.audience is not Audience.OWNER))
        policy = Policy(create=_without_conditions(of_whole.read), read=read, update=_ADMIN, delete=_ADMIN)
        return self._inherited(entity, policy, about, {about.field: FieldAccess.IMMUTABLE})

    def _part(self, entity: Entity) -> Ruling | None:
        """Rule over what goes with its parent: whoever may change the whole may change its parts."""
        whole = self._whole(entity)
        if whole is None:
            return None
        of_whole, is_decided = self._policy(whole.table), self.of(whole.table).is_decided
        write = _ADMIN if is_decided and entity.access is Access.RECORD else of_whole.update
        is_asked = is_decided and of_whole.owner is not None and entity.access is not Access.RECORD
        create = (*_OWNER, *_ADMIN) if is_asked else write
        read = _without_conditions(of_whole.read)
        if entity.shown is not None and read == _PUBLIC:
            read = (*_shown_to(_PUBLIC, entity), *write)
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


def _to_signed_in(policy: Policy) -> Policy:
    """Return a policy whose rows are not for strangers, where nobody has said so."""
    read = tuple(
        structs.replace(grant, audience=Audience.SIGNED_IN) if grant.audience is Audience.PUBLIC else grant
        for grant in policy.read
    )
    return structs.replace(policy, read=read)


def _of_class(entity: Entity) -> Ruling | None:
    """Rule over what is the same whatever it refers to."""
    match entity.access:
        case Access.INTERNAL:
            return Ruling(_of_staff(read=_ADMIN))
        case Access.CATALOGUE:
            readers = _SIGNED_IN if entity.has("email") else _PUBLIC
            return Ruling(_of_staff(read=_shown_to(readers, entity)))
        case Access.DIRECTORY:
            return Ruling(_of_staff(read=_SIGNED_IN))
        case Access.COMMON:
            return Ruling(structs.replace(_of_staff(read=_PUBLIC), create=_SIGNED_IN))
        case _:
            return None


def _of_nobody(entity: Entity) -> Ruling:
    """Rule over what is no person's, no team's and no part of anything."""
    return Ruling(_of_staff(read=_shown_to(_PUBLIC, entity) if entity.access is Access.PUBLISHED else _ADMIN))


def _of_staff(*, read: tuple[Grant, ...]) -> Policy:
    is_open = all(grant.when is None for grant in read)
    return Policy(create=_ADMIN, read=read if is_open else (*read, *_ADMIN), update=_ADMIN, delete=_ADMIN)


def _of_owner(entity: Entity, *, create: tuple[Grant, ...]) -> Policy:
    both = (*_OWNER, *_ADMIN)
    match entity.access:
        case Access.PERSONAL:
            return Policy(create=create, read=_OWNER, update=_OWNER, delete=_OWNER)
        case Access.PUBLISHED | Access.CONTRIBUTION:
            read = _PUBLIC if entity.shown is None else (*_shown_to(_PUBLIC, entity), *both)
            return Policy(create=create, read=read, update=both, delete=both)
        case Access.REQUEST:
            return Policy(create=(*create, *_ADMIN), read=both, update=_ADMIN, delete=both)
        case Access.ORDER:
            return Policy(create=(*create, *_ADMIN), read=both, update=_ADMIN, delete=_ADMIN)
        case Access.RECORD:
            return Policy(create=_ADMIN, read=both, update=_ADMIN, delete=_ADMIN)
        case _:
            return Policy(create=create, read=both, update=both, delete=both)


def _shown_to(grants: tuple[Grant, ...], entity: Entity) -> tuple[Grant, ...]:
    if entity.shown is None:
        return grants
    name, value = entity.shown
    return tuple(structs.replace(grant, when=Condition(name, value)) for grant in grants)


def _without_conditions(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Return the grants for a part: what its parent must hold, it does not have."""
    if any(grant.audience is Audience.PUBLIC for grant in grants):
        return _PUBLIC
    return tuple(dict.fromkeys(structs.replace(grant, when=None) for grant in grants))


def _reaches(grants: tuple[Grant, ...]) -> bool:
    """Whether some rows are for more than their owners and staff."""
    return any(grant.audience in {Audience.PUBLIC, Audience.SIGNED_IN} for grant in grants)
