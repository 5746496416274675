"""Letters: mail to a user about what came of what they had asked for, as their settings want it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from services.core.frozen import frozen
from services.core.ids import TeamId, UserId
from services.foundation.aws.mailer import Mailer
from services.foundation.limits.once import Once
from services.memberships.service import Memberships
from services.notifications.model import NotificationEvent
from services.notifications.notice import Notice
from services.settings import NotifiableEvent, Settings
from services.users import User, Users

REMEMBERED: Final = timedelta(days=15)
"""How long a letter is known to be sent: longer than a message stays in the queue."""

_MEANS: Final[Mapping[tuple[NotificationEvent, str | None], NotifiableEvent]] = {
    (NotificationEvent.GENERATION_FINISHED, "COMPLETED"): NotifiableEvent.GENERATION_COMPLETED,
    (NotificationEvent.GENERATION_FINISHED, "INCOMPLETE"): NotifiableEvent.GENERATION_FAILED,
    (NotificationEvent.GENERATION_FINISHED, "FAILED"): NotifiableEvent.GENERATION_FAILED,
    (NotificationEvent.DEPLOYMENT_SUCCEEDED, "SUCCESS"): NotifiableEvent.DEPLOYMENT_LIVE,
    (NotificationEvent.DEPLOYMENT_FINISHED, "FAILED"): NotifiableEvent.DEPLOYMENT_FAILED,
}


@frozen(kw_only=True)
class EmailNotifier:
    mailer: Mailer
    users: Users
    settings: Settings
    memberships: Memberships
    once: Once
    """Of the letters that were sent."""

    async def send(self, notice: Notice) -> None:
        """Mail a notice to who had asked for what it tells of, if they want to know and are still in the team.

        At most once: a letter that is lost is not written again.
        """
        event = _MEANS.get((notice.event, notice.data.get("status")))
        if not self.mailer.is_on or event is None or notice.user_id is None:
            return
        if event not in await self.settings.notify_on(notice.user_id):
            return
        user = await self.users.find(notice.user_id)
        if user is None or user.email is None or not await self._is_in(user, notice.team_id):
            return
        if await self.once.note(f"letter#{notice.key}", notice.user_id, lifetime=REMEMBERED):
            await self.mailer.send(user.email, notice.subject, self._text(notice))

    async def _is_in(self, user: User, team_id: TeamId) -> bool:
        if user.personal_team_id == team_id:
            return True
        return await self.memberships.find(UserId(user.id), team_id) is not None

    def _text(self, notice: Notice) -> str:
        url, project_id = notice.data.get("url"), notice.data.get("projectId")
        lines = [notice.text]
        if url and notice.event is NotificationEvent.DEPLOYMENT_SUCCEEDED:
            lines.append(f"It answers at {url}")
        if download_url := notice.data.get("downloadUrl"):
            lines.append(f"Its files, for an hour: {download_url}")
        if project_id:
            lines.append(f"Its project: {self.mailer.link('projects', project_id)}")
        lines.append("You had asked for it, and notifyOn in your settings says that you want to know.")
        return "\n\n".join(lines) + "\n"
