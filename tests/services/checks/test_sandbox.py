"""The tests of what a script in the sandbox can see and take, in bubblewrap (where it works) and bare."""

import asyncio
import json
import os
import socket
import tempfile
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.checks.sandbox import BrokenOff, Limits, NoNode, Sandbox
from tests.services.checks.machine import BOTH_WAYS, SEARCH_PATH, processes_of, with_bubblewrap

SHOWN = "what it is shown"


def contents(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


@pytest.fixture(params=BOTH_WAYS)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return Sandbox(SEARCH_PATH, Limits(seconds=20), bubblewrap=request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file that a script may read, and one beside it that it may not."""
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "file.txt").write_text(SHOWN)
    (tmp_path / "hidden.txt").write_text("secret")
    return tmp_path.resolve()


async def run(sandbox: Sandbox, folder: Path, source: str, *arguments: str) -> tuple[str, ...]:
    script = folder / "script.mjs"
    script.write_text(source)
    return await sandbox.run(script, arguments, readable=[folder / "shown"])


async def result(sandbox: Sandbox, folder: Path, expression: str, *arguments: str) -> Any:
    """Return what an expression comes to, or the code of what it throws."""
    source = f"""
import fs from "node:fs"; import net from "node:net"; import process from "node:process";
import {{ spawnSync }} from "node:child_process"; import {{ Worker }} from "node:worker_threads";
const attempt = async () => ({expression});
console.log(JSON.stringify({{ value: await attempt().catch((error) => error.code ?? String(error)) }}));
process.exit(0);
"""
    lines = await run(sandbox, folder, source, *arguments)
    return json.loads(lines[-1])["value"]


async def test_a_script_reads_what_it_is_shown(sandbox: Sandbox, folder: Path) -> None:
    read = 'fs.readFileSync(process.argv[2], "utf8")'

    assert await result(sandbox, folder, read, str(folder / "shown" / "file.txt")) == SHOWN


async def test_a_script_reads_nothing_else(sandbox: Sandbox, folder: Path) -> None:
    read = 'fs.readFileSync(process.argv[2], "utf8")'

    for path in (folder / "hidden.txt", folder / "shown" / ".." / "hidden.txt", Path("/etc/passwd"), Path(__file__)):
        assert await result(sandbox, folder, read, str(path)) in {"ERR_ACCESS_DENIED", "ENOENT"}


async def test_a_script_sees_nothing_of_our_environment(sandbox: Sandbox, folder: Path) -> None:
    assert len(os.environ) > 3  # noqa: TID251 - what must not be seen

    seen = await result(sandbox, folder, "process.env")

    assert seen.keys() <= {"LC_CTYPE", "PWD"}


@pytest.mark.parametrize("place", ["{folder}/new", "{folder}/shown/file.txt", "{tmp}/{name}", "/dev/shm/{name}"])  # noqa: S108
async def test_a_script_writes_nothing(sandbox: Sandbox, folder: Path, place: str) -> None:
    path = Path(place.format(folder=folder, tmp=tempfile.gettempdir(), name=f"of-{folder.name}"))
    before = contents(path)

    said = await result(sandbox, folder, 'fs.writeFileSync(process.argv[2], "x") ?? "written"', str(path))

    assert said in {"ERR_ACCESS_DENIED", "EROFS", "EFBIG"}
    assert contents(path) == before


async def test_a_script_starts_no_process_and_no_thread(sandbox: Sandbox, folder: Path) -> None:
    assert await result(sandbox, folder, "spawnSync(process.execPath, ['--version']).status") == "ERR_ACCESS_DENIED"
    assert await result(sandbox, folder, "new Worker('0', { eval: true }) && 1") == "ERR_ACCESS_DENIED"


@with_bubblewrap
async def test_there_is_no_network_in_bubblewrap(folder: Path) -> None:
    connect = """new Promise((resolve) => net.connect(Number(process.argv[2]), "127.0.0.1")
        .on("connect", () => resolve("connected")).on("error", (error) => resolve(error.code)))"""
    outside = Sandbox(SEARCH_PATH, bubblewrap=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])

        assert await result(outside, folder, connect, port) in {"connected", "ERR_ACCESS_DENIED"}
        assert await result(Sandbox(SEARCH_PATH), folder, connect, port) in {"ECONNREFUSED", "ERR_ACCESS_DENIED"}


@with_bubblewrap
async def test_bubblewrap_alone_hides_files_and_environment(folder: Path) -> None:
    script = folder / "script.mjs"
    script.write_text("""import fs from "node:fs"; import process from "node:process";
const folder = process.argv[2];
console.log(JSON.stringify([fs.readdirSync(folder), fs.existsSync("/etc/passwd"), process.env, process.pid < 10]));""")
    walls = replace(await Sandbox(SEARCH_PATH).walls(), permissions=None)
    command = walls.command(script, [str(folder)], [folder / "shown"], memory=256)

    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env={"SECRET": "x"})
    said, _ = await process.communicate()

    assert json.loads(said) == [["script.mjs", "shown"], False, {"PWD": "/"}, True]


@with_bubblewrap
async def test_bubblewrap_is_used_where_it_works() -> None:
    walls = await Sandbox(SEARCH_PATH).walls()

    assert walls.bubblewrap is not None
    assert walls.permissions is not None


async def test_a_bubblewrap_that_does_not_work_is_not_used(folder: Path) -> None:
    broken = folder / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    sandbox = Sandbox(f"{broken.parent}:{SEARCH_PATH}")

    walls = await sandbox.walls()
    lines = await run(sandbox, folder, 'console.log("ran")')

    assert walls.bubblewrap is None
    assert lines == ("ran",)


async def test_without_node_nothing_runs(folder: Path) -> None:
    with pytest.raises(NoNode):
        await run(Sandbox(str(folder)), folder, "")


async def test_a_script_that_does_not_end_is_ended(folder: Path, sandbox: Sandbox) -> None:
    hasty = Sandbox(SEARCH_PATH, Limits(seconds=1), bubblewrap=sandbox.bubblewrap)

    with pytest.raises(BrokenOff) as broken:
        await run(hasty, folder, "console.log('begun'); for (;;);")

    assert str(broken.value) == "It did not end within 1 seconds."
    assert processes_of(folder) == []


@pytest.mark.parametrize(
    "hoard", ["new Array(100_000).fill({}).map(() => ({}))", "Buffer.alloc(10_000_000, 1)"], ids=["objects", "buffers"]
)
async def test_a_script_that_wants_all_memory_is_ended(folder: Path, sandbox: Sandbox, hoard: str) -> None:
    small = Sandbox(SEARCH_PATH, Limits(seconds=60, memory=64), bubblewrap=sandbox.bubblewrap)

    with pytest.raises(BrokenOff) as broken:
        await run(small, folder, f"const kept = []; for (;;) kept.push({hoard});")

    assert str(broken.value) == "It needed more memory than 64 MiB."


async def test_a_script_that_throws_says_what(folder: Path, sandbox: Sandbox) -> None:
    with pytest.raises(BrokenOff) as broken:
        await run(sandbox, folder, "console.log(1); throw new RangeError('too deep');")

    assert str(broken.value) == "It ended with status 1. RangeError: too deep"
    assert broken.value.lines == ("1",)


async def test_cancelling_leaves_no_process(folder: Path, sandbox: Sandbox) -> None:
    await sandbox.walls()
    running = asyncio.create_task(run(sandbox, folder, "for (;;);"))
    async with asyncio.timeout(10):
        while not processes_of(folder):  # noqa: ASYNC110 - nothing tells of another process's start
            await asyncio.sleep(0.01)
    before = processes_of(folder)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert before
    assert processes_of(folder) == []
