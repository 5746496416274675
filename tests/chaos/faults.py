"""The faults: what can go wrong with processes, sockets and messages, at random moments."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from services.foundation.aws.queue import Queue
from tests.chaos.fleet import Fleet, Member
from tests.chaos.load import Load
from tests.chaos.tally import REDIS_KILLED, Tally

_AIM: Final = 0.3
"""Share of the kills that wait for some job to be about to end."""

_AIM_FOR: Final = 3.0
"""Seconds that they wait at most."""

_Fault = Callable[[], Coroutine[Any, Any, None] | None]
"""Chooses its victim and returns what is to be done, or None where there is no victim now."""


@dataclass(eq=False)
class Faults:
    """Injects faults one after another; each takes its time, so that several are under way at once."""

    fleet: Fleet
    load: Load
    queues: Mapping[str, Queue]
    """By the prefix of the ids in them."""
    lease: float
    chance: Random
    tally: Tally
    only: str = ""
    """Text that the kinds of fault have to have in their names."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def inject(self, count: int, *, every: float) -> None:
        """Inject so many faults, on average one every so many seconds: each kind once, then as chance has it."""
        kinds = {name: kind for name, kind in self._kinds().items() if self.only in name}
        names, weights = list(kinds), [weight for _, weight in kinds.values()]
        untried = self.chance.sample(names, len(names))
        while self.tally.faults.total() < count:
            name = untried.pop() if untried else self.chance.choices(names, weights)[0]
            deed = kinds[name][0]()
            if deed is None:
                untried = [name, *untried] if name not in self.tally.faults else untried
                await asyncio.sleep(0.02)
                continue
            self.tally.faults[name] += 1
            task = asyncio.create_task(deed, name=name)
            self._tasks.add(task)
            await asyncio.sleep(self.chance.uniform(0, 2 * every))

    async def recovered(self) -> None:
        """Wait until everything that was ended or paused runs again. Raises what went wrong with a fault itself."""
        await asyncio.gather(*self._tasks)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _kinds(self) -> dict[str, tuple[_Fault, float]]:
        """Every kind of fault, and how often it comes compared with the others."""
        fleet = self.fleet
        return {
            "SIGKILL of a worker": (lambda: self._on_one(fleet.workers, self._kill), 3),
            "SIGSTOP, SIGCONT of a worker": (lambda: self._on_one(fleet.workers, self._pause), 2),
            "SIGTERM of a worker": (lambda: self._on_one(fleet.workers, self._terminate), 2),
            "SIGKILL of an api": (lambda: self._on_one(fleet.apis, self._kill), 1.5),
            "SIGSTOP, SIGCONT of an api": (lambda: self._on_one(fleet.apis, self._pause), 1),
            "SIGTERM of an api": (lambda: self._on_one(fleet.apis, self._terminate), 1),
            REDIS_KILLED: (lambda: self._on_one([fleet.redis], self._kill_redis), 1),
            "socket dropped": (self._drop, 4),
            "socket half-open": (self._stall, 3),
            "message duplicated": (self._duplicate, 3),
            "message delivered late": (self._deliver_late, 2),
        }

    def _on_one(
        self, members: Sequence[Member], deed: Callable[[Member], Coroutine[Any, Any, None]]
    ) -> Coroutine[Any, Any, None] | None:
        free = [member for member in members if not member.busy]
        if not free:
            return None
        member = self.chance.choice(free)
        member.busy = True
        return self._done_to(member, deed)

    async def _done_to(self, member: Member, deed: Callable[[Member], Coroutine[Any, Any, None]]) -> None:
        try:
            await deed(member)
        finally:
            member.busy = False

    async def _kill(self, member: Member) -> None:
        if self.chance.random() < _AIM:
            await self._some_job_ends()
        await member.kill()
        await asyncio.sleep(self.chance.uniform(0, 1))
        await member.start()

    async def _some_job_ends(self) -> None:
        self.load.ending.clear()
        try:
            async with asyncio.timeout(_AIM_FOR):
                await self.load.ending.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self.chance.uniform(0, 0.05))

    async def _kill_redis(self, member: Member) -> None:
        await member.kill()
        await asyncio.sleep(self.chance.choice([0, self.chance.uniform(0, 3)]))
        await member.start()

    async def _terminate(self, member: Member) -> None:
        await member.terminate()
        await member.start()

    async def _pause(self, member: Member) -> None:
        """Hold a process for longer than its jobs' leases: it wakes as a zombie."""
        member.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(self.lease + self.chance.uniform(0.3, 2.5))
        finally:
            member.signal(signal.SIGCONT)

    def _drop(self) -> Coroutine[Any, Any, None] | None:
        connected = [one for job in self.load.active.values() for one in job.subscribers if one.connected]
        if not connected:
            return None
        self.chance.choice(connected).drop()
        return asyncio.sleep(0)

    def _stall(self) -> Coroutine[Any, Any, None] | None:
        connected = [one for job in self.load.active.values() for one in job.subscribers if one.connected]
        if not connected:
            return None
        self.chance.choice(connected).stall(self.chance.uniform(0.5, 5))
        return asyncio.sleep(0)

    def _duplicate(self) -> Coroutine[Any, Any, None] | None:
        return self._send_again(list(self.load.active)) if self.load.active else None

    def _deliver_late(self) -> Coroutine[Any, Any, None] | None:
        return self._send_again([one.job.id for one in self.load.ended]) if self.load.ended else None

    async def _send_again(self, job_ids: Sequence[str]) -> None:
        job_id = self.chance.choice(job_ids)
        for _ in range(self.chance.randint(1, 3)):
            await self.queues[job_id.partition("_")[0]].send(
                job_id, group="chaos", after=self.chance.choice([0, 0, 1, 3])
            )
