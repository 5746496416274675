"""The source as Vercel takes it: a function that answers every request, in place of a server that listens."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from services.platforms.port import DeployFailed

ENTRY: Final = "api/index.mjs"
SETTINGS: Final = "vercel.json"

_ALL_TO_THE_ENTRY: Final = b'{\n  "rewrites": [{ "source": "/(.*)", "destination": "/api" }]\n}\n'

_STATIC: Final = "public"
"""Vercel wants a folder of static files of whatever it builds."""

_NODE: Final = re.compile(r"node(?: --?[\w=./-]+)* (?:\./)?(?!/|\.\.)([\w@./-]+\.[cm]?js)")
_START: Final = "node dist/server.js"

_PROGRAM: Final = """\
// Vercel calls this handler. The backend listens on no port here: the server that it starts answers through it.
import { Server } from 'node:http';

const PATIENCE_MS = 10_000;
let timer;
const started = new Promise((resolve, reject) => {
  Server.prototype.listen = function listen() {
    resolve(this);
    return this;
  };
  timer = setTimeout(() => reject(new Error('The backend has started no server.')), PATIENCE_MS);
});
started.catch(() => undefined);

let server;
try {
  await import('../MAIN');
  server = await started;
} finally {
  clearTimeout(timer);
  delete Server.prototype.listen;
}

export default (request, response) => {
  server.emit('request', request, response);
};
"""


class _Package(msgspec.Struct, frozen=True):
    scripts: dict[str, str] = {}


def fitted(files: Mapping[str, bytes], *, start_command: str | None) -> dict[str, bytes]:
    """Return the files with an entry for Vercel beside them, where they have none. Raises DeployFailed."""
    if is_fit(files):
        return dict(files)
    program = _PROGRAM.replace("MAIN", _main(files, start_command))
    return {f"{_STATIC}/.gitkeep": b"", **files, ENTRY: program.encode(), SETTINGS: _ALL_TO_THE_ENTRY}


def is_fit(files: Mapping[str, bytes]) -> bool:
    """Say whether an archive has functions or settings for Vercel of its own."""
    return SETTINGS in files or any(path.startswith("api/") for path in files)


def settings(files: Mapping[str, bytes], *, build_command: str | None) -> dict[str, str | None]:
    """Return the settings of the project that go with the files of an archive."""
    if is_fit(files):
        return {"buildCommand": build_command} if build_command else {}
    command = build_command or "npm run build --if-present"
    return {"framework": None, "buildCommand": command, "outputDirectory": _STATIC}


def _main(files: Mapping[str, bytes], start_command: str | None) -> str:
    command = start_command or _start_script(files) or _START
    program = _NODE.fullmatch(command.strip())
    if program is None or ".." in program[1]:
        message = f"Vercel runs no command, only a module: a start command must be like '{_START}', not '{command}'."
        raise DeployFailed("START_COMMAND_UNUSABLE", message)
    return program[1]


def _start_script(files: Mapping[str, bytes]) -> str | None:
    try:
        return msgspec.json.decode(files.get("package.json", b"{}"), type=_Package).scripts.get("start")
    except msgspec.DecodeError:
        raise DeployFailed("BAD_ARCHIVE", "The archive has no readable package.json at its root.") from None
