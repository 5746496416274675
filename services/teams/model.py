"""The record of an invitation. Teams and memberships, which other slices need too, are in services/memberships/."""

from typing import Final

from services.core.actor import Role
from services.core.ids import InvitationId, TeamId, UserId
from services.foundation.aws.items import Entity
from services.foundation.aws.mailer import MailState
from services.foundation.aws.spec import GoesWith, Index, Owner, TableSpec


class Invitation(Entity, frozen=True, kw_only=True, rename="camel"):
    """`hash` is the HMAC-SHA256 of its token with the server's pepper, in hex; `user_id` invited."""

    id: InvitationId
    team_id: TeamId
    user_id: UserId
    email: str
    """In lower case."""
    role: Role
    hash: str
    expires_at: int
    mail_state: MailState = MailState.OFF
    """FAILED until SES has taken the mail."""


INVITATIONS: Final = TableSpec(
    "invitations",
    Invitation,
    fate=(GoesWith(Owner.TEAM, "TeamIdIndex"),),
    indexes=(Index("TeamIdIndex", "teamId", "createdAt"),),
    ttl="expiresAt",
)
