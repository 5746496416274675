"""This file is the health of a process: whether each part that it depends on answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.core.clock import Clock

PATIENCE: Final = 2.0
"""Seconds that a part may take to answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """`services` says `connected` or `unavailable` of each part; `healthy` is whether requests can be served."""

    healthy: bool
    uptime: float
    timestamp: datetime
    services: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Health:
    """`required` are the parts without which nothing can be served."""

    checks: Mapping[str, Callable[[], Awaitable[object]]]
    required: frozenset[str]
    started: datetime
    now: Clock

    async def report(self) -> Report:
        """Ask every part at once."""
        states = dict(zip(self.checks, await asyncio.gather(*map(self._state, self.checks.values())), strict=True))
        moment = self.now()
        return Report(
            healthy=all(states[name] == "connected" for name in self.required),
            uptime=(moment - self.started).total_seconds(),
            timestamp=moment,
            services=states,
        )

    async def _state(self, check: Callable[[], Awaitable[object]]) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                await check()
        except Exception:  # noqa: BLE001 - whatever the reason, the part does not answer
            return "unavailable"
        return "connected"
