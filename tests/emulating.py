"""The AWS emulator of a test run, or of a fake that stands in front of one."""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from services.foundation.aws.emulator import free_port, running_emulator

TOOLS = Path(__file__).parent.parent / ".tools" / "bin"


@contextmanager
def emulated() -> Generator[str]:
    """Run the emulator without state on a free port for the length of the block; the value is its endpoint URL."""
    endpoint: list[str] = []
    up, done = Event(), Event()

    async def run() -> None:
        async with running_emulator(
            program=str(TOOLS / "ministack"),
            data=None,
            port=free_port(),
            environment=dict(os.environ),  # noqa: TID251 - a child of the test run, not a setting of the product
        ) as url:
            endpoint.append(url)
            up.set()
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=[run()])
    thread.start()
    assert up.wait(30)
    try:
        yield endpoint[0]
    finally:
        done.set()
        thread.join()
