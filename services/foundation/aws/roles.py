"""Roles of other accounts: assumed for a while, as their owners allow it."""

from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from services.core.clock import Clock
from services.core.credentials import AwsKeys, AwsRole
from services.core.frozen import frozen
from services.foundation.aws.clients import Aws

LIFETIME: Final = timedelta(hours=1)
"""Of the keys of an assumed role: the longest that every role allows."""

KEPT: Final = timedelta(minutes=15)
"""For how long the same keys are given again, so that whoever gets them has most of an hour left."""

_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException", "ValidationError"})


class RoleRefused(Exception):
    """AWS does not let us assume a role, or lets us assume it for anybody."""

    def __init__(self, role: AwsRole, *, trusts_all: bool = False) -> None:
        fault = (
            f"Snapinfra may assume {role.arn} for whoever names it: its trust policy must demand"
            if trusts_all
            else f"AWS does not let Snapinfra assume {role.arn}: its trust policy must allow that with"
        )
        self.message = f"{fault} the external id {role.external_id}."
        super().__init__(self.message)


@frozen
class Roles:
    aws: Aws
    now: Clock
    _kept: dict[AwsRole, tuple[datetime, AwsKeys]] = field(
        default_factory=dict[AwsRole, tuple[datetime, AwsKeys]], repr=False
    )

    async def keys(self, role: AwsRole) -> AwsKeys:
        """Return keys that act as a role, which none but the external id's owner can name. Raises RoleRefused, and
        Outage.
        """
        now = self.now()
        for each, (until, _) in list(self._kept.items()):
            if until <= now:
                del self._kept[each]
        if role not in self._kept:
            self._kept[role] = (now + KEPT, await self.aws.run(self._assume, role))
        return self._kept[role][1]

    def _assume(self, role: AwsRole) -> AwsKeys:
        """Assume a role. Of one that we may assume without its external id, we can't know whose it is: anybody's who
        has left that out, or one of our own account's.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        """
        keys = self._assumed(role, ExternalId=role.external_id)
        if keys is None:
            raise RoleRefused(role)
        if self._assumed(role) is not None:
            raise RoleRefused(role, trusts_all=True)
        return keys

    def _assumed(self, role: AwsRole, **external_id: str) -> AwsKeys | None:
        """Return keys of a role, or None where AWS refuses them."""
        try:
            answer: Any = self.aws.sts.assume_role(
                RoleArn=role.arn,
                RoleSessionName="snapinfra",
                DurationSeconds=round(LIFETIME.total_seconds()),
                **external_id,
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _REFUSED:
                return None
            raise
        keys = answer["Credentials"]
        return AwsKeys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
