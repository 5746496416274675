"""How a backend is made fit for Vercel: by an entry that answers with the server which the backend would start."""

import asyncio
import json
import os
from pathlib import Path

import httpx
import pytest

from services.core.tls import trusted
from services.foundation.aws.emulator import free_port
from services.platforms.port import DeployFailed
from services.platforms.vercel.source import ENTRY, SETTINGS, fitted, settings
from tests.fakes.targets.vercel import RUNTIME
from tests.services.platforms.projects import ENVIRONMENT, SERVER, TOOLS


def package(start: str) -> dict[str, bytes]:
    return {"package.json": json.dumps({"type": "module", "scripts": {"start": start}}).encode()}


def test_an_entry_and_settings_come_beside_the_files() -> None:
    files = fitted({**package("node dist/server.js"), "src/server.ts": b"1"}, start_command=None)
    assert files["src/server.ts"] == b"1"
    assert b"await import('../dist/server.js')" in files[ENTRY]
    assert json.loads(files[SETTINGS]) == {"rewrites": [{"source": "/(.*)", "destination": "/api"}]}


@pytest.mark.parametrize("own", [SETTINGS, "api/hello.ts"])
def test_an_archive_that_is_fit_stays_as_it_is(own: str) -> None:
    files = {**package("node dist/server.js"), own: b"{}"}
    assert fitted(files, start_command=None) == files
    assert settings(files, build_command=None) == {}
    assert settings(files, build_command="make") == {"buildCommand": "make"}


@pytest.mark.parametrize(
    ("start", "main"),
    [
        ("node server.js", "server.js"),
        ("node ./dist/main.mjs", "dist/main.mjs"),
        ("node --enable-source-maps --env-file=.env build/index.cjs", "build/index.cjs"),
    ],
)
def test_the_entry_loads_what_would_be_started(start: str, main: str) -> None:
    assert f"import('../{main}')".encode() in fitted(package(start), start_command=None)[ENTRY]
    assert f"import('../{main}')".encode() in fitted(package("tsx x.ts"), start_command=start)[ENTRY]


@pytest.mark.parametrize("start", ["npm run serve", "node ../x.js", "node /x.js", "node a'b.js", "node x.js && y", ""])
def test_what_is_no_module_can_not_be_started(start: str) -> None:
    with pytest.raises(DeployFailed) as failure:
        fitted(package(start or "python app.py"), start_command=start or None)
    assert failure.value.reason == "START_COMMAND_UNUSABLE"


def test_an_archive_without_a_readable_package_is_refused() -> None:
    with pytest.raises(DeployFailed) as failure:
        fitted({"package.json": b"{"}, start_command=None)
    assert failure.value.reason == "BAD_ARCHIVE"


LATE = "await new Promise((resolve) => setTimeout(resolve, 100));"


@pytest.mark.parametrize("server", [SERVER, f"(async () => {{ {LATE} {SERVER} }})();"], ids=["at once", "late"])
async def test_the_handler_answers_as_the_server_would(server: str, tmp_path: Path) -> None:
    source = {
        "package.json": b'{"scripts": {"start": "node server.js"}}',
        "server.js": f'const NAME = "hello";{server}'.encode(),
        ".runtime.mjs": RUNTIME.encode(),
    }
    for path, content in fitted(source, start_command=None).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    port = free_port()
    environment = {"PATH": f"{ENVIRONMENT['PATH']}{os.pathsep}{TOOLS}", "PORT": str(port)}
    process = await asyncio.create_subprocess_exec("node", ".runtime.mjs", cwd=tmp_path, env=environment)
    try:
        async with asyncio.timeout(20), httpx.AsyncClient(verify=trusted()) as client:
            while True:
                try:
                    answer = await client.get(f"http://127.0.0.1:{port}/deep/path?x=1")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
    finally:
        process.kill()
        await process.wait()
    assert answer.text == "hello"
