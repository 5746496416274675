"""What OpenAPI says of GraphQL: where it is; schema.graphql says the rest."""

from services.designs.schema import Api
from services.scaffold.openapi import answers
from services.scaffold.openapi.schemas import Json

NOTE = "Records are served by GraphQL, at `/graphql`; the paths of tables are there with `REST_API=on` alone."


def paths(api: Api) -> dict[str, Json]:
    """Return the path of GraphQL, where there is one."""
    return {} if api is Api.REST else {"/graphql": {"post": _post()}}


def _post() -> Json:
    body: Json = {
        "type": "object",
        "properties": {
            "query": {"type": "string"},
            "variables": {"type": ["object", "null"]},
            "operationName": {"type": ["string", "null"]},
        },
        "required": ["query"],
    }
    answer: Json = {
        "type": "object",
        "properties": {
            "data": {"type": ["object", "null"]},
            "errors": {"type": "array", "items": {"type": "object"}},
        },
    }
    return {
        "operationId": "queryGraphql",
        "summary": "Ask by GraphQL",
        "description": "One operation, as `schema.graphql` describes them. Errors have a `code` in `extensions`.",
        "tags": ["server"],
        "security": [{"token": []}, {}],
        "requestBody": {"required": True, "content": answers.json_of(body)},
        "responses": {
            "200": {
                "description": "The answer, with errors of what it could not do.",
                "content": answers.json_of(answer),
            },
            "400": {"description": "It is no query.", "content": answers.json_of({"type": "object"})},
            **answers.refusals(401, 406, 408, 413, 415, 429, 500, 503),
        },
    }
