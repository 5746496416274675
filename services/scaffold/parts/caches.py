"""How a cache is built: where its copies are kept, its settings, and what is said of it."""

from typing import Final

from services.scaffold.literals import quoted
from services.scaffold.parts.plan import CachePlan, PartsPlan
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

PACKAGES: Final = frozenset({"@redis/client"})
"""Packages that a backend with caches needs."""
_SHARED: Final = ("src/parts/caches.ts", "src/parts/memoryStore.ts", "src/parts/redisStore.ts")


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of all caches."""
    if not plan.caches:
        return {}
    return {path: read(path) for path in _SHARED} | {
        f"src/parts/caches/{cache.names.variable}.ts": fill(
            "src/parts/cache.ts",
            purpose=purpose(cache),
            variable=cache.names.variable,
            name=quoted(cache.names.physical),
        )
        for cache in plan.caches
    }


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the test of what all caches share."""
    path = "src/tests/parts/caches.test.ts"
    return {path: read(path)} if plan.caches else {}


def server_parts(plan: PartsPlan) -> dict[str, str]:
    """Write how a process ends what it has open to Redis."""
    if not plan.caches:
        return {"importCaches": "", "endCaches": ""}
    return {
        "importCaches": "import { closeCaches } from './parts/caches.js';\n",
        "endCaches": "    await closeCaches();\n",
    }


def config_types(plan: PartsPlan) -> str:
    return _of_all(plan, "src/config.redisTypes.ts", "src/config.cacheTypes.ts")


def config_settings(plan: PartsPlan) -> str:
    return _of_all(plan, "src/config.redisSettings.ts", "src/config.cacheSettings.ts")


def example(plan: PartsPlan) -> str:
    return _of_all(plan, "env.redis.example", "env.cache.example")


def readme(plan: PartsPlan) -> str:
    """Write what the README says of caches."""
    if not plan.caches:
        return ""
    rows = "".join(
        f"| {purpose(cache)} | `src/parts/caches/{cache.names.variable}.ts`"
        f" | `{cache.names.setting}_CACHE_SECONDS`, `_CACHE_ENTRIES` |\n"
        for cache in plan.caches
    )
    return fill("README.caches.md", rows=rows, variable=plan.caches[0].names.variable)


def _of_all(plan: PartsPlan, shared: str, each: str) -> str:
    if not plan.caches:
        return ""
    return read(shared) + "".join(fill(each, **_settings(cache)) for cache in plan.caches)


def _settings(cache: CachePlan) -> dict[str, str]:
    return {"variable": cache.names.variable, "setting": cache.names.setting, "purpose": purpose(cache)}
