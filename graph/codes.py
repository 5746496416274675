"""Every `extensions.code` that an error may have: when, and what its reader does (docs/reference/errors.md)."""

from enum import StrEnum
from typing import Final

from resolvers.errors import ErrorCode
from services.core.frozen import frozen


class RequestCode(StrEnum):
    """What kind of thing is wrong with a request before anything of it has run."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"


@frozen
class Meaning:
    """What an error of a code says."""

    when: str
    what_to_do: str
    retry: str = "no"
    """Whether the same request may succeed, and when."""


MEANINGS: Final[dict[ErrorCode | RequestCode, Meaning]] = {
    RequestCode.BAD_REQUEST: Meaning(
        "The request is not one of GraphQL over HTTP: its body is no JSON or too long, its method or media type is "
        "another, it is for a host that this server does not answer for.",
        "Correct the request; the status (400, 405, 406, 413, 415, 421) says which part.",
    ),
    RequestCode.GRAPHQL_PARSE_FAILED: Meaning("The document has a syntax error.", "Correct it at `locations`."),
    RequestCode.GRAPHQL_VALIDATION_FAILED: Meaning(
        "The document does not fit the schema, or asks for more than an operation may.",
        "Correct it at `locations`; ask for less at a time ([limits](../limits.md)).",
    ),
    RequestCode.OPERATION_RESOLUTION_FAILURE: Meaning(
        "The document has several operations and `operationName` names none, or it has none of that name.",
        "Send `operationName`.",
    ),
    RequestCode.PERSISTED_QUERY_NOT_SUPPORTED: Meaning(
        "The request has the hash of a document in place of the document.", "Send documents.", "with the document"
    ),
    ErrorCode.UNAUTHENTICATED: Meaning(
        "Nobody is signed in, or the token does not hold.", "Get a new token.", "with a token that holds"
    ),
    ErrorCode.FORBIDDEN: Meaning(
        "You see the object, but your role does not allow this.",
        "Ask an admin of the team; `viewerCan` says beforehand what you may.",
    ),
    ErrorCode.NOT_FOUND: Meaning("There is no such object, or you may not see it.", "Look at the id and the team."),
    ErrorCode.CONFLICT: Meaning(
        "The object has changed meanwhile, or its state rules this out.",
        "Read it again, and decide anew; a payload may show it as it is now.",
        "with the version that it has now",
    ),
    ErrorCode.BAD_USER_INPUT: Meaning(
        "An input breaks a rule.", "Show the message at its `field`; all faults are told at once."
    ),
    ErrorCode.RATE_LIMITED: Meaning(
        "Too many requests of one caller.", "Wait for `retryAfterMs`, or `Retry-After`.", "after `retryAfterMs`"
    ),
    ErrorCode.QUOTA_EXCEEDED: Meaning(
        "A limit of the team's plan is reached, or its month's budget is used up.",
        "Delete something, raise the budget, or wait for the next month.",
    ),
    ErrorCode.PROVIDER_ERROR: Meaning(
        "A service outside Snapinfra refused or failed. No operation answers with it: jobs have a `reason`.",
        "Read its message; look at the integration.",
        "maybe",
    ),
    ErrorCode.UNAVAILABLE: Meaning(
        "A part of Snapinfra does not answer.",
        "Try again with a growing pause; a create with the same `clientMutationId` is made once.",
        "yes",
    ),
    ErrorCode.INTERNAL: Meaning("A mistake of ours.", "Report the `requestId`, by which our logs tell of it.", "maybe"),
}
