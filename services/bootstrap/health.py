"""The health of a process: whether each part that it depends on answers, and what is wrong where one does not."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.core.clock import Clock
from services.core.complaint import Complaint
from services.core.errors import Unavailable
from services.core.frozen import frozen

PATIENCE: Final = 2.0
"""Seconds that a part may take to answer."""

FRESH_FOR: Final = 1.5
"""Seconds for which one look answers all who ask."""

LOOK_EVERY: Final = 5.0
"""Seconds between two looks of a process at its own health."""

log = logging.getLogger(__name__)


class Silent(Unavailable):
    """A part did not answer in time."""

    def __init__(self) -> None:
        super().__init__(f"no answer within {PATIENCE:g} seconds")


@frozen
class Report:
    """`services` says `connected` or `unavailable` of each part; `healthy` is whether requests can be served."""

    healthy: bool
    uptime: float
    timestamp: datetime
    services: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Health:
    """`required` are the parts without which requests can't be served. However many ask, one look is under way."""

    checks: Mapping[str, Callable[[], Awaitable[object]]]
    required: frozenset[str]
    started: datetime
    now: Clock
    _look: "asyncio.Task[Mapping[str, Exception | None]] | None" = None
    _looked: float = float("-inf")
    _complaints: dict[str, Complaint] = field(default_factory=dict[str, Complaint])

    async def report(self) -> Report:
        """Say how each part is, as seen at most FRESH_FOR seconds ago."""
        faults = await self.faults()
        moment = self.now()
        return Report(
            healthy=not any(faults[name] for name in self.required),
            uptime=(moment - self.started).total_seconds(),
            timestamp=moment,
            services={name: "unavailable" if fault else "connected" for name, fault in faults.items()},
        )

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Look every few seconds while the block runs, and log which part does not answer, and why, now and then."""
        task = asyncio.create_task(self._watch(), name="health")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _watch(self) -> None:
        while True:
            for name, fault in (await self.faults()).items():
                complaint = self._complaints.setdefault(name, Complaint(log))
                if fault is None:
                    complaint.settle()
                else:
                    complaint.tell(fault, "%s does not answer", name)
            await asyncio.sleep(LOOK_EVERY)

    async def faults(self) -> Mapping[str, Exception | None]:
        """Return why each part does not answer, as seen at most FRESH_FOR seconds ago; None where it does."""
        clock = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and clock - self._looked > FRESH_FOR):
            self._looked = clock
            self._look = asyncio.create_task(self._ask())
        return await asyncio.shield(self._look)

    async def _ask(self) -> Mapping[str, Exception | None]:
        faults = await asyncio.gather(*map(_fault, self.checks.values()))
        return dict(zip(self.checks, faults, strict=True))


async def _fault(check: Callable[[], Awaitable[object]]) -> Exception | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return Silent()
    except Exception as error:  # noqa: BLE001 - whatever the reason, the part does not answer
        return error
    return None
