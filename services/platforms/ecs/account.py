"""Calls to the user's account: what AWS refuses, when it is asked again, and answers as types."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import field
from http import HTTPStatus
from typing import Any, Final, Self, TypeVar

import msgspec
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    ParamValidationError,
    UnknownEndpointError,
)
from botocore.parsers import ResponseParserError

from services.core.foreign_json import whole
from services.core.frozen import frozen
from services.foundation.aws.accounts import ForeignAccount
from services.foundation.aws.outage import REFUSED_CREDENTIALS
from services.platforms.output import cleaned, shortened
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import MOST_WORDS, Refused, Unclear
from services.platforms.vendors.patience import Busy, Limited, Patience, Pauses, Turns

NAME: Final = "AWS"

_PAUSE: Final = 1.0
"""Seconds to leave an account alone that is throttled: AWS does not say for how long."""
_ROLES: Final = 60.0
"""Seconds until all of AWS knows a new role (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html)."""
_THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_PASSING: Final = frozenset({"ConcurrentModification", "OperationAborted", "RequestTimeout"})
"""Somebody else changes the same thing just now."""
_REFUSED: Final = REFUSED_CREDENTIALS | {"InvalidToken", "RequestTimeTooSkewed", "TokenRefreshRequired"}
_FORBIDDEN: Final = frozenset({"AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation"})
_INACTIVE: Final = frozenset({"OptInRequired", "SubscriptionRequiredException", "NotSignedUp"})
_LIMITS: Final = frozenset(
    {
        "AccountLimitExceededException",
        "LimitExceeded",
        "LimitExceededException",
        "ServiceQuotaExceededException",
        "TooManyBuckets",
    }
)

T = TypeVar("T")


class Nothing(msgspec.Struct, frozen=True):
    """An answer of which nothing is of interest."""


class Owner(msgspec.Struct, frozen=True, rename="pascal"):
    """Whose keys they are: `arn:aws:iam::123456789012:user/deployer`."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """The part of AWS that the account is in, such as `aws` or `aws-cn`."""
        return self.arn.split(":")[1]


@frozen(kw_only=True, eq=False)
class Account:
    """The user's account, in one region."""

    aws: ForeignAccount
    turns: Turns

    @classmethod
    def of(cls, aws: ForeignAccount, *, pauses: Pauses, patience: Patience) -> Self:
        key = f"aws#{hashlib.sha256(aws.keys.access_key_id.encode()).hexdigest()[:32]}"
        return cls(aws=aws, turns=Turns(name=NAME, key=key, pauses=pauses, patience=patience))

    _owner: list[Owner] = field(default_factory=list[Owner])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.aws.close()

    @property
    def region(self) -> str:
        return self.aws.region

    async def owner(self) -> Owner:
        """Return whose keys they are; asked once."""
        if not self._owner:
            self._owner.append(await self.call(Owner, "sts", "get_caller_identity"))
        return self._owner[0]

    async def call(
        self, type: type[T], service: str, operation: str, /, *, repeatable: bool = True, **parameters: Any
    ) -> T:
        """Make a call, and make it again as long as that is of use and it is `repeatable`.

        Raises Refused, whose body is the action as IAM names it; Unclear, where it may not be repeated; DeployFailed
        where the keys are refused, or time is up.
        """

        async def once() -> T:
            try:
                answer = await self.aws.call(service, operation, parameters)
            except ClientError as error:
                raise _refusal(error, service, repeatable=repeatable) from None
            except (BotoCoreError, ResponseParserError) as error:
                raise _silence(error, repeatable=repeatable) from None
            return msgspec.convert(whole(answer), type, strict=False)

        return await self.turns.call(once)

    async def unless(self, code: str, call: Awaitable[T]) -> T | None:
        """Return the answer of a call; None where it is refused with a code."""
        try:
            return await call
        except Refused as refused:
            if refused.code != code:
                raise
            return None

    async def with_new_role(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call for which AWS takes a role that may just have been made, until it knows the role."""
        deadline = asyncio.get_running_loop().time() + _ROLES
        while True:
            try:
                return await call()
            except Refused as refused:
                is_new = re.search(r"assum", refused.words, re.IGNORECASE) and refused.code not in _FORBIDDEN
                if not is_new or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(self.turns.patience.first)


def _refusal(error: ClientError, service: str, *, repeatable: bool) -> Exception:
    details: Any = error.response
    status = int(details.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, words = str(details.get("Error", {}).get("Code", "")), str(details.get("Error", {}).get("Message", ""))
    if code in _THROTTLED or status == HTTPStatus.TOO_MANY_REQUESTS:
        return Limited("AWS asks to wait: it takes no more calls of this account now", _PAUSE)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Busy(f"AWS answers with status {status}") if repeatable else _unclear()
    if code in _PASSING:
        return Busy("AWS is busy with something else of this account")
    if code in _REFUSED:
        words = "AWS does not accept the access key of the integration: replace it with a new one."
        return DeployFailed("CREDENTIALS_REFUSED", words)
    return Refused(status, code, shortened(cleaned(words), MOST_WORDS), f"{service}:{error.operation_name}")


def _silence(error: BotoCoreError | ResponseParserError, *, repeatable: bool) -> Exception:
    match error:
        case ParamValidationError():
            return error
        case InvalidRegionError() | UnknownEndpointError():
            return DeployFailed("REGION_UNAVAILABLE", "AWS has no such region, or not this service in it.")
        case EndpointConnectionError() | ConnectTimeoutError():
            return Busy("AWS does not accept connections")
        case _:
            return Busy("AWS does not answer") if repeatable else _unclear()


def _unclear() -> Unclear:
    return Unclear(f"{NAME} gave no proper answer.")


def failure(refused: Refused) -> DeployFailed:
    """Word a refusal of AWS."""
    action, words = str(refused.body), refused.words.rstrip(".") or refused.code
    if refused.code in _FORBIDDEN:
        named = re.search(r"not authorized to perform: ([\w-]+:\w+)", refused.words)
        message = f"The access key may not call {named.group(1) if named else action}: {words}."
        return DeployFailed("NOT_PERMITTED", message)
    if refused.code in _INACTIVE:
        return DeployFailed("NOT_PERMITTED", f"The AWS account is not signed up for {action}: {words}.")
    if refused.code in _LIMITS:
        return DeployFailed("PLAN_LIMIT", f"The AWS account has reached a limit ({action}): {words}.")
    if refused.code == "UnsupportedFeatureException":
        return DeployFailed("REGION_UNAVAILABLE", f"AWS does not have this in the region ({action}): {words}.")
    return DeployFailed("REFUSED", f"AWS refuses {action}: {words}.")
