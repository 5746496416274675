"""Failures of AWS that are nobody's request's fault: it does not answer, refuses us, or was not provisioned."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - boto's own
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from services.core.errors import Unavailable

_MISSING: Final = {
    "ResourceNotFoundException",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "404",  # of HeadBucket, whose answer has no body
}
REFUSED_CREDENTIALS: Final = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_FORBIDDEN: Final = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
}
_BUSY: Final = {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
}

_UNSIGNED: Final = (
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)


class Outage(Unavailable):
    """AWS, or a part of it, can't be used now."""

    def __init__(self, reason: str) -> None:
        super().__init__("A part of Snapinfra does not answer just now; try again.")
        self._reason = reason

    @property
    def reason(self) -> str:
        """What is wrong, for whoever runs Snapinfra."""
        return self._reason


@contextmanager
def outages() -> Generator[None]:
    """Raise Outage for what the block raises, where AWS itself is the reason; everything else stays as it is."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        reason = _refusal(error) if isinstance(error, ClientError) else _silence(error)
        if reason is None:
            raise
        raise Outage(reason) from error


def _refusal(error: ClientError) -> str | None:
    code, call = error.response.get("Error", {}).get("Code", ""), error.operation_name
    if code in _MISSING:
        return f"What {call} needs is not there ({code}): run `snapinfra provision`."
    if code in REFUSED_CREDENTIALS:
        return f"AWS does not accept our credentials ({code} for {call})."
    if code in _FORBIDDEN:
        return f"AWS does not allow us {call}: see the permissions in docs/how-to/run-on-aws.md."
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return f"AWS can't take {call} now ({code or status})." if code in _BUSY or status >= 500 else None  # noqa: PLR2004 - HTTP's


def _silence(error: BotoCoreError) -> str | None:
    """Word a call that got no answer, or could not be signed; the rest are mistakes in calls."""
    match error:
        case ConnectionError() | HTTPClientError():
            where = error.kwargs.get("endpoint_url", "its endpoint")
            return f"AWS does not answer at {where} (AWS_REGION, AWS_ENDPOINT_URL, the network)."
        case _ if isinstance(error, _UNSIGNED):
            return f"There are no credentials of AWS: {error}"
        case _:
            return None
