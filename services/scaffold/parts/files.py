"""What the parts of a backend come to in its files: their own, and what those of every backend have more with them."""

from typing import Final

from services.scaffold.parts import buckets, caches, externals, functions, messaging, queues, topics, workers
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import fill, read

_IN_AWS: Final = ("src/parts/aws.ts",)


def part_files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of the parts, without their tests."""
    tables = {
        "src/server.ts": fill("src/server.ts", **workers.server_parts(plan)),
        "src/tables.ts": fill("src/tables.ts", **_tables_parts(plan)),
        "src/services/removal.ts": fill("src/services/removal.ts", **messaging.telling_parts(plan)),
        "src/services/repository.ts": fill("src/services/repository.ts", **messaging.telling_parts(plan)),
    }
    account = ["src/parts/account.ts"] if plan.buckets or plan.topics else []
    shared = {path: read(path) for path in (*_IN_AWS, *account)} | {"src/parts/create.ts": _creation(plan)}
    kinds = (
        buckets.files,
        messaging.files,
        queues.files,
        topics.files,
        externals.files,
        caches.files,
        functions.files,
        workers.files,
    )
    return (
        tables
        | (shared if plan.is_in_aws else {})
        | {path: text for files in kinds for path, text in files(plan).items()}
    )


def part_tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of the parts."""
    kinds = (buckets.tests, queues.tests, topics.tests, externals.tests, functions.tests, caches.tests)
    return {path: text for tests in kinds for path, text in tests(plan).items()}


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
    kinds = (buckets, workers, externals, caches)
    return {
        "partTypes": "".join(kind.config_types(plan) for kind in kinds),
        "partSettings": "".join(kind.config_settings(plan) for kind in kinds),
    }


def example(plan: PartsPlan) -> str:
    """Write the settings of `.env.example`."""
    return "".join(kind.example(plan) for kind in (buckets, workers, externals, caches))


def _tables_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the command that makes tables does for the parts beside them."""
    if not plan.is_in_aws:
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
    kinds = [kind.readme(plan) for kind in (buckets, queues, topics, externals, functions, caches)]
    return {
        "parts": fill("README.parts.md", kinds="\n".join(kind for kind in kinds if kind).rstrip()),
        "partsCode": "".join(
            f"| `src/{folder}` | {what} |\n"
            for folder, what, is_there in (
                ("parts", "what the architecture has beside tables", True),
                ("handlers", "what becomes of the messages of each queue: yours to write", plan.queues),
                ("functions", "what is done by messages, by the clock or by code: yours to write", plan.functions),
            )
            if is_there
        ),
    }


def unneeded_packages(plan: PartsPlan) -> frozenset[str]:
    """Return the packages that a backend with these parts does without."""
    kinds = (
        (plan.buckets, buckets.PACKAGES),
        (plan.queues, queues.PACKAGES),
        (plan.topics, topics.PACKAGES),
        (plan.caches, caches.PACKAGES),
    )
    needed = {name for parts, names in kinds if parts for name in names}
    return frozenset(name for _, names in kinds for name in names if name not in needed)


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
    kinds = [("Bucket", plan.buckets), ("Queue", plan.queues), ("Topic", plan.topics)]
    built = [(kind, [part.names.variable for part in parts]) for kind, parts in kinds if parts]
    imports: list[str] = []
    lists: list[str] = []
    for kind, names in built:
        folder = f"{kind.lower()}s"
        imports.append(f"import {{ create{kind}s, delete{kind}s }} from './{folder}.js';")
        imports += [f"import {{ {name}{kind} }} from './{folder}/{name}.js';" for name in names]
        lists.append(f"const {folder} = [{', '.join(f'{name}{kind}' for name in names)}];")
    creations = [f"  await create{kind}s(database, {kind.lower()}s);" for kind, _ in built]
    if pairs := topics.subscriptions(plan):
        imports.append("import { subscribe } from './subscriptions.js';")
        both = (f"  {{ topic: {t.names.variable}Topic, queue: {q.names.variable}Queue }}," for t, q in pairs)
        lists.append("\n".join(["const subscriptions = [", *both, "];"]))
        creations.append("  await subscribe(database, subscriptions);")
    return fill(
        "src/parts/create.ts",
        imports="\n".join(imports),
        lists="\n".join(lists),
        creations="\n".join(creations),
        deletions="\n".join(f"  await delete{kind}s(database, {kind.lower()}s);" for kind, _ in built),
    )
