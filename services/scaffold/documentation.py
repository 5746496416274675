"""The scaffold's documentation of the backend that it writes: Markdown pages by category."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from services.designs.schema import Field, FieldType, SchemaModel
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


def write_documentation(project_name: str, schema: SchemaModel) -> dict[str, str]:
    """Write the pages, by path, in the order in which they are to be read. A path's folder is the page's category."""
    tables = tuple(table for table in plan_tables(schema) if not table.is_made)
    title = html.escape(" ".join(project_name.split()), quote=False)
    return {
        "guides/overview.md": _overview(title, tables),
        "guides/getting-started.md": _getting_started(tables),
        "concepts/data-model.md": _data_model(tables, schema),
        "concepts/authentication.md": _authentication(schema),
        **{f"reference/{table.names.file}.md": _reference(table, tables) for table in tables if not table.is_made},
        "operations/deployment.md": _DEPLOYMENT,
    }


def _overview(title: str, tables: tuple[TablePlan, ...]) -> str:
    rows = "".join(f"- [{table.name}](../reference/{table.names.file}.md)\n" for table in tables)
    return (
        f"# {title}\n\nA REST API in Express and TypeScript over DynamoDB, with create, read, update, delete and list "
        f"for each of these tables:\n\n{rows}\nThese pages were written by Snapinfra's scaffold, from templates.\n"
    )


def _getting_started(tables: tuple[TablePlan, ...]) -> str:
    route = tables[0].names.route
    return f"""# Getting started

Node 22 or later, and DynamoDB: an emulator on your machine, or AWS.

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
curl localhost:3000/{route}
```

The second answers with a page of records: `{{"items": [], "nextCursor": null}}`.
"""


def _data_model(tables: tuple[TablePlan, ...], schema: SchemaModel) -> str:
    parts = "".join(f"\n## {table.name}\n\n{_fields(table)}" for table in tables)
    relations = "".join(
        f"- `{relation.from_table}` to `{relation.to_table}`: {relation.type.value.lower().replace('_', ' ')}\n"
        for relation in schema.relationships
    )
    return f"# Data model\n{parts}" + (f"\n## Relationships\n\n{relations}" if relations else "")


def _reference(table: TablePlan, tables: tuple[TablePlan, ...]) -> str:
    route, example = table.names.route, json.dumps(dict(_example(table)), indent=2)
    one = f"/{route}/<{table.key.name}>"
    lists = "".join(
        f"| `GET {one}/{child.path}` | 200, a page of what refers to the record by `{child.field}` |\n"
        for child in children(table, tables)
    )
    return f"""# {table.name}

{_fields(table)}
| request | answer |
|---|---|
| `POST /{route}` | 201 and the record |
| `GET /{route}` | 200, a page of records, newest first |
| `GET /{route}/<{table.key.name}>` | 200 and the record, or 404 |
{lists}| `PATCH /{route}/<{table.key.name}>` | 200, with a merge patch applied |
| `PUT /{route}/<{table.key.name}>` | 200, with all fields replaced |
| `DELETE /{route}/<{table.key.name}>` | 204 |

A request to create one:

```json
{example}
```

What is not valid is answered with 400 and the reasons, a unique value that is taken with 409.

{_lists(table)}
`openapi.json` of the backend has all of this in full.
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
    ]
    return ", ".join(rule for rule in rules if rule) or "optional"


def _authentication(schema: SchemaModel) -> str:
    return _AUTHENTICATION.format(tokens=_OTHER_TOKENS if schema.accounts is None else _OWN_TOKENS)


def _example(table: TablePlan) -> Iterator[tuple[str, object]]:
    for field in table.fields:
        if not (field.primary_key and table.generates_keys) and not field.nullable:
            yield field.name, _EXAMPLES[field.type]


_AUTHENTICATION = """# Authentication

Requests carry `Authorization: Bearer <token>`. Without a valid one the answer is 401, but for what is PUBLIC. `/` and
`/health` are open.

{tokens}

`AUTH=off` lets everybody do everything: the server then listens on its own machine alone, and refuses it in production.
"""
_OWN_TOKENS = """\
Users sign up and sign in at the backend itself: `POST /auth/sign-up` and `POST /auth/sign-in` answer an
access token for 15 minutes and a refresh token, for which `POST /auth/refresh` gives new ones. Tokens are signed with
`JWT_SECRET`, without which the server does not start. `/auth/password-reset` mails a token for a new password, by
`SMTP_URL`."""
_OTHER_TOKENS = """\
A token is a JWT with the user's id in `sub`, an end in `exp` and their roles in `roles`, signed with
`JWT_SECRET` (HS256), or by an issuer whose keys are at `JWKS_URL` (RS256, ES256). Without one of the two the server
does not start."""

_DEPLOYMENT = """# Deployment

`infrastructure/template.json` is the CloudFormation template of the tables:

```sh
aws cloudformation deploy --stack-name backend --template-file infrastructure/template.json
```

The server is a container (see `Dockerfile`) or any Node 22 or later: `npm ci && npm run build && npm start`. Settings
are environment variables, listed in `.env.example`. `GET /health` answers 200 while it serves; on SIGTERM it finishes
what it has begun.

Deleting the stack keeps the tables. Turn on point-in-time recovery to be able to go back.
"""
