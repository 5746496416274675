"""All files of a backend's own tests."""

from collections.abc import Sequence

from services.designs.schema import Api, SchemaModel
from services.scaffold.own_tests.deletion import write_deletion
from services.scaffold.own_tests.graphql import graphql_tests
from services.scaffold.own_tests.http import write_http
from services.scaffold.own_tests.samples import write_accounts, write_people, write_samples
from services.scaffold.own_tests.table import write_table
from services.scaffold.own_tests.teams import write_teams
from services.scaffold.own_tests.world import World
from services.scaffold.parts.files import backend_parts, part_tests
from services.scaffold.parts.plan import NO_PARTS, PartsPlan
from services.scaffold.plan import TablePlan
from services.scaffold.template import fill, read

_FOLDER = "src/tests"
_FIXED = ("answers.ts", "distinct.ts", "open.ts", "resource.ts")
_FIXED_TESTS = tuple(f"{name}.test.ts" for name in ("settings", "tokens", "secrets", "operation", "telemetry"))


def write_tests(schema: SchemaModel, tables: Sequence[TablePlan], parts: PartsPlan = NO_PARTS) -> dict[str, str]:
    """Write the tests of a valid schema's backend: content by path."""
    world = World(schema, tables)
    by_table = {
        f"{_FOLDER}/tables/{subject.plan.names.file}.test.ts": content
        for subject in world.subjects.values()
        if (content := write_table(world, subject)) is not None
    }
    fixed = {f"{_FOLDER}/{name}": fill(f"{_FOLDER}/{name}", **_places(schema, tables)) for name in _FIXED_TESTS}
    fixed |= write_http(world)
    accounts = write_accounts(world)
    if accounts is not None:
        fixed |= {f"{_FOLDER}/accounts.test.ts": accounts, f"{_FOLDER}/mailServer.ts": read(f"{_FOLDER}/mailServer.ts")}
    deletion = write_deletion(world)
    if deletion is not None:
        fixed |= {f"{_FOLDER}/deletion.test.ts": deletion}
    teams = write_teams(world)
    if teams is not None:
        fixed |= {f"{_FOLDER}/teams.test.ts": teams}
    if any("../link.js" in content for content in by_table.values()):
        fixed |= {f"{_FOLDER}/link.ts": read(f"{_FOLDER}/link.ts")}
    graphql = graphql_tests(world, tables) if schema.api is not Api.REST else {}
    of_parts = part_tests(parts)
    tests = [path for path in (*fixed, *by_table, *graphql, *of_parts) if path.endswith(".test.ts")]
    return (
        {f"{_FOLDER}/run.ts": fill(f"{_FOLDER}/run.ts", tests="\n".join(map(_import, tests)))}
        | {f"{_FOLDER}/backend.ts": fill(f"{_FOLDER}/backend.ts", restApi=_rest_api(schema), **backend_parts(parts))}
        | {f"{_FOLDER}/{name}": read(f"{_FOLDER}/{name}") for name in _FIXED}
        | {f"{_FOLDER}/people.ts": write_people(world), f"{_FOLDER}/samples.ts": write_samples(world)}
        | fixed
        | by_table
        | graphql
        | of_parts
    )


def _places(schema: SchemaModel, tables: Sequence[TablePlan]) -> dict[str, str]:
    keys = " or JWKS_URL" if schema.accounts is None else ""
    missing = f"Set JWT_SECRET (at least 32 characters){keys}; AUTH=off is for your own machine alone."
    return {"path": f"/{tables[0].names.route}", "keysMissing": missing}


def _rest_api(schema: SchemaModel) -> str:
    """Write the setting that turns the routes on where they are off, since the tests of all rules go by them."""
    return "  REST_API: 'on',\n" if schema.api is Api.GRAPHQL else ""


def _import(path: str) -> str:
    return f"import './{path.removeprefix(f'{_FOLDER}/').removesuffix('.ts')}.js';"
