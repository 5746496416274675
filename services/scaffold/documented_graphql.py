"""The parts of a backend's documentation that are on GraphQL."""

import json
from collections.abc import Iterable

from services.designs.schema import Api, SchemaModel
from services.scaffold.graphql.accounts import reserved
from services.scaffold.graphql.names import Names, name_tables
from services.scaffold.plan import TablePlan


def first_query(tables: tuple[TablePlan, ...], schema: SchemaModel, page: str) -> tuple[str, str]:
    """Return a request for the list of the first table, and its answer."""
    many = _names(tables, schema)[0].many
    query = json.dumps({"query": f"{{ {many} {{ items {{ _version }} nextCursor }} }}"})
    header = "--header 'Content-Type: application/json'"
    return f"curl localhost:3000/graphql {header} --data '{query}'", f'{{"data": {{"{many}": {page}}}}}'


def graphql_page(tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    """Write the page on GraphQL: what each table is called there."""
    rows = "".join(
        f"| `{names.plan.name}` | `{names.type}` | {_named([names.one, *names.lookups])} | `{names.many}` "
        f"| {_named([*names.references, *names.children, *names.links]) or 'none'} |\n"
        for names in _names(tables, schema)
    )
    instead = "; `REST_API=on` serves them by REST as well" if schema.api is Api.GRAPHQL else ""
    return f"""# GraphQL

Records are served at `POST /graphql`, by the same policy and rules as by REST{instead}. `schema.graphql` of the backend
has all of it.

| table | type | one record | list | what it leads to |
|---|---|---|---|---|
{rows}
Lists take `filter`, `sort`, `limit` and `cursor`, and answer `items`, `nextCursor` and, where it is asked for, `total`.
Each type has `create…`, `update…` and `delete…`, of which a request has one; `ifMatch` takes the `_etag` of a record.
Errors have their `code` in `extensions`: those of REST, and `QUERY_TOO_LARGE` for a query that is too deep, too wide,
or asks for too much.
"""


def operations(table: TablePlan, tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    """Write the queries and mutations of a table."""
    names = next(one for one in _names(tables, schema) if one.plan.name == table.name)
    lookups = "".join(f"| `{query}({', '.join(fields)})` | the record |\n" for query, fields in names.lookups.items())
    return f"""| query or mutation | answer |
|---|---|
| `{names.one}(id)` | the record |
{lookups}| `{names.many}(filter, sort, limit, cursor)` | a page of records, newest first |
| `create{names.type}(input, idempotencyKey)` | the record |
| `update{names.type}(id, input, ifMatch)` | the record, with a merge patch applied |
| `delete{names.type}(id, ifMatch)` | true |
"""


def _names(tables: tuple[TablePlan, ...], schema: SchemaModel) -> tuple[Names, ...]:
    return name_tables(tables, reserved=reserved(schema))


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
