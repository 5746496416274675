"""Errors as clients see them: codes, and the user errors of mutations."""

from enum import Enum
from typing import Annotated, Final

import strawberry

from resolvers.lists import SHOWN, AtMost
from services.core import errors


@strawberry.enum
class ErrorCode(Enum):
    """What kind of thing went wrong."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    """Nobody is signed in, or the token does not hold."""
    FORBIDDEN = "FORBIDDEN"
    """Your role does not allow this."""
    NOT_FOUND = "NOT_FOUND"
    """There is no such object, or you may not see it."""
    CONFLICT = "CONFLICT"
    """The object has changed meanwhile, or its state rules this out."""
    BAD_USER_INPUT = "BAD_USER_INPUT"
    """The input breaks a rule; `field` says which."""
    RATE_LIMITED = "RATE_LIMITED"
    """Too many requests; try again after `retryAfterMs`."""
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    """A limit of your plan is reached."""
    PROVIDER_ERROR = "PROVIDER_ERROR"
    """A service outside Snapinfra refused or failed."""
    UNAVAILABLE = "UNAVAILABLE"
    """A part of Snapinfra does not answer; try again."""
    INTERNAL = "INTERNAL"
    """A mistake of ours; `requestId` finds it in our logs."""


_CODES: Final[dict[type[errors.Problem], ErrorCode]] = {
    errors.Unauthenticated: ErrorCode.UNAUTHENTICATED,
    errors.Forbidden: ErrorCode.FORBIDDEN,
    errors.NotFound: ErrorCode.NOT_FOUND,
    errors.Conflict: ErrorCode.CONFLICT,
    errors.Invalid: ErrorCode.BAD_USER_INPUT,
    errors.Limited: ErrorCode.RATE_LIMITED,
    errors.Exhausted: ErrorCode.QUOTA_EXCEEDED,
    errors.Unavailable: ErrorCode.UNAVAILABLE,
}


def code_of(problem: errors.Problem) -> ErrorCode:
    """Return the code of a service's problem."""
    return next(code for kind, code in _CODES.items() if isinstance(problem, kind))


@strawberry.type
class UserError:
    """Something that you can correct: nothing was changed."""

    message: str
    """A sentence for the person at the screen."""
    code: ErrorCode
    """What kind of error it is."""
    field: Annotated[list[str], AtMost(20)] | None = None
    """The input field it is about, outermost first: `["tables", "0", "name"]`. Null where it is about the whole."""


UserErrors = Annotated[list[UserError], AtMost(SHOWN)]


def user_errors(problem: errors.Problem) -> list[UserError]:
    """Write a problem as user errors, one for each fault."""
    if isinstance(problem, errors.Invalid):
        return [
            UserError(message=fault.message, code=ErrorCode.BAD_USER_INPUT, field=list(fault.field) or None)
            for fault in problem.faults[:SHOWN]
        ]
    return [UserError(message=problem.message, code=code_of(problem))]
