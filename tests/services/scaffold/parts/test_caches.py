"""Tests of how caches are built into a backend."""

import json

from services.designs.architecture import Node, NodeKind
from tests.services.scaffold.parts.drawn import backend

PRICES = Node(id="prices", kind=NodeKind.CACHE, name="Redis cache of prices")


def test_a_cache_has_its_code_and_its_settings() -> None:
    files = backend(PRICES)

    assert "export function ofPricesCacheOf(config: Config): Cache" in files["src/parts/caches/ofPrices.ts"]
    for setting in ("REDIS_URL", "OF_PRICES_CACHE_SECONDS", "OF_PRICES_CACHE_ENTRIES"):
        assert f"'{setting}'" in files["src/config.ts"]
        assert f"\n{setting}=" in files[".env.example"]
    assert "await closeCaches();" in files["src/server.ts"]


def test_a_cache_brings_its_package_and_nothing_that_is_made_in_aws() -> None:
    files, plain = backend(PRICES), backend()

    assert "@redis/client" in json.loads(files["package.json"])["dependencies"]
    assert "redis" not in plain["package-lock.json"]
    for path in ("infrastructure/template.json", "infrastructure/role.json", "src/tables.ts"):
        assert files[path] == plain[path]
