"""A generated backend put to work: installed, compiled, given its tables, started, and tested."""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from services.core.tls import trusted
from services.foundation.aws.emulator import EMULATOR_CREDENTIALS
from services.platforms import npm
from services.platforms.process import run

LIMIT: Final = 240
"""Seconds that a step may take."""
TESTS_LIMIT: Final = 15 * 60
"""Seconds that its own tests may take, on a machine that does other things, too."""
_TALLY: Final = re.compile(r"^. (pass|fail) (\d+)$", re.MULTILINE)


class BackendFailed(Exception):
    """A step did not do what it should; the text says which and how."""


@dataclass(slots=True)
class Building:
    """The steps in their order; each raises BackendFailed. `seconds` is what they took."""

    folder: Path
    environment: Mapping[str, str]
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    async def build(self) -> None:
        await self.compile()
        await self.step("tables", "npm", "run", "tables")

    async def compile(self) -> None:
        await self.step("install", *npm.install_command("npm", self.folder))
        await self.step("build", "npm", "run", "build")

    @asynccontextmanager
    async def serving(self, **variables: str) -> AsyncGenerator[str]:
        """Run the server for the length of the block and yield its URL."""
        addresses, said = asyncio.Queue[str](), deque[str](maxlen=20)

        async def read(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
            del from_stderr
            said.append(line)
            _, found, address = line.partition("listening on ")
            if found:
                await addresses.put(address.partition('"')[0])

        began = time.monotonic()
        environment = {**self.environment, "PORT": "0", "HOST": "127.0.0.1", **variables}
        server = asyncio.create_task(
            run(["node", "dist/server.js"], cwd=self.folder, environment=environment, on_line=read, grace=5)
        )
        address = asyncio.create_task(addresses.get())
        try:
            await asyncio.wait({server, address}, timeout=LIMIT, return_when=asyncio.FIRST_COMPLETED)
            if not address.done():
                raise BackendFailed(f"start: the server does not listen: {' / '.join(said)}")
            self.seconds["start"] = time.monotonic() - began
            yield address.result()
        finally:
            address.cancel()
            server.cancel()
            await asyncio.wait({server})

    async def answer(self) -> list[str]:
        """Start the server, ask for its health, stop it, and return the tables that it says it serves."""
        async with (
            self.serving() as url,
            httpx.AsyncClient(verify=trusted(), base_url=url, trust_env=False) as http,
        ):
            health: Any = (await http.get("/health")).json()
            resources: Any = (await http.get("/")).json()
        if health != {"status": "ok"}:
            raise BackendFailed(f"health: {health}")
        return [one["table"] for one in resources["resources"]]

    async def test(self) -> int:
        """Run its own tests, as its README does, without credentials, and return how many have passed."""
        surroundings = {name: value for name, value in self.environment.items() if name not in EMULATOR_CREDENTIALS}
        said = await Building(self.folder, surroundings, self.seconds).step("test", "npm", "test", limit=TESTS_LIMIT)
        tally = {name: int(number) for name, number in _TALLY.findall(said)}
        if tally.get("fail") != 0 or not tally.get("pass"):
            raise BackendFailed(f"test: {json.dumps(tally)}")
        return tally["pass"]

    async def step(self, name: str, *command: str, limit: float = LIMIT, told_from: str = "") -> str:
        """Run a command in the folder and return what it says, its last 5,000 lines.

        Raises BackendFailed, which tells what was said from where the given pattern is found.
        """
        said, began = deque[str](maxlen=5_000), time.monotonic()

        async def keep(line: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
            del from_stderr
            said.append(line)

        try:
            async with asyncio.timeout(limit):
                status = await run(command, cwd=self.folder, environment=self.environment, on_line=keep, grace=5)
        except TimeoutError as error:
            raise BackendFailed(f"{name}: took longer than {limit:g} seconds") from error
        self.seconds[name], text = time.monotonic() - began, "\n".join(said)
        if status:
            found = re.search(told_from, text)
            raise BackendFailed(f"{name}: status {status}:\n{text[found.start() if found else 0 :]}")
        return text
