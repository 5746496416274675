"""The packages of a backend: its package.json and the lock file that agrees with it, of what its schema needs.

The templates have the packages of a backend with everything (see `make scaffold-lock`). What a backend may be without
has no packages of its own to need, so that its line of the lock file is all that goes with it.
"""

import json
import re
from collections.abc import Collection
from typing import Any

from services.designs.schema import Api, SchemaModel
from services.scaffold import accounts
from services.scaffold.graphql import files as graphql
from services.scaffold.parts import files as parts
from services.scaffold.parts import workers
from services.scaffold.parts.plan import PartsPlan
from services.scaffold.template import read


def packages(schema: SchemaModel, planned: PartsPlan, *, name: str, description: str) -> dict[str, str]:
    """Write package.json and package-lock.json."""
    unneeded = parts.unneeded_packages(planned)
    if schema.accounts is None:
        unneeded |= accounts.PACKAGES
    if schema.api is Api.REST:
        unneeded |= graphql.PACKAGES
    package: dict[str, Any] = json.loads(read("package.json"))
    package = _without(package, unneeded) | {"name": name, "description": description}
    unneeded_scripts = {"account", "role"} if schema.accounts is None else {"token"}
    unneeded_scripts |= workers.scripts(planned)
    package["scripts"] = {key: script for key, script in package["scripts"].items() if key not in unneeded_scripts}
    lock = _lock_without(read("package-lock.json"), unneeded)
    return {
        "package.json": json.dumps(package, indent=2) + "\n",
        "package-lock.json": lock.replace('"name": "backend"', f'"name": {json.dumps(name)}'),
    }


def _without(package: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    kept = {
        group: {name: version for name, version in package[group].items() if name not in names}
        for group in ("dependencies", "devDependencies")
    }
    return package | kept


def _lock_without(lock: str, names: Collection[str]) -> str:
    """Return the text of a lock file, which has a package a line, without some; the root's line is called ""."""
    if not names:
        return lock
    either = "|".join(map(re.escape, names))
    lock = re.sub(rf'^ *"node_modules/(?:{either})": .*\n', "", lock, flags=re.MULTILINE)
    root = re.compile(r'^ *"": .*$', re.MULTILINE)
    return root.sub(lambda line: re.sub(rf', "(?:{either})": "[^"]*"', "", line[0]), lock, count=1)
