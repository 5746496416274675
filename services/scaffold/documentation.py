"""The scaffold's documentation of the backend that it writes: Markdown pages by category."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.designs.schema import Api, Field, FieldAccess, FieldFormat, FieldRules, FieldType, SchemaModel, Secrecy
from services.scaffold.documented_access import access_of, authentication, checked, who_may_do_what
from services.scaffold.documented_graphql import first_query, graphql_page, operations
from services.scaffold.graphql.settings import KINDS
from services.scaffold.lists import children, expansion, filterable, sortable
from services.scaffold.plan import TablePlan, plan_tables

_EXAMPLES: Final[Mapping[FieldType, object]] = {
    FieldType.STRING: "text",
    FieldType.TEXT: "Some longer text.",
    FieldType.INTEGER: 1,
    FieldType.FLOAT: 1.5,
    FieldType.DECIMAL: "19.99",
    FieldType.BOOLEAN: True,
    FieldType.DATE: "2026-01-31",
    FieldType.DATETIME: "2026-01-31T12:00:00.000Z",
    FieldType.JSON: {},
}


_FORMATS: Final[Mapping[FieldFormat, str]] = {
    FieldFormat.EMAIL: "ada@example.com",
    FieldFormat.URL: "https://example.com",
    FieldFormat.CURRENCY: "EUR",
}
_PATTERNS: Final = {"isbn": "978-3-16-148410-0", "phone": "+49 30 123456"}
_CLIENTS: Final = frozenset({FieldAccess.READ_WRITE, FieldAccess.IMMUTABLE})


def write_documentation(project_name: str, schema: SchemaModel, *, description: str = "") -> dict[str, str]:
    """Write the pages, by path, in the order in which they are to be read. A path's folder is the page's category.

    They say what of who may do what the description says, and what is assumed.
    """
    tables = tuple(table for table in plan_tables(schema) if not table.is_made)
    title = html.escape(" ".join(project_name.split()), quote=False)
    return {
        "guides/overview.md": _overview(title, tables, schema.api),
        "guides/getting-started.md": _getting_started(tables, schema),
        "concepts/data-model.md": _data_model(tables, schema),
        "concepts/authentication.md": authentication(schema),
        "concepts/who-may-do-what.md": who_may_do_what(schema, description),
        **({"concepts/graphql.md": graphql_page(tables, schema)} if schema.api is not Api.REST else {}),
        **{
            f"reference/{table.names.file}.md": _reference(table, tables, schema)
            for table in tables
            if not table.is_made
        },
        "operations/deployment.md": _DEPLOYMENT,
    }


def _overview(title: str, tables: tuple[TablePlan, ...], api: Api) -> str:
    rows = "".join(f"- [{table.name}](../reference/{table.names.file}.md)\n" for table in tables)
    return (
        f"# {title}\n\n{KINDS[api]} in Express and TypeScript over DynamoDB, with create, read, update, delete and "
        f"list for each of these tables:\n\n{rows}\nThese pages were written by Snapinfra's scaffold, from templates.\n"
    )


def _getting_started(tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    page = '{"items": [], "nextCursor": null}'
    request = f"curl localhost:3000/{tables[0].names.route}"
    if schema.api is Api.GRAPHQL:
        request, page = first_query(tables, schema, page)
    return f"""# Getting started

Node 22.13 or later, and DynamoDB: an emulator on your machine, or AWS.

```sh
npm ci
npm run build
export AWS_ENDPOINT_URL=http://localhost:4566   # an emulator; leave it out for AWS
npm run tables                                  # once
AUTH=off npm start                              # for your own machine: everybody may do everything
```

Then:

```sh
curl localhost:3000/health
{request}
```

The second answers with a page of records: `{page}`.
"""


def _data_model(tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    parts = "".join(f"\n## {table.name}\n\n{_fields(table)}" for table in tables)
    relations = "".join(
        f"- `{relation.from_table}` to `{relation.to_table}`: {relation.type.value.lower().replace('_', ' ')}"
        f"{' (assumed: the description does not say it)' if relation.is_assumed else ''}\n"
        for relation in schema.relationships
    )
    return f"# Data model\n{parts}" + (f"\n## Relationships\n\n{relations}" if relations else "")


def _reference(table: TablePlan, tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    example = json.dumps(dict(_example(table)), indent=2)
    is_graphql = schema.api is Api.GRAPHQL
    return f"""# {table.name}

