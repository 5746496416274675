"""What an install says and does where npm's registry does not answer, with the real npm."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.platforms.npm import cache_settings
from services.platforms.registry import Patience, RegistryUnreachable, install
from tests.services.platforms.projects import ENVIRONMENT, TOOLS

pytestmark = pytest.mark.npm

SOON = Patience(first=0.1, answer=2, again=0.5)
SEARCH_PATH = f"{ENVIRONMENT['PATH']}:{TOOLS}"

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a request and never answer it."""
    await reader.read()
    writer.close()


async def refusal(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer that there is no such page, as registries do that know no ping."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def registry(answer: Answer) -> AsyncGenerator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


async def installing(folder: Path, url: str, program: str, waits: list[float], patience: Patience = SOON) -> int:
    """Install by a program of the test's, which takes its time."""
    (folder / "package.json").write_text(json.dumps({"name": "backend", "private": True}))

    async def on_line(text: str, from_stderr: bool) -> None:  # noqa: FBT001 - the shape of OnLine
        del text, from_stderr

    async def on_wait(seconds: float) -> None:
        waits.append(seconds)

    environment = {"PATH": SEARCH_PATH, "HOME": str(folder), "NPM_CONFIG_REGISTRY": url}
    async with asyncio.timeout(30):
        return await install(
            ["/bin/sh", "-c", program],
            cwd=folder,
            environment={**environment, **cache_settings(folder / "cache")},
            on_line=on_line,
            on_wait=on_wait,
            grace=1,
            npm="npm",
            patience=patience,
        )


async def test_an_install_ends_where_nobody_listens(tmp_path: Path) -> None:
    waits: list[float] = []
    with pytest.raises(RegistryUnreachable) as failure:
        await installing(tmp_path, "http://127.0.0.1:1/", "sleep 60", waits)

    assert str(failure.value).startswith("The npm registry 127.0.0.1 does not answer (ECONNREFUSED). Check")
    assert len(waits) == 1


async def test_an_install_ends_where_the_registry_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreachable, match=r"registry\.invalid does not answer \((ENOTFOUND|EAI_AGAIN)\)"):
        await installing(tmp_path, "http://registry.invalid/", "sleep 60", [])


async def test_an_install_ends_where_the_registry_takes_requests_and_says_nothing(tmp_path: Path) -> None:
    async with registry(nothing) as url:
        with pytest.raises(RegistryUnreachable, match=r"does not answer \(silent for 2 seconds\)"):
            await installing(tmp_path, url, "sleep 60", [])


async def test_an_install_may_take_long_while_the_registry_answers_whatever_it_answers(tmp_path: Path) -> None:
    waits: list[float] = []
    async with registry(refusal) as url:
        status = await installing(tmp_path, url, "sleep 3; exit 7", waits)

    assert status == 7
    assert len(waits) > 1
    assert waits == sorted(waits)


async def test_an_install_that_needs_no_registry_ends_before_it_is_asked(tmp_path: Path) -> None:
    waits: list[float] = []

    assert await installing(tmp_path, "http://127.0.0.1:1/", "exit 0", waits, Patience(first=20)) == 0

    assert waits == []
