"""A whole backend for a schema: every file of an Express + TypeScript project over DynamoDB."""

import base64
import html

from services.designs.architecture import ArchitectureModel
from services.designs.schema import SchemaModel, Secrecy
from services.scaffold import accounts, cloudformation, costs, policies, typescript, validation
from services.scaffold.documented_access import rights
from services.scaffold.graphql import settings as graphql_settings
from services.scaffold.graphql.files import graphql_files
from services.scaffold.lists import children, filterable
from services.scaffold.names import slug
from services.scaffold.openapi import document as openapi
from services.scaffold.own_tests.files import write_tests
from services.scaffold.packages import packages
from services.scaffold.parts import files as part_files
from services.scaffold.parts.drawing import drawing
from services.scaffold.parts.plan import PartsPlan, plan_parts
from services.scaffold.plan import TablePlan, plan_tables
from services.scaffold.readme import route_parts
from services.scaffold.requests import unfollowed_by_files
from services.scaffold.template import fill, read

_SHARED = (
    "src/server.ts",
    "src/built.ts",
    "src/command.ts",
    "src/context.ts",
    "src/errors.ts",
    "src/httpServer.ts",
    "src/logger.ts",
    "src/migrate.ts",
    "src/migration/conversion.ts",
    "src/migration/fields.ts",
    "src/migration/gate.ts",
    "src/migration/indexes.ts",
    "src/migration/leftovers.ts",
    "src/migration/lock.ts",
    "src/migration/migration.ts",
    "src/migration/own.ts",
    "src/migration/plan.ts",
    "src/migration/records.ts",
    "src/migration/refused.ts",
    "src/migration/run.ts",
    "src/migration/shape.ts",
    "src/migration/state.ts",
    "src/sweep.ts",
    "src/tables.ts",
    "src/telemetry.ts",
    "src/tracing.ts",
    "src/types/index.ts",
    "src/middleware/auth.ts",
    "src/middleware/body.ts",
    "src/middleware/errorHandler.ts",
    "src/middleware/headers.ts",
    "src/middleware/health.ts",
    "src/middleware/rateLimit.ts",
    "src/middleware/requestContext.ts",
    "src/middleware/requestLog.ts",
    "src/middleware/validator.ts",
    "src/services/access.ts",
    "src/services/backOff.ts",
    "src/services/background.ts",
    "src/services/cascade.ts",
    "src/services/caseless.ts",
    "src/services/cursor.ts",
    "src/services/etag.ts",
    "src/services/expansion.ts",
    "src/services/idempotency.ts",
    "src/services/database.ts",
    "src/services/databaseErrors.ts",
    "src/services/deletion.ts",
    "src/services/deletions.ts",
    "src/services/index.ts",
    "src/services/items.ts",
    "src/services/links.ts",
    "src/services/listPart.ts",
    "src/services/listPlan.ts",
    "src/services/listing.ts",
    "src/services/memberships.ts",
    "src/services/mergePatch.ts",
    "src/services/numbers.ts",
    "src/services/owners.ts",
    "src/services/passwords.ts",
    "src/services/reading.ts",
    "src/services/records.ts",
    "src/services/references.ts",
    "src/services/removal.ts",
    "src/services/repository.ts",
    "src/services/seals.ts",
    "src/services/secrets.ts",
    "src/services/sweep.ts",
    "src/services/system.ts",
    "src/services/tokens.ts",
    "src/services/signer.ts",
    "src/services/soundness.ts",
    "src/services/transaction.ts",
    "src/services/turns.ts",
    "src/services/uniqueness.ts",
    "src/services/writes.ts",
    "src/validation/input.ts",
    "src/validation/list.ts",
    "src/validation/numbers.ts",
    "src/validation/query.ts",
    "src/validation/types.ts",
    "src/routes/crud.ts",
    "src/routes/links.ts",
    "src/routes/lists.ts",
    "src/routes/openapi.ts",
    "src/routes/requests.ts",
)


def write_backend(
    *, project_name: str, description: str, schema: SchemaModel, architecture: ArchitectureModel | None = None
) -> dict[str, str]:
    """Write a backend for any valid schema, and what can be of an architecture: content by path, in a reader's order.

    The same arguments give the same files. Every content ends with a newline.
    """
    tables = plan_tables(schema)
    parts = plan_parts(architecture, tables)
    name = slug(project_name)
    title = _line(project_name) or name
    return (
        {
            "README.md": _readme(
                schema, tables, parts, name=name, title=title, description=description, drawn=architecture
            )
        }
        | _project_files(schema, tables, parts, name=name, title=title, about=_about(description, schema, architecture))
        | {path: read(path) for path in _SHARED[:1]}
        | _settings_files(schema, parts, name)
        | {path: read(path) for path in _SHARED[1:]}
        | part_files.part_files(parts)
        | _table_files(schema, tables, parts)
        | {"src/models/identity.ts": accounts.identity(schema, policies.written_teams(schema))}
        | accounts.account_files(schema)
        | graphql_files(schema, tables)
        | write_tests(schema, tables, parts)
        | _client_files(tables)
    )


