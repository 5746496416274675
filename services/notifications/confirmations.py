"""Asking those who are to be told: a mail of SNS's own, or a code to a telephone; and how often anybody may be asked.

Whoever adds a target chooses who gets a message. So the rate is counted over all processes, for the user, for the team,
and for the address, whoever names it: nobody's mail is flooded, and nobody earns by having telephones written to.
"""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict
from services.core.frozen import frozen
from services.core.ids import TargetId
from services.core.pepper import Pepper
from services.foundation.limits.rate_limit import RateLimiter
from services.notifications.model import NotificationTarget, SentCode

OF_USER: Final = 20
"""Targets that one user may add within a minute, as the invitations that they may send."""
OF_TEAM: Final = 40
"""Targets that a team may add within an hour."""
OF_ADDRESS: Final = 3
"""Times that one address is asked within an hour, by whomever."""
HOUR: Final = timedelta(hours=1)

CODE_DIGITS: Final = 6
CODE_LIFETIME: Final = timedelta(minutes=15)
CODE_TRIES: Final = 5
"""Wrong codes after which none is right any more."""

_ACTION: Final = "askTarget"


@frozen(kw_only=True)
class Confirmations:
    rates: RateLimiter
    """With limits of its own; these are set here."""
    pepper: Pepper
    random: Callable[[int], bytes]
    now: Clock

    async def admit(self, target: NotificationTarget, *, by: Actor) -> None:
        """Count a target that is about to be asked, once however often this is called. Raises Limited."""
        what = "people to tell"
        user = dataclasses.replace(self.rates, most=OF_USER, what=what)
        team = dataclasses.replace(self.rates, most=OF_TEAM, what=what, window=HOUR)
        address = dataclasses.replace(self.rates, most=OF_ADDRESS, what="messages to this address", window=HOUR)
        await user.take(_ACTION, target.id, by=by.user_id)
        await team.take(_ACTION, target.id, by=target.team_id)
        await address.take(_ACTION, target.id, by=self.pepper.hash(target.address.lower())[:32])

    def code_for(self, target_id: TargetId) -> tuple[str, SentCode]:
        """Make a code for a telephone, and what is kept of it."""
        code = f"{int.from_bytes(self.random(8)) % 10**CODE_DIGITS:0{CODE_DIGITS}}"
        return code, SentCode(self.pepper.hash(_of(target_id, code)), self.now() + CODE_LIFETIME)

    def entered(self, target: NotificationTarget, code: str) -> NotificationTarget:
        """Return the target after somebody has entered a code: without one where it was right, else with one try more.

        Raises Conflict where no code is right any more.
        """
        sent = target.code
        if sent is None:
            return target
        if sent.tries >= CODE_TRIES or sent.expires_at <= self.now():
            raise Conflict("The code is not valid any more: delete this target and add it again.", current=target)
        if self.pepper.matches(_of(target.id, code.strip()), sent.hash):
            return replace(target, code=None)
        return replace(target, code=replace(sent, tries=sent.tries + 1))


def _of(target_id: TargetId, code: str) -> str:
    return f"{target_id}\n{code}"
