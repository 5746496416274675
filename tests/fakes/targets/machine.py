"""A host that really installs, compiles and starts what it is given, as a target does, on this machine."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.core.tls import trusted
from services.platforms import npm
from tests.fakes.targets.hosting import Code, Emit

_SECONDS = 60


@dataclass
class Machine:
    """Code is built and run in folders below `root`; each site has a port of its own.

    Packages are installed once for the same package.json, whichever target asks.
    """

    root: Path
    search_path: str = field(default_factory=lambda: os.environ["PATH"])  # noqa: TID251 - where Node is
    _ports: dict[str, int] = field(default_factory=dict[str, int])
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict[str, asyncio.subprocess.Process])
    _reading: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    def url(self, site: str) -> str:
        if site not in self._ports:
            with socket.create_server(("127.0.0.1", 0)) as probe:
                self._ports[site] = probe.getsockname()[1]
        return f"http://127.0.0.1:{self._ports[site]}"

    async def build(self, files: Mapping[str, bytes], environment: Mapping[str, str], emit: Emit) -> bool:
        """Install and compile, in a folder that `start` finds by the files."""
        folder = self._folder(files)
        if (folder / "built").exists():
            return True
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        modules = self.root / f"modules-{hash(files['package.json']):x}"
        if modules.exists():
            await self._run(f"cp -al {modules} node_modules", folder, environment, emit)
        elif not await self._run("npm install --include=dev --no-audit --no-fund", folder, environment, emit):
            return False
        else:
            await self._run(f"cp -al node_modules {modules}", folder, environment, emit)
        if not await self._run("npm run build", folder, environment, emit):
            return False
        (folder / "built").touch()
        return True

    async def _run(self, command: str, folder: Path, environment: Mapping[str, str], emit: Emit) -> bool:
        process = await self._start(command, folder, {**self._network(), **environment})
        await self._read(process, emit)
        return await process.wait() == 0

    async def start(self, site: str, code: Code, environment: Mapping[str, str], emit: Emit) -> bool:
        await self.stop(site)
        url = self.url(site)
        settings = {"NODE_ENV": "production", **environment, "PORT": str(self._ports[site])}  # as vendors set it
        process = await self._start(code.command, self._folder(code.files), settings)
        self._running[site] = process
        reading = asyncio.create_task(self._read(process, emit))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        async with httpx.AsyncClient(verify=trusted(), trust_env=False) as client:
            for _ in range(_SECONDS * 10):
                if process.returncode is not None:
                    return False
                try:
                    await client.get(f"{url}/health")
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                else:
                    return True
        return False

    async def stop(self, site: str) -> None:
        process = self._running.pop(site, None)
        if process is not None and process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def close(self) -> None:
        for site in list(self._running):
            await self.stop(site)
        if self._reading:
            await asyncio.wait(self._reading)

    def _folder(self, files: Mapping[str, bytes]) -> Path:
        return self.root / f"{hash(tuple(sorted(files.items()))):x}"

    def _network(self) -> dict[str, str]:
        environment = dict(os.environ)  # noqa: TID251 - what npm needs of the test run's environment
        return npm.network_settings(environment, home=Path.home())

    async def _start(self, command: str, folder: Path, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            command,
            cwd=folder,
            env={"PATH": self.search_path, "HOME": str(Path.home()), **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def _read(self, process: asyncio.subprocess.Process, emit: Emit) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            await emit(line.decode("utf-8", "replace").rstrip("\n"))
