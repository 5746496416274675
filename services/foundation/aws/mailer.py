"""Mail to people, through SES. Sending never fails what it is for: it says whether it went out."""

import logging
from enum import Enum

from services.core.frozen import frozen
from services.foundation.aws.clients import AWS_ERRORS, Aws

log = logging.getLogger(__name__)


class MailState(Enum):
    """What became of a mail."""

    SENT = "SENT"
    """SES has taken it; whether it arrives, it does not say."""
    FAILED = "FAILED"
    """It did not go out, as far as is known."""
    OFF = "OFF"
    """This server sends no mail."""


@frozen(kw_only=True)
class Mailer:
    """Sends mail from one address, with links into one frontend. Without a sender it sends none."""

    aws: Aws
    sender: str | None
    app_url: str

    @property
    def is_on(self) -> bool:
        return self.sender is not None

    def link(self, *path: str) -> str:
        """Return the address of a page of the frontend's."""
        return "/".join([self.app_url.rstrip("/"), *path])

    async def send(self, address: str, subject: str, text: str) -> MailState:
        """Send a mail to one address, at most once: what was perhaps lost is not sent again."""
        if self.sender is None:
            return MailState.OFF
        try:
            await self.aws.run(
                self.aws.ses.send_email,
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [address]},
                Content={
                    "Simple": {
                        "Subject": {"Data": " ".join(subject.split()), "Charset": "UTF-8"},
                        "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
                    }
                },
            )
        except AWS_ERRORS as error:
            log.warning("a mail did not go out: %s", type(error).__name__)  # its message may name the address
            return MailState.FAILED
        return MailState.SENT
