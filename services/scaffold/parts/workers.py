"""What a backend does beside requests: taking the messages of queues, and running functions by the clock."""

from typing import Final

from services.scaffold.parts import caches
from services.scaffold.parts.functions import scheduled
from services.scaffold.parts.messaging import tells
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import fill, read

_OF_SERVERS: Final = (
    "importWorkers",
    "importTelling",
    "makeWorkers",
    "startWorkers",
    "stopWorkers",
    "endTelling",
)


_OF_BOTH: Final = frozenset({"importCaches", "importTelling", "endTelling", "endCaches"})
"""What a process of its own does as the server does."""


def has_workers(plan: PartsPlan) -> bool:
    return bool(plan.queues or scheduled(plan))


def files(plan: PartsPlan) -> dict[str, str]:
    """Write what does it, and the command that does it in a process of its own."""
    if not has_workers(plan):
        return {}
    telling = {name: text for name, text in server_parts(plan).items() if name in _OF_BOTH}
    return {"src/consume.ts": fill("src/consume.ts", **telling), "src/parts/workers.ts": _workers(plan)}


def server_parts(plan: PartsPlan) -> dict[str, str]:
    """Write what the server does of it, and that it ends what it sends."""
    texts = dict.fromkeys(_OF_SERVERS, "") | caches.server_parts(plan)
    if tells(plan):
        texts["importTelling"] = "import { told } from './parts/tellings.js';\n"
        texts["endTelling"] = "    await told();\n"
    if has_workers(plan):
        texts["importWorkers"] = "import { Workers } from './parts/workers.js';\n"
        texts["makeWorkers"] = "  const workers = new Workers(config, database);\n"
        texts["startWorkers"] = "  if (config.consumers === 'on' && !lifecycle.stopping) workers.start();\n"
        texts["stopWorkers"] = ", workers.stop()"
    return texts


def scripts(plan: PartsPlan) -> frozenset[str]:
    """Return the commands of package.json that a backend with these parts does without."""
    return frozenset() if has_workers(plan) else frozenset({"consume"})


def config_types(plan: PartsPlan) -> str:
    return read("src/config.workerTypes.ts") if has_workers(plan) else ""


def config_settings(plan: PartsPlan) -> str:
    return read("src/config.workerSettings.ts") if has_workers(plan) else ""


def example(plan: PartsPlan) -> str:
    return read("env.workers.example") if has_workers(plan) else ""


def _workers(plan: PartsPlan) -> str:
    imports = [
        "import type { Config } from '../config.js';",
        "import type { Database } from '../services/database.js';",
    ]
    made: dict[str, tuple[str, str]] = {}
    if scheduled(plan):
        imports += ["import { Clock } from './clock.js';", "import { schedules } from './schedules.js';"]
        made["clock"] = "Clock", "new Clock(database, schedules)"
    if plan.queues:
        imports.append("import { Consumers } from './consumers.js';")
        made["consumers"] = "Consumers", "new Consumers(config, database)"
    return fill(
        "src/parts/workers.ts",
        imports="\n".join(imports) + "\n",
        fields="\n".join(f"  private readonly {name}: {kind};" for name, (kind, _) in made.items()),
        creations="\n".join(f"    this.{name} = {new};" for name, (_, new) in made.items()),
        starts="\n".join(f"    this.{name}.start();" for name in made),
        stops=", ".join(f"this.{name}.stop()" for name in made),
    )
