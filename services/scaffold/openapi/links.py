"""The operations on what links the records of two tables, as OpenAPI describes them."""

from collections.abc import Mapping

from services.scaffold.openapi import answers
from services.scaffold.openapi.audiences import security, who
from services.scaffold.openapi.places import page, record_id
from services.scaffold.openapi.schemas import Json, value
from services.scaffold.plan import LinkSide, TablePlan


def links(table: TablePlan, tables: Mapping[str, TablePlan]) -> dict[str, Json]:
    """Return the paths of what a table's records are linked to."""
    paths: dict[str, Json] = {}
    for link in table.links:
        path = f"/{table.names.route}/{{id}}/{link.path}"
        other = tables[link.table]
        paths[path] = {"parameters": [record_id(table)], "get": _list(table, link, other)}
        if link.is_writable:
            paths[f"{path}/{{other}}"] = {
                "parameters": [record_id(table), _other(other)],
                "put": _write(table, link, other, "link", "Link"),
                "delete": _write(table, link, other, "unlink", "Unlink"),
            }
    return paths


def _list(table: TablePlan, link: LinkSide, other: TablePlan) -> Json:
    return {
        "operationId": f"list{_name(link)}Of{table.names.type}",
        "summary": f"List the records of {other.name} that a record of {table.name} is linked to",
        "description": f"What was linked last comes first. {who(other, 'read')}",
        "tags": [table.name],
        "security": security(other, "read"),
        "parameters": answers.parameters("Limit", "Cursor"),
        "responses": {"200": page(other), **answers.refusals(*answers.ALWAYS, 403, 404)},
    }


def _write(table: TablePlan, link: LinkSide, other: TablePlan, verb: str, summary: str) -> Json:
    changed = table if link.is_changed else other
    return {
        "operationId": f"{verb}{_name(link)}Of{table.names.type}",
        "summary": f"{summary} a record of {table.name} and one of {other.name}",
        "description": f"Nothing changes where it is so already. {who(changed, 'update')}",
        "tags": [table.name],
        "security": security(changed, "update"),
        "responses": {
            "204": {"description": "It is so now."},
            **answers.refusals(*answers.ALWAYS, 403, 404, 409),
        },
    }


def _other(other: TablePlan) -> Json:
    return {
        "name": "other",
        "in": "path",
        "required": True,
        "description": f"The `{other.key.name}` of the record of `{other.name}`.",
        "schema": value(other, other.key),
    }


def _name(link: LinkSide) -> str:
    return "".join(word[0].upper() + word[1:] for word in link.path.split("_") if word)