def _project_files(
    schema: SchemaModel, tables: tuple[TablePlan, ...], parts: PartsPlan, *, name: str, title: str, about: str
) -> dict[str, str]:
    prefix = _prefix(name)
    return {
        **packages(
            schema,
            parts,
            name=name if name.endswith("backend") else f"{name}-backend",
            description=f"The backend of {title}",
        ),
        "tsconfig.json": read("tsconfig.json"),
        "eslint.config.js": read("eslint.config.js"),
        openapi.PATH: openapi.document(tables, schema, parts, title=title, about=about),
        "infrastructure/template.json": cloudformation.template(tables, parts, slug=name, prefix=prefix),
        "infrastructure/role.json": cloudformation.role_template(tables, parts, slug=name, prefix=prefix),
        ".env.example": fill(
            "env.example",
            name=name,
            prefix=prefix,
            sealing=_sealing(tables),
            graphql=graphql_settings.example(schema),
            parts=part_files.example(parts),
            **accounts.example_settings(schema),
        ),
        ".gitignore": read("gitignore"),
        ".dockerignore": read("dockerignore"),
        ".editorconfig": read("editorconfig"),
        "Dockerfile": fill("Dockerfile", documents=graphql_settings.documents(schema)),
        "compose.yaml": fill("compose.yaml", slug=name, emulator=part_files.emulator(parts)),
        "ci/github.yaml": fill("ci/github.yaml", emulator=part_files.ci_emulator(parts)),
        "Procfile": read("Procfile"),
        "render.yaml": fill("render.yaml", slug=name, prefix=prefix, sealing=_asking_for_keys(tables)),
    }


def _asking_for_keys(tables: tuple[TablePlan, ...]) -> str:
    """Write what asks for the keys that fields are sealed with, where there are any."""
    return "      - key: SEALING_KEYS\n        sync: false\n" if _sealing(tables) else ""


def _client_files(tables: tuple[TablePlan, ...]) -> dict[str, str]:
    first = next(table for table in tables if not table.is_made)
    return {
        "client/tsconfig.json": read("client/tsconfig.json"),
        "client/client.test.ts": typescript.client_test(first),
    }


def _settings_files(schema: SchemaModel, parts: PartsPlan, name: str) -> dict[str, str]:
    return {
        "src/app.ts": fill("src/app.ts", name=f"'{name}'", **graphql_settings.app_parts(schema)),
        "src/config.ts": fill(
            "src/config.ts",
            name=f"'{name}'",
            prefix=f"'{_prefix(name)}'",
            **accounts.config_parts(schema),
            **graphql_settings.config_parts(schema),
            **part_files.config_parts(parts),
        ),
        "src/middleware/methods.ts": fill("src/middleware/methods.ts", **graphql_settings.method_parts(schema)),
    }


def _table_files(schema: SchemaModel, tables: tuple[TablePlan, ...], parts: PartsPlan) -> dict[str, str]:
    files: dict[str, str] = {}
    for table in tables:
        files[f"src/models/{table.names.file}.ts"] = typescript.model(
            table, _dependants(table, tables), children(table, tables)
        )
        if table.is_made:
            continue
        files[f"src/validation/{table.names.file}.ts"] = validation.validation(table)
        files[f"src/routes/{table.names.file}.ts"] = typescript.routes(table)
    files["src/models/evolution.ts"] = typescript.evolution(tables)
    files["src/models/index.ts"] = typescript.models_index(tables)
    files["src/validation/index.ts"] = typescript.validation_index(tables)
    files["src/routes/index.ts"] = typescript.routes_index(tables, schema, parts)
    return files


def _dependants(table: TablePlan, tables: tuple[TablePlan, ...]) -> list[dict[str, str]]:
    return [
        {"table": child.name, "field": reference.field, "onDelete": reference.on_delete.value}
        for child in tables
        for reference in child.references
        if reference.table == table.name
    ]


def _readme(
    schema: SchemaModel,
    tables: tuple[TablePlan, ...],
    parts: PartsPlan,
    *,
    name: str,
    title: str,
    description: str,
    drawn: ArchitectureModel | None,
) -> str:
    rows = (
        f"| {table.name} | `/{table.names.route}` | {', '.join(field.name for field in filterable(table))} "
        f"| {', '.join(' + '.join(names) for names in table.unique)} |"
        for table in tables
        if not table.is_made
    )
    return fill(
        "README.md",
        title=html.escape(title, quote=False),
        about=_about(description, schema, drawn),
        architecture=drawing(drawn, schema),
        rights=rights(schema, description),
        slug=name,
        tables="\n".join(rows),
        price=str(costs.DOLLARS_A_MILLION),
        costs=costs.cost_rows(tables),
        teams=_about_teams(schema),
        **route_parts(tables),
        **part_files.readme_parts(parts),
        **accounts.readme_parts(schema, tables),
        **graphql_settings.readme_parts(schema, tables),
    )


def _about_teams(schema: SchemaModel) -> str:
    teams = schema.teams
    return "" if teams is None else fill("README.teams.md", memberships=teams.memberships, user=teams.user)


def _sealing(tables: tuple[TablePlan, ...]) -> str:
    """Return the key for development, which everybody may know; without sealed fields, none."""
    if not any(Secrecy.SEALED in table.secrecy.values() for table in tables):
        return ""
    return f"development:{base64.b64encode(bytes(32)).decode()}"


def _about(description: str, schema: SchemaModel, architecture: ArchitectureModel | None) -> str:
    """Quote what was asked for, and say what of it the backend does not do."""
    asked = html.escape(_line(description), quote=False)
    if not asked:
        return "A backend."
    unfollowed = unfollowed_by_files(description, schema, architecture)
    lines = "".join(f"- {html.escape(one.text, quote=False)}: {one.reason}\n" for one in unfollowed)
    return f"What was asked for:\n\n> {asked}" + (f"\n\nOf this, the backend does not do:\n\n{lines}" if lines else "")


def _prefix(name: str) -> str:
    return f"{name}-"


def _line(text: str) -> str:
    """Return a user's text on one line, with nothing in it that does not print."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
