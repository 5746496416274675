"""The operations on the records of a table, as OpenAPI describes them."""

from collections.abc import Sequence
from typing import Final

from services.designs.schema import FieldType
from services.scaffold.lists import Child, children, expansion, filterable, sortable
from services.scaffold.openapi import answers
from services.scaffold.openapi.audiences import security, who
from services.scaffold.openapi.links import links
from services.scaffold.openapi.places import page, record_id
from services.scaffold.openapi.schemas import Json, reference_to, settable, value
from services.scaffold.plan import TablePlan

_RANGES: Final = {"gt": "after", "gte": "at or after", "lt": "before", "lte": "at or before"}
_ORDERED: Final = frozenset({FieldType.INTEGER, FieldType.FLOAT, FieldType.DATE, FieldType.DATETIME})
_MERGE_PATCH: Final = "application/merge-patch+json"


def paths(table: TablePlan, tables: Sequence[TablePlan]) -> dict[str, Json]:
    """Return the paths of a table: its list, its records, and the lists of what refers to a record."""
    route = f"/{table.names.route}"
    by_name = {child.name: child for child in tables}
    return {
        route: {"get": _list(table), "post": _create(table)},
        f"{route}/{{id}}": {"parameters": [record_id(table)], **_record(table, tables)},
        **{
            f"{route}/{{id}}/{child.path}": {
                "parameters": [record_id(table)],
                "get": _children(table, child, by_name[child.table]),
            }
            for child in children(table, tables)
        },
        **links(table, by_name),
    }


def _list(table: TablePlan) -> Json:
    return {
        "operationId": f"list{_plural(table)}",
        "summary": f"List records of {table.name}",
        "description": f"Newest first, unless `sort` says otherwise. {who(table, 'read')}",
        "parameters": [*_filters(table), *_paging(table)],
        "responses": {"200": page(table), **answers.refusals(*answers.ALWAYS, 403)},
    } | _common(table, "read")


def _children(table: TablePlan, child: Child, of: TablePlan) -> Json:
    return {
        "operationId": f"list{_plural(of)}Of{table.names.type}By{_capital(child.field)}",
        "summary": f"List the records of {of.name} that refer to a record of {table.name} by {child.field}",
        "description": f"Newest first, unless `sort` says otherwise. {who(of, 'read')}",
        "parameters": [*_filters(of, besides=child.field), *_paging(of)],
        "responses": {"200": page(of), **answers.refusals(*answers.ALWAYS, 403, 404)},
    } | _common(of, "read")


def _create(table: TablePlan) -> Json:
    name = table.names.type
    return {
        "operationId": f"create{name}",
        "summary": f"Create a record of {table.name}",
        "description": who(table, "create"),
        "parameters": answers.parameters("IdempotencyKey"),
        "requestBody": {"required": True, "content": answers.json_of(reference_to(f"{name}Create"))},
        "responses": {
            "201": answers.record(name, "The record that was created.", is_created=True),
            **answers.refusals(*answers.ALWAYS, 403, 409, 413, 415, 422),
        },
    } | _common(table, "create")


def _record(table: TablePlan, tables: Sequence[TablePlan]) -> Json:
    name = table.names.type
    is_referred_to = any(reference.table == table.name for child in tables for reference in child.references)
    goes_on = {"202": {"description": "The deletion is accepted, and goes on after the answer."}}
    return (
        {"get": _read(table), "put": _replace(table)}
        | ({"patch": _patch(table)} if settable(table) else {})
        | {
            "delete": {
                "operationId": f"delete{name}",
                "summary": f"Delete a record of {table.name}",
                "description": who(table, "delete"),
                "parameters": answers.parameters("IfMatch"),
                "responses": {
                    **(goes_on if is_referred_to else {}),
                    "204": {"description": "The record is deleted."},
                    **answers.refusals(*answers.ALWAYS, 403, 404, 409, 412),
                },
            }
            | _common(table, "delete")
        }
    )


