"""The operations on the files of a bucket, as OpenAPI describes them."""

from typing import Any, Final

from services.scaffold.openapi import answers
from services.scaffold.openapi.schemas import Json
from services.scaffold.parts.plan import BucketPlan

_NAME: Final[Json] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^/\\\\\\x00-\\x1f\\x7f]+$"}
_BYTES: Final[Json] = {"type": "integer", "minimum": 1}
_MOMENT: Final[Json] = {"type": "string", "format": "date-time"}
_FILE: Final[Json] = {"id": {"type": "string"}, "name": _NAME, "bytes": _BYTES, "createdAt": _MOMENT}
_LINK: Final[Json] = {"url": {"type": "string", "format": "uri"}, "expiresAt": _MOMENT}
_FIELDS: Final[Json] = {
    "type": "object",
    "description": "What the form has before its field `file`.",
    "additionalProperties": {"type": "string"},
}


def tag(bucket: BucketPlan) -> Json:
    """Return what the operations of a bucket are listed under."""
    return {"name": bucket.names.route, "description": f"Files in {bucket.names.shown}, everybody's own."}


def paths(bucket: BucketPlan) -> dict[str, Json]:
    """Return the paths of a bucket: the caller's files, and each of them."""
    identifier = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The file's `id`.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    }
    return {
        f"/{bucket.names.route}": {"get": _list(bucket), "post": _upload(bucket)},
        f"/{bucket.names.route}/{{id}}": {
            "parameters": [identifier],
            "get": _read(bucket),
            "delete": _delete(bucket),
        },
    }


def _list(bucket: BucketPlan) -> Json:
    page = _object({"items": {"type": "array", "items": _object(_FILE)}, "nextCursor": {"type": ["string", "null"]}})
    return _operation(bucket, "list", "Files", "List your files", "Those that were sent last come first.") | {
        "parameters": answers.parameters("Limit", "Cursor"),
        "responses": {"200": _answer("A page of files.", page), **answers.refusals(*answers.ALWAYS)},
    }


def _upload(bucket: BucketPlan) -> Json:
    upload = _object({"url": _LINK["url"], "fields": _FIELDS, "expiresAt": _MOMENT})
    body = _object({"name": _NAME, "contentType": {"type": "string"}, "bytes": _BYTES})
    about = (
        "The file is then sent by a POST of `multipart/form-data` to `url`: the `fields`, and last the field `file`."
    )
    return _operation(bucket, "create", "File", "Ask for a place to send a file to", about) | {
        "requestBody": {"required": True, "content": answers.json_of(body)},
        "responses": {
            "201": _answer("Where to, and with what.", _object({"id": {"type": "string"}, "upload": upload})),
            **answers.refusals(*answers.ALWAYS, 413, 415),
        },
    }


def _read(bucket: BucketPlan) -> Json:
    file = _object({**_FILE, "contentType": {"type": "string"}, "download": _object(_LINK)})
    return _operation(
        bucket, "read", "File", "Get a file", "`download` is where it can be got from, for ten minutes."
    ) | {
        "responses": {"200": _answer("The file.", file), **answers.refusals(*answers.ALWAYS, 404)},
    }


def _delete(bucket: BucketPlan) -> Json:
    return _operation(bucket, "delete", "File", "Delete a file", "It is gone at once.") | {
        "responses": {"204": {"description": "It is deleted."}, **answers.refusals(*answers.ALWAYS, 404)},
    }


def _operation(bucket: BucketPlan, verb: str, what: str, summary: str, about: str) -> Json:
    variable = bucket.names.variable
    return {
        "operationId": f"{verb}{variable[0].upper()}{variable[1:]}Bucket{what}",
        "summary": summary,
        "description": f"{about} For whoever is signed in.",
        "tags": [bucket.names.route],
        "security": [{"token": []}],
    }


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": answers.json_of(schema)}


def _object(properties: dict[str, Any]) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