{_fields(table)}
{operations(table, tables, schema) if is_graphql else _requests(table, tables)}
{"An input" if is_graphql else "A request"} to create one:

```json
{example}
```

{_REFUSALS[is_graphql]}

{_lists(table)}
`{"schema.graphql" if is_graphql else "openapi.json"}` of the backend has all of this in full.
"""


def _requests(table: TablePlan, tables: tuple[TablePlan, ...]) -> str:
    """Write the requests of a table."""
    route = table.names.route
    one = f"/{route}/<{table.key.name}>"
    lists = "".join(
        f"| `GET {one}/{child.path}` | 200, a page of what refers to the record by `{child.field}` |\n"
        for child in children(table, tables)
    )
    return f"""| request | answer |
|---|---|
| `POST /{route}` | 201 and the record |
| `GET /{route}` | 200, a page of records, newest first |
| `GET /{route}/<{table.key.name}>` | 200 and the record, or 404 |
{lists}| `PATCH /{route}/<{table.key.name}>` | 200, with a merge patch applied |
| `PUT /{route}/<{table.key.name}>` | 200, with all fields replaced |
| `DELETE /{route}/<{table.key.name}>` | 204 |
"""


def _lists(table: TablePlan) -> str:
    filters = _named(field.name for field in filterable(table))
    expansions = _named(expansion(table, reference) for reference in table.references)
    return (
        f"Lists are filtered by {filters}, times and numbers also by ranges (`{table.created}[gte]=…`), and sorted by "
        f"{_named(sortable(table))} (`sort=-{table.created}`)."
        + (f" References come along with `expand`: {expansions}." if expansions else "")
    )


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _fields(table: TablePlan) -> str:
    rows = "".join(f"| `{field.name}` | {field.type.value} | {_rules(field)} |\n" for field in table.fields)
    return f"| field | type | rules |\n|---|---|---|\n{rows}"


def _rules(field: Field) -> str:
    rules = [
        "primary key" if field.primary_key else "",
        "unique" if field.unique else "",
        "" if field.nullable or field.primary_key else "required",
        *access_of(field),
        *checked(field.rules),
    ]
    return ", ".join(rule for rule in rules if rule) or "optional"


def _example(table: TablePlan) -> Iterator[tuple[str, object]]:
    for field in table.fields:
        is_ours = (field.primary_key and table.generates_keys) or field.access not in _CLIENTS
        if not is_ours and field.default_value is None and not field.nullable:
            yield field.name, _example_of(field)


def _example_of(field: Field) -> object:
    """Return a value that keeps the rules of the field, as far as they are known kinds."""
    rules = field.rules or FieldRules()
    if rules.values:
        return rules.values[0]
    if rules.format is not None:
        return _FORMATS[rules.format]
    if rules.pattern is not None and field.name in _PATTERNS:
        return _PATTERNS[field.name]
    if field.type in {FieldType.INTEGER, FieldType.FLOAT}:
        return max(float(rules.minimum or 1), 1) if field.type is FieldType.FLOAT else max(int(rules.minimum or 1), 1)
    return "a long enough password" if field.secrecy is Secrecy.HASHED else _EXAMPLES[field.type]


_REFUSALS: Final = {
    False: "What is not valid is answered with 400 and the reasons, a unique value that is taken with 409.",
    True: "What is not valid has the code VALIDATION_FAILED and the reasons, a unique value that is taken CONFLICT.",
}

_DEPLOYMENT = """# Deployment

`infrastructure/template.json` is the CloudFormation template of the tables:

```sh
aws cloudformation deploy --stack-name backend --template-file infrastructure/template.json
```

The server is a container (see `Dockerfile`) or any Node 22.13 or later: `npm ci && npm run build && npm start`.
Settings are environment variables, listed in `.env.example`. `GET /health` answers 200 while it serves; on SIGTERM it
finishes what it has begun.

Deleting the stack keeps the tables. Turn on point-in-time recovery to be able to go back.
"""
