"""What the parts of a backend come to in its files: their own, and what those of every backend have more with them."""

from typing import Final

from services.scaffold.parts import buckets, externals, messaging, queues, topics
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import fill, read

_IN_AWS: Final = ("src/parts/aws.ts",)
_OF_SERVERS: Final = (
    "importConsumers",
    "importTelling",
    "makeConsumers",
    "startConsumers",
    "stopConsumers",
    "endTelling",
)


def part_files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of the parts, without their tests."""
    tables = {
        "src/server.ts": fill("src/server.ts", **_server_parts(plan)),
        "src/tables.ts": fill("src/tables.ts", **_tables_parts(plan)),
        "src/services/removal.ts": fill("src/services/removal.ts", **messaging.telling_parts(plan)),
        "src/services/repository.ts": fill("src/services/repository.ts", **messaging.telling_parts(plan)),
    }
    account = ["src/parts/account.ts"] if plan.buckets or plan.topics else []
    shared = {path: read(path) for path in (*_IN_AWS, *account)} | {"src/parts/create.ts": _creation(plan)}
    kinds = (buckets.files, messaging.files, queues.files, topics.files, externals.files)
    return (
        tables
        | (shared if plan.is_in_aws else {})
        | {path: text for files in kinds for path, text in files(plan).items()}
    )


def part_tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of the parts."""
    return buckets.tests(plan) | queues.tests(plan) | topics.tests(plan) | externals.tests(plan)


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
    of_queues = {"partTypes": "src/config.queueTypes.ts", "partSettings": "src/config.queueSettings.ts"}
    texts = {place: read(path) if plan.queues else "" for place, path in of_queues.items()}
    return {
        "partTypes": buckets.config_types(plan) + texts["partTypes"] + externals.config_types(plan),
        "partSettings": buckets.config_settings(plan) + texts["partSettings"] + externals.config_settings(plan),
    }


def example(plan: PartsPlan) -> str:
    """Write the settings of `.env.example`."""
    of_queues = read("env.queue.example") if plan.queues else ""
    return buckets.example(plan) + of_queues + externals.example(plan)


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
    kinds = (buckets.readme(plan), queues.readme(plan), topics.readme(plan), externals.readme(plan))
    return {
        "parts": fill("README.parts.md", kinds="\n".join(kind for kind in kinds if kind).rstrip()),
        "partsCode": "| `src/parts` | what the architecture has beside tables |\n"
        + ("| `src/handlers` | what becomes of the messages of each queue: yours to write |\n" if plan.queues else ""),
    }


def unneeded_packages(plan: PartsPlan) -> frozenset[str]:
    """Return the packages that a backend with these parts does without."""
    kinds = ((plan.buckets, buckets.PACKAGES), (plan.queues, queues.PACKAGES), (plan.topics, topics.PACKAGES))
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


def _server_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the server does with messages: it takes those of queues, and ends what it sends."""
    texts = dict.fromkeys(_OF_SERVERS, "")
    if messaging.has_messages(plan):
        texts["importTelling"] = "import { told } from './parts/tellings.js';\n"
        texts["endTelling"] = "    await told();\n"
    if plan.queues:
        texts["importConsumers"] = "import { Consumers } from './parts/consumers.js';\n"
        texts["makeConsumers"] = "  const consumers = new Consumers(config, database);\n"
        texts["startConsumers"] = "  if (config.consumers === 'on' && !lifecycle.stopping) consumers.start();\n"
        texts["stopConsumers"] = ", consumers.stop()"
    return texts


def scripts(plan: PartsPlan) -> frozenset[str]:
    """Return the commands of package.json that a backend with these parts does without."""
    return frozenset() if plan.queues else frozenset({"consume"})


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
