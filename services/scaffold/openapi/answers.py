"""The answers and parameters that the operations of a backend share."""

from collections.abc import Mapping
from typing import Any, Final

from services.scaffold.openapi.schemas import Json, reference_to

ERROR: Final[Json] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "What went wrong, for programs."},
                "message": {"type": "string", "description": "What went wrong, for people."},
                "details": {
                    "type": "array",
                    "description": "Every fault, where there may be several.",
                    "items": {
                        "type": "object",
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                        "required": ["field", "message"],
                    },
                },
            },
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}

_REFUSALS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("BadRequest", "The request is not valid. All faults are told at once, up to 100."),
    401: ("Unauthenticated", "A valid token is needed, and there is none."),
    403: ("Forbidden", "The caller may do this to no record of the table, or may read this one and not do it to it."),
    404: ("NotFound", "There is no such record, or none that the caller may read."),
    406: ("NotAcceptable", "Answers are JSON, which the header Accept excludes."),
    408: ("RequestTimeout", "The request did not arrive in time."),
    409: ("Conflict", "A unique value is taken, or the record is still referred to."),
    412: ("PreconditionFailed", "The record is not in the state that If-Match or If-None-Match requires."),
    413: ("TooLarge", "The body, or the record with what is changed, is larger than 256 KB."),
    415: ("UnsupportedMediaType", "The body is not of a media type that is accepted."),
    422: ("KeyReused", "The Idempotency-Key was used for a request with another body."),
    429: ("TooManyRequests", "The caller has sent too many requests; the header Retry-After says when to go on."),
    500: ("Failed", "Something went wrong in the server."),
    503: ("Unavailable", "The database cannot be reached, or is busy. Try again in a moment."),
}

ALWAYS: Final = (400, 401, 406, 408, 429, 500, 503)
"""What every operation on records may answer."""

PARAMETERS: Final[Mapping[str, Json]] = {
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "The most items of the page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`nextCursor` of the page before, with the same filters, order and caller.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 8000, "pattern": "^[A-Za-z0-9_.-]+$"},
    },
    "Count": {
        "name": "count",
        "in": "query",
        "description": "Whether to count how many records the whole list has.",
        "schema": {"type": "boolean", "default": False},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "ETags, of which the record must have one.",
        "schema": {"type": "string"},
        "example": '"1-m6k2x0q8"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETags, of which the record must have none.",
        "schema": {"type": "string"},
        "example": '"1-m6k2x0q8"',
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Chosen by the client. A request that is sent again with the same key within a day creates "
        "nothing more, and gets the first one's answer.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 257,
            "pattern": '^("[!#-~]{1,255}"|[!#-+\\--~]{1,255})$',
        },
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    },
}

HEADERS: Final[Mapping[str, Json]] = {
    "ETag": {"description": "The state of the record.", "schema": {"type": "string"}},
    "Location": {"description": "The path of the record.", "schema": {"type": "string"}},
}

_ETAG: Final[Json] = {"ETag": {"$ref": "#/components/headers/ETag"}}
_LOCATION: Final[Json] = {"Location": {"$ref": "#/components/headers/Location"}}


def responses() -> dict[str, Any]:
    """Return the refusals, by name."""
    return {
        name: {"description": description, "content": {"application/json": {"schema": reference_to("Error")}}}
        for name, description in _REFUSALS.values()
    }


def refusals(*statuses: int) -> dict[str, Json]:
    """Return references to the refusals with these statuses, by status."""
    return {str(status): {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"} for status in sorted(statuses)}


def record(name: str, description: str, *, is_created: bool = False) -> Json:
    """Return the answer that is a record, with its ETag."""
    headers = _ETAG | _LOCATION if is_created else _ETAG
    return {"description": description, "headers": headers, "content": json_of(reference_to(name))}


def json_of(schema: Json) -> Json:
    """Return the content of a body of JSON."""
    return {"application/json": {"schema": schema}}


def parameters(*names: str) -> list[Json]:
    """Return references to shared parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]
