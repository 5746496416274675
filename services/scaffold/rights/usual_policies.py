"""Who may do what with rows of which nothing is said, by what they are and whose."""

from typing import Final

from msgspec import structs

from services.designs.schema import Audience, Condition, Grant, Policy
from services.scaffold.rights.statement import IS_PUBLIC
from services.scaffold.roles import ADMIN
from services.scaffold.vocabulary import Access, Entity

PUBLIC: Final = (Grant(Audience.PUBLIC),)
SIGNED_IN: Final = (Grant(Audience.SIGNED_IN),)
STAFF: Final = (Grant(Audience.ROLE, (ADMIN,)),)
OWNER: Final = (Grant(Audience.OWNER),)


def to_signed_in(policy: Policy) -> Policy:
    """Return a policy whose rows are not for strangers, where nobody has said so."""
    read = tuple(
        structs.replace(grant, audience=Audience.SIGNED_IN) if grant.audience is Audience.PUBLIC else grant
        for grant in policy.read
    )
    return structs.replace(policy, read=read)


def of_staff(*, read: tuple[Grant, ...]) -> Policy:
    is_open = all(grant.when is None for grant in read)
    return Policy(create=STAFF, read=read if is_open else (*read, *STAFF), update=STAFF, delete=STAFF)


def of_owner(entity: Entity, *, create: tuple[Grant, ...]) -> Policy:
    both = (*OWNER, *STAFF)
    match entity.access:
        case Access.PERSONAL:
            return Policy(create=create, read=OWNER, update=OWNER, delete=OWNER)
        case Access.PUBLISHED | Access.CONTRIBUTION:
            read = PUBLIC if entity.shown is None else (*shown_to(PUBLIC, entity), *both)
            return Policy(create=create, read=read, update=both, delete=both)
        case Access.REQUEST:
            return Policy(create=(*create, *STAFF), read=both, update=STAFF, delete=both)
        case Access.ORDER:
            return Policy(create=(*create, *STAFF), read=both, update=STAFF, delete=STAFF)
        case Access.RECORD:
            return Policy(create=STAFF, read=both, update=STAFF, delete=STAFF)
        case _:
            return Policy(create=create, read=both, update=both, delete=both)


def shown_to(grants: tuple[Grant, ...], entity: Entity) -> tuple[Grant, ...]:
    if entity.shown is None:
        return grants
    name, value = entity.shown
    return tuple(structs.replace(grant, when=Condition(name, value)) for grant in grants)


def without_conditions(grants: tuple[Grant, ...]) -> tuple[Grant, ...]:
    """Return the grants for a part: what its parent must hold, it does not have, nor whether its owner shows it."""
    grants = tuple(grant for grant in grants if grant.when is None or grant.when.field != IS_PUBLIC)
    if any(grant.audience is Audience.PUBLIC for grant in grants):
        return PUBLIC
    return tuple(dict.fromkeys(structs.replace(grant, when=None) for grant in grants))


def reaches(grants: tuple[Grant, ...]) -> bool:
    """Whether some rows are for more than their owners and staff."""
    return any(grant.audience in {Audience.PUBLIC, Audience.SIGNED_IN} for grant in grants)
