"""What the parts of a backend come to in its files: their own, and what those of every backend have more with them."""

from typing import Final

from services.scaffold.parts import buckets, queues
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import fill, read

_SHARED: Final = ("src/parts/aws.ts",)
_OF_SERVERS: Final = ("importConsumers", "makeConsumers", "startConsumers", "stopConsumers", "endTelling")


def part_files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of the parts, without their tests."""
    tables = {
        "src/server.ts": fill("src/server.ts", **_server_parts(plan)),
        "src/tables.ts": fill("src/tables.ts", **_tables_parts(plan)),
        "src/services/removal.ts": fill("src/services/removal.ts", **_telling_parts(plan)),
        "src/services/repository.ts": fill("src/services/repository.ts", **_telling_parts(plan)),
    }
    if plan.is_empty:
        return tables
    shared = {path: read(path) for path in _SHARED}
    return tables | shared | {"src/parts/create.ts": _creation(plan)} | buckets.files(plan) | queues.files(plan)


def part_tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of the parts."""
    return buckets.tests(plan) | queues.tests(plan)


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
    has_queues = bool(plan.queues)
    return {
        "partTypes": buckets.config_types(plan) + (read("src/config.queueTypes.ts") if has_queues else ""),
        "partSettings": buckets.config_settings(plan) + (read("src/config.queueSettings.ts") if has_queues else ""),
    }


def example(plan: PartsPlan) -> str:
    """Write the settings of `.env.example`."""
    return buckets.example(plan) + (read("env.queue.example") if plan.queues else "")


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
    kinds = (buckets.readme(plan), queues.readme(plan))
    return {
        "parts": fill("README.parts.md", kinds="\n".join(kind for kind in kinds if kind).rstrip()),
        "partsCode": "| `src/parts` | what the architecture has beside tables |\n"
        + ("| `src/handlers` | what becomes of the messages of each queue: yours to write |\n" if plan.queues else ""),
    }


def unneeded_packages(plan: PartsPlan) -> frozenset[str]:
    """Return the packages that a backend with these parts does without."""
    return frozenset(
        name
        for parts, names in ((plan.buckets, buckets.PACKAGES), (plan.queues, queues.PACKAGES))
        if not parts
        for name in names
    )


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


def _server_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the server does with queues, which is to take their messages and to end what it sends."""
    if not plan.queues:
        return dict.fromkeys(_OF_SERVERS, "")
    return {
        "importConsumers": "import { Consumers } from './parts/consumers.js';\n"
        "import { told } from './parts/tellings.js';\n",
        "makeConsumers": "  const consumers = new Consumers(config, database);\n",
        "startConsumers": "  if (config.consumers === 'on' && !lifecycle.stopping) consumers.start();\n",
        "stopConsumers": ", consumers.stop()",
        "endTelling": "    await told();\n",
    }


def _telling_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what tells of the changes of records, where anybody is told."""
    if not plan.queues:
        return dict.fromkeys(("importTell", "tellCreated", "tellUpdated", "tellDeleted", "tellRemoved"), "")
    return {
        "importTell": "import { tell } from '../parts/tellings.js';\n",
        "tellCreated": "    tell(this.database, this.table, 'created', record);\n",
        "tellUpdated": "      tell(this.database, this.table, 'updated', record);\n",
        "tellDeleted": "      tell(this.database, this.table, 'deleted', before);\n",
        "tellRemoved": "    tell(database, table, 'deleted', record);\n",
    }


def scripts(plan: PartsPlan) -> frozenset[str]:
    """Return the commands of package.json that a backend with these parts does without."""
    return frozenset() if plan.queues else frozenset({"consume"})


def _creation(plan: PartsPlan) -> str:
    kinds = [("Buckets", "Bucket", plan.buckets), ("Queues", "Queue", plan.queues)]
    imports: list[str] = []
    lists: list[str] = []
    for kind, suffix, parts in kinds:
        folder = kind.lower()
        names = [part.names.variable for part in parts]
        if names:
            imports.append(f"import {{ create{kind}, delete{kind} }} from './{folder}.js';")
            imports += [f"import {{ {name}{suffix} }} from './{folder}/{name}.js';" for name in names]
            lists.append(f"const {folder} = [{', '.join(f'{name}{suffix}' for name in names)}];")
    built = [kind for kind, _, parts in kinds if parts]
    return fill(
        "src/parts/create.ts",
        imports="\n".join(imports),
        lists="\n".join(lists),
        creations="\n".join(f"  await create{kind}(database, {kind.lower()});" for kind in built),
        deletions="\n".join(f"  await delete{kind}(database, {kind.lower()});" for kind in built),
    )
