"""Whether the api or the worker on this machine is alive: what a container's health check asks."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

BEAT_EVERY: Final = 5.0
STALE: Final = 30.0
"""Seconds without a beat after which a worker counts as dead: its loop does not turn."""


def beat_file(data: Path) -> Path:
    return data / "worker.beat"


@asynccontextmanager
async def beating(data: Path) -> AsyncGenerator[None]:
    """Touch the data folder's beat while the block runs and its loop turns."""
    task = asyncio.create_task(_beat(beat_file(data)), name="beat")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        beat_file(data).unlink(missing_ok=True)


async def _beat(file: Path) -> None:
    while True:
        await asyncio.to_thread(_touch, file)
        await asyncio.sleep(BEAT_EVERY)


def _touch(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{os.getpid()}\n")


def is_alive(*, port: int, data: Path, scheme: str = "http") -> bool:
    """Say whether a worker's beat is fresh, or an api answers at the port (blocks for 4 s at most)."""
    try:
        if time.time() - beat_file(data).stat().st_mtime < STALE:
            return True
    except OSError:
        pass  # there is no worker
    try:
        # verify: the certificate is for the name that clients use, which 127.0.0.1 is not
        return httpx.get(
            f"{scheme}://127.0.0.1:{port}/api/live", timeout=4, trust_env=False, verify=scheme == "http"
        ).is_success
    except httpx.HTTPError:
        return False
