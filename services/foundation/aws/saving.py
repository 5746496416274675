"""A small program that is ministack, and saves its state as it goes: by itself it does so only at its orderly end.

    python -P saving.py

It is run by the interpreter that ministack is installed for, and imports nothing of the product. Objects of S3 are
written to disk by ministack itself, at once.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportPrivateUsage=false

import asyncio
import time
from typing import Any, Final

from ministack import app as ministack
from ministack.core.persistence import save_all

PAUSE: Final = 1.0
"""Seconds between two saves, while there are requests."""

SHARE: Final = 20
"""A pause is at least so many times as long as the save before it took."""


class Saving:
    """ministack's ASGI application; a task beside it saves what requests have changed."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._save())
        try:
            await self._application(scope, receive, send)
        finally:
            if scope["type"] == "http":
                self._changed.set()

    async def _save(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = time.monotonic()
            save_all(ministack._build_persistence_save_dict())  # noqa: SLF001 - it offers no other way
            await asyncio.sleep(max(PAUSE, SHARE * (time.monotonic() - began)))


if __name__ == "__main__":
    ministack.app = Saving(ministack.app)
    ministack.main()
