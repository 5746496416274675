"""How errors leave the api: every one with a code, none with the text of an exception."""

import logging
import uuid
from traceback import walk_tb
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from graphql.execution.values import get_argument_values
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from graph.codes import RequestCode
from resolvers.errors import ErrorCode, code_of
from services.core.errors import Invalid, Limited, Problem
from services.core.logs import noted

log = logging.getLogger("snapinfra.api")


def coded(error: Exception) -> GraphQLError:
    """Return what a client is told of an exception; a GraphQLError that has its code stays as it is."""
    if isinstance(error, GraphQLError) and "code" in (error.extensions or {}):
        return error
    return _coded(error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error))


def _coded(error: GraphQLError) -> GraphQLError:
    message, extensions = _described(error)
    _forget(error)
    return GraphQLError(
        message=message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _forget(error: BaseException | None) -> None:
    """Let errors go of where they came from: their frames refer to the operation and its document, and that to them."""
    while error is not None:
        error.__traceback__ = None
        error = getattr(error, "original_error", None)


def _described(error: GraphQLError) -> tuple[str, dict[str, Any]]:
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    match original:
        case Problem():
            return original.message, _extensions(original)
        case CannotGetOperationTypeError():
            return original.as_http_error_reason(), {"code": RequestCode.OPERATION_RESOLUTION_FAILURE}
        case InvalidOperationTypeError() | MissingQueryError():
            return error.message, {"code": RequestCode.BAD_REQUEST}
        case None | GraphQLError() if error.path is None:
            syntax = isinstance(error, GraphQLSyntaxError)
            return error.message, {
                "code": RequestCode.GRAPHQL_PARSE_FAILED if syntax else RequestCode.GRAPHQL_VALIDATION_FAILED
            }
        case GraphQLError() if _is_of_arguments(original):
            return error.message, {"code": ErrorCode.BAD_USER_INPUT.value}
        case _:
            request_id = noted("requestId") or uuid.uuid4().hex
            log.error("request %s failed at %s", request_id, error.path, exc_info=original)
            return "Something went wrong on our side.", {"code": ErrorCode.INTERNAL.value, "requestId": request_id}


def _is_of_arguments(error: GraphQLError) -> bool:
    """Tell whether graphql-core raised an error as it coerced arguments.

    Those that depend on variables are coerced only when their field runs, a null into `Int! = 20` for one. Their errors
    look like those of a value that we could not write.
    """
    return any(frame.f_code is get_argument_values.__code__ for frame, _ in walk_tb(error.__traceback__))


def _extensions(problem: Problem) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": code_of(problem).value}
    if isinstance(problem, Limited):
        extensions["retryAfterMs"] = round(problem.retry_after * 1000)
    if isinstance(problem, Invalid):
        extensions["fields"] = [list(fault.field) for fault in problem.faults]
    return extensions