def _read(table: TablePlan) -> Json:
    name = table.names.type
    return {
        "operationId": f"read{name}",
        "summary": f"Read a record of {table.name}",
        "description": who(table, "read"),
        "parameters": [*_expand(table), *answers.parameters("IfNoneMatch")],
        "responses": {
            "200": answers.record(name, "The record."),
            "304": {"description": "The record still has an ETag of If-None-Match."},
            **answers.refusals(*answers.ALWAYS, 403, 404),
        },
    } | _common(table, "read")


def _replace(table: TablePlan) -> Json:
    name = table.names.type
    creates = not table.generates_keys
    creation = f" With `If-None-Match: *` it is created, where there is none with its key. {who(table, 'create')}"
    return {
        "operationId": f"replace{name}",
        "summary": f"Replace a record of {table.name}",
        "description": "Fields that are left out get their default, or null. What was read may be sent back as it is. "
        + who(table, "update")
        + (creation if creates else ""),
        "parameters": answers.parameters("IfMatch", *(["IfNoneMatch"] if creates else [])),
        "requestBody": {"required": True, "content": answers.json_of(reference_to(f"{name}Replace"))},
        "responses": {
            "200": answers.record(name, "The record as it is now."),
            **({"201": answers.record(name, "The record that was created.", is_created=True)} if creates else {}),
            **answers.refusals(*answers.ALWAYS, 403, 404, 409, 412, 413, 415),
        },
    } | _common(table, "update")


def _patch(table: TablePlan) -> Json:
    name = table.names.type
    body = {"schema": reference_to(f"{name}Patch")}
    return {
        "operationId": f"update{name}",
        "summary": f"Change fields of a record of {table.name}",
        "description": f"A merge patch (RFC 7396), under either media type. {who(table, 'update')}",
        "parameters": answers.parameters("IfMatch"),
        "requestBody": {"required": True, "content": {_MERGE_PATCH: body, "application/json": body}},
        "responses": {
            "200": answers.record(name, "The record as it is now."),
            **answers.refusals(*answers.ALWAYS, 403, 404, 409, 412, 413, 415),
        },
    } | _common(table, "update")


def _common(table: TablePlan, action: str) -> Json:
    return {"tags": [table.name], "security": security(table, action)}


def _paging(table: TablePlan) -> list[Json]:
    orders = [order for field in sortable(table) for order in (field, f"-{field}")]
    sort = {
        "name": "sort",
        "in": "query",
        "description": _sorting(table),
        "schema": {"type": "string", "enum": orders, "default": f"-{table.created}"},
    }
    return [*answers.parameters("Limit", "Cursor"), sort, *_expand(table), *answers.parameters("Count")]


def _sorting(table: TablePlan) -> str:
    needs = [f"`{pair.range}` needs the filter `{pair.field}`" for pair in table.pairs]
    return ". ".join(["The field to sort by, descending with a `-`", *needs]) + "."


def _expand(table: TablePlan) -> list[Json]:
    names = [expansion(table, reference) for reference in table.references]
    if not names:
        return []
    return [
        {
            "name": "expand",
            "in": "query",
            "description": "The references whose records to answer too, separated by commas.",
            "style": "form",
            "explode": False,
            "schema": {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1},
        }
    ]


def _filters(table: TablePlan, *, besides: str | None = None) -> list[Json]:
    filters: list[Json] = []
    for field in filterable(table):
        if field.name == besides:
            continue
        schema = value(table, field)
        is_unique = (field.name,) in table.unique
        note = " It is unique, and found at once." if is_unique else ""
        filters.append(_filter(field.name, f"Only records with this `{field.name}`.{note}", schema))
        if field.type in _ORDERED:
            filters += [
                _filter(f"{field.name}[{operator}]", f"Only records whose `{field.name}` is {words} this.", schema)
                for operator, words in _RANGES.items()
            ]
    return filters


def _filter(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _plural(table: TablePlan) -> str:
    return f"{table.names.type}Records"


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
