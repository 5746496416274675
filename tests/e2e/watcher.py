"""A subscriber as the documentation asks for: it resumes after its last cursor until its stream ends."""

import asyncio
from contextlib import aclosing
from typing import Any

from websockets.exceptions import WebSocketException

from tests.snapinfra import GENERATION, User


class Watcher:
    """A subscriber that resumes after its last cursor until the stream ends."""

    def __init__(self, user: User, generation_id: str) -> None:
        self.seen: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._user, self._id = user, generation_id

    async def watch(self) -> None:
        while not self.seen or self.seen[-1]["__typename"] != "GenerationFinished":
            after = self.seen[-1]["cursor"] if self.seen else None
            try:
                async with aclosing(self._user.follow(GENERATION, id=self._id, after=after)) as results:
                    async for result in results:
                        async with self._changed:
                            self.seen.append(result["data"]["generationEvents"])
                            self._changed.notify_all()
            except (OSError, WebSocketException):
                await asyncio.sleep(0.1)  # the api is away

    async def saw(self, kind: str, *, times: int = 1) -> None:
        """Wait until so many events of a kind were seen."""
        async with asyncio.timeout(180), self._changed:
            await self._changed.wait_for(lambda: self.kinds.count(kind) >= times)

    @property
    def kinds(self) -> list[str]:
        return [event["__typename"] for event in self.seen]

    def check(self) -> None:
        """Assert what every subscriber of every stream is promised."""
        assert [event["seq"] for event in self.seen] == sorted({event["seq"] for event in self.seen})
        assert self.kinds.count("GenerationFinished") == 1
        assert "StreamGap" not in self.kinds
