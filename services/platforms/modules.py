"""The packages of backends on this machine: what npm has installed once is linked for all that have the same lock file.

An install writes 12,500 files for a backend of the scaffold; links to them take a twentieth of its time.
"""

import asyncio
import hashlib
import json
import os
import shutil
from dataclasses import field
from pathlib import Path
from typing import Final, cast

from services.core.foreign_json import UnreadableJson, read_json
from services.core.frozen import frozen
from services.platforms.folders import Room, hold, make_room, measure, publish, staged
from services.platforms.process import to_the_end

_LOCK: Final = "package-lock.json"
_MODULES: Final = "node_modules"
_OF_ITS_OWN: Final = frozenset({"name", "version", "description", "scripts"})
"""What a package.json says that installs the same packages."""

_SCRIPTS: Final = frozenset({"preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"})
"""Scripts that `npm ci` runs (https://docs.npmjs.com/cli/using-npm/scripts)."""


@frozen
class Modules:
    """Folders under `root`, each with a node_modules. Backends must not write into a file of theirs."""

    root: Path
    room: Room = field(default_factory=Room)

    async def link(self, folder: Path) -> bool:
        """Give a backend the packages that another had, if there are such."""
        key = _key(folder)
        held = None if key is None else hold(self.root / key)
        if key is None or held is None:
            return False
        try:
            await to_the_end(asyncio.to_thread(_link, self.root / key, folder))
        finally:
            os.close(held)
        return True

    async def keep(self, folder: Path) -> None:
        """Keep what was installed for a backend, for those that come."""
        key = _key(folder)
        if key is None or not (folder / _MODULES).is_dir():
            return
        async with staged(self.root) as staging:
            await to_the_end(asyncio.to_thread(_link, folder, staging))
            await to_the_end(asyncio.to_thread(measure, staging))
            publish(staging, self.root / key)
        await to_the_end(asyncio.to_thread(make_room, self.root, self.room))


def _key(folder: Path) -> str | None:
    """Return what the packages of a backend follow from; None where its install may do more than unpack them."""
    try:
        lock = (folder / _LOCK).read_bytes()
        package = read_json((folder / "package.json").read_bytes())
    except (OSError, UnreadableJson):
        return None
    if not isinstance(package, dict) or b'"hasInstallScript"' in lock or (folder / ".npmrc").exists():
        return None
    declared = cast("dict[str, object]", package)
    scripts = declared.get("scripts")
    if isinstance(scripts, dict) and _SCRIPTS & cast("dict[str, object]", scripts).keys():
        return None
    asked = {name: value for name, value in declared.items() if name not in _OF_ITS_OWN}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode() + lock).hexdigest()


def _link(source: Path, target: Path) -> None:
    shutil.copytree(source / _MODULES, target / _MODULES, symlinks=True, copy_function=os.link)
