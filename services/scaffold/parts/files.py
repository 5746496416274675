"""What the parts of a backend come to in its files: their own, and what those of every backend have more with them."""

from typing import Final

from services.scaffold.parts import buckets
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import fill, read

_SHARED: Final = ("src/parts/aws.ts",)


def part_files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of the parts, without their tests."""
    tables = {"src/tables.ts": fill("src/tables.ts", **_tables_parts(plan))}
    if plan.is_empty:
        return tables
    shared = {path: read(path) for path in _SHARED}
    return tables | shared | {"src/parts/create.ts": _creation(plan)} | buckets.files(plan)


def part_tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of the parts."""
    return buckets.tests(plan)


def backend_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what tests sign with where the environment has no keys."""
    return {"emulatorKey": f"'{buckets.EMULATOR_KEY}'" if plan.buckets else "'tests'"}


def emulator(plan: PartsPlan) -> str:
    """Write what the emulator of `compose.yaml` is told more."""
    return read("compose.bucket.yaml") if plan.buckets else ""


def ci_emulator(plan: PartsPlan) -> str:
    """Write what the emulator of `ci/github.yaml` is told more."""
    key = buckets.EMULATOR_KEY
    return f"        env: {{ AWS_ACCESS_KEY_ID: {key}, AWS_SECRET_ACCESS_KEY: {key} }}\n" if plan.buckets else ""


def config_parts(plan: PartsPlan) -> dict[str, str]:
    """Write the settings that the parts have."""
    return {"partTypes": buckets.config_types(plan), "partSettings": buckets.config_settings(plan)}


def example(plan: PartsPlan) -> str:
    """Write the settings of `.env.example`."""
    return buckets.example(plan)


def _tables_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the command that makes tables does for the parts beside them."""
    if plan.is_empty:
        return {"importParts": "", "onlyTables": "", "createParts": "", "deleteParts": "", "partsType": ""}
    return {
        "importParts": "import { createParts, deleteParts } from './parts/create.js';\n",
        "onlyTables": ".filter(({ Type }) => Type === 'AWS::DynamoDB::Table')",
        "createParts": "\n  await createParts(database);",
        "deleteParts": "\n  await deleteParts(database);",
        "partsType": "readonly Type: string; ",
    }


def readme_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the README says of the parts."""
    if plan.is_empty:
        return {"parts": "", "partsCode": ""}
    return {
        "parts": fill("README.parts.md", kinds=buckets.readme(plan)),
        "partsCode": "| `src/parts` | what the architecture has beside tables |\n",
    }


def unneeded_packages(plan: PartsPlan) -> frozenset[str]:
    return frozenset[str]() if plan.buckets else buckets.PACKAGES


def route_imports(plan: PartsPlan) -> list[str]:
    """Write the imports that `src/routes/index.ts` has more."""
    if not plan.buckets:
        return []
    names = [bucket.names.variable for bucket in plan.buckets]
    return [
        *(f"import {{ {name}Bucket }} from '../parts/buckets/{name}.js';" for name in names),
        "import { fileRoutes } from '../parts/fileRoutes.js';",
    ]


def route_mounts(plan: PartsPlan) -> list[str]:
    """Write where the routes of parts are."""
    return [
        f"router.use('/{bucket.names.route}', fileRoutes(services, {bucket.names.variable}Bucket));"
        for bucket in plan.buckets
    ]


def _creation(plan: PartsPlan) -> str:
    names = [bucket.names.variable for bucket in plan.buckets]
    imports = [
        "import { createBuckets, deleteBuckets } from './buckets.js';",
        *(f"import {{ {name}Bucket }} from './buckets/{name}.js';" for name in names),
    ]
    listed = ", ".join(f"{name}Bucket" for name in names)
    return fill(
        "src/parts/create.ts",
        imports="\n".join(imports),
        lists=f"const buckets = [{listed}];",
        creations="  await createBuckets(database, buckets);",
        deletions="  await deleteBuckets(database, buckets);",
    )
