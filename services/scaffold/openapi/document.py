"""The OpenAPI document of a backend, written from the same plan as its code."""

import json
from collections.abc import Sequence
from typing import Any, cast

from services.designs.schema import Accounts, Api, SchemaModel
from services.scaffold.openapi import accounts, answers, buckets, graphql
from services.scaffold.openapi.operations import paths
from services.scaffold.openapi.schemas import Json, schemas
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.plan import TablePlan

PATH = "openapi.json"
"""Where a backend has it, and where it serves it."""

_CONVENTIONS = """Bodies and answers are JSON; text is normalised (NFC). Lists come in pages: hand `nextCursor` back as
`cursor`. Errors are `{ error: { code, message, details } }`. Every record has an `ETag`, and `If-Match` makes sure that
what a request changes is the state that was read."""


def document(tables: Sequence[TablePlan], schema: SchemaModel, parts: PartsPlan, *, title: str, about: str) -> str:
    """Write the document (OpenAPI 3.1) as JSON with a line for each operation and each component."""
    served = [table for table in tables if not table.is_made]
    tags, account_paths, account_schemas = _account_parts(schema.accounts, tables)
    content: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": _description(about, schema.api),
            "contact": {"name": title},
            "license": {"name": "Proprietary", "identifier": "LicenseRef-proprietary"},
        },
        "servers": [{"url": "/", "description": "The server that this document comes from."}],
        "tags": [
            *({"name": table.name, "description": f"Records of `{table.name}`."} for table in served),
            *tags,
            *map(buckets.tag, parts.buckets),
            {"name": "server", "description": "The server itself."},
        ],
        "paths": {path: item for table in served for path, item in paths(table, tables).items()}
        | account_paths
        | {path: item for bucket in parts.buckets for path, item in buckets.paths(bucket).items()}
        | graphql.paths(schema.api)
        | _server(schema.api),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {name: schema for table in served for name, schema in schemas(table).items()}
            | account_schemas
            | {"Error": answers.ERROR},
            "parameters": answers.PARAMETERS,
            "headers": answers.HEADERS,
            "responses": answers.responses(),
        },
    }
    return _written(content, levels=3) + "\n"


def _account_parts(stated: Accounts | None, tables: Sequence[TablePlan]) -> tuple[list[Json], Json, Json]:
    """Return the tags, paths and schemas of accounts, where there are any."""
    table = next((table for table in tables if stated is not None and table.name == stated.table), None)
    if stated is None or table is None:
        return [], {}, {}
    return [accounts.TAG], accounts.paths(stated, table), accounts.schemas(table)


def _description(about: str, api: Api) -> str:
    parts = [about, graphql.NOTE if api is Api.GRAPHQL else "", _CONVENTIONS]
    return "\n\n".join(part for part in parts if part)


def _server(api: Api) -> dict[str, Json]:
    """Return the paths that are no table's."""
    ok = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}
    resource = {
        "type": "object",
        "properties": {"table": {"type": "string"}, "path": {"type": "string"}},
        "required": ["table", "path"],
    }
    index = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            **({} if api is Api.REST else {"graphql": {"type": "string", "description": "The path of GraphQL."}}),
            "resources": {"type": "array", "items": resource},
        },
        "required": ["name", "resources"],
    }
    return {
        "/": _open("readIndex", "List the tables and their paths", index),
        f"/{PATH}": _open("readOpenApi", "Read this document", {"type": "object"}),
        "/live": _open("readLiveness", "Whether the server runs", ok),
        "/health": _open("readHealth", "Whether the server runs, as `/live`", ok),
        "/ready": _open("readReadiness", "Whether the server can reach its database", ok),
    }


def _open(operation: str, summary: str, schema: Json) -> Json:
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "description": f"{summary}. Open to everybody.",
            "tags": ["server"],
            "security": [],
            "responses": {
                "200": {"description": "It is so.", "content": answers.json_of(schema)},
                **answers.refusals(400, 406, 408, 429, 500, 503),
            },
        }
    }


def _written(value: object, *, levels: int, indent: str = "") -> str:
    """Write JSON with a line for each member down to a level, and what is below in one line."""
    if levels == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    deeper = f"{indent}  "
    members = (
        f"{deeper}{json.dumps(name, ensure_ascii=False)}: {_written(member, levels=levels - 1, indent=deeper)}"
        for name, member in cast("Json", value).items()
    )
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"
