"""The load: generations of several users at a steady rate, each followed by several subscribers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from services.core.frozen import frozen
from tests.chaos.checker import Kind, Places, Received, Session, Stored, Violation, check
from tests.chaos.client import Client, Unanswered
from tests.chaos.subscriber import Subscriber
from tests.chaos.tally import REDIS_KILLED, Tally

DESCRIPTIONS: Final = (
    "Build a user management API with teams and roles",
    "Blog with posts and comments by authors",
    "A todo list with tags",
    "Notes",
)
_CODE: Final = 0.35
"""Share of the jobs that make code."""

_DEPLOYMENTS: Final = 0.5
"""Share of the jobs that are deployments, where there are any."""

_CANCELED: Final = 0.08
"""Share of the jobs that are asked to stop, some of them after their end."""

_HELD_UP: Final = 30.0
"""Seconds after which a job does not count as one of those at once any more: stuck ones must not end the load."""


@dataclass(eq=False)
class Job:
    """A generation that is being followed."""

    id: str
    kind: str
    token: str
    began: float
    redis_kills: int
    """How often Redis had been killed before."""
    subscribers: list[Subscriber] = field(default_factory=list[Subscriber])


@frozen
class Ended:
    """What is kept of a job whose stream was checked: enough to find later what changed after its end."""

    job: Job
    stored: Stored
    last: Places


@dataclass(eq=False)
class Load:
    """Keeps so many generations under way until told to stop, and checks each one when it has ended."""

    client: Client
    tokens: Sequence[str]
    jobs_at_once: int
    platforms: Mapping[str, Mapping[str, Any]]
    """Where some of the jobs deploy to, and with what integrations; then CODE generations must be deployable."""
    chance: Random
    tally: Tally
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever some job is about to end."""
    active: dict[str, Job] = field(default_factory=dict[str, Job])
    ended: list[Ended] = field(default_factory=list[Ended])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _code_projects: dict[str, str] = field(default_factory=dict[str, str])
    _deployable: dict[str, str] = field(default_factory=dict[str, str])

    async def prepare(self) -> None:
        """Give every user a project with a schema, for code."""
        await asyncio.gather(*map(self._prepare, self.tokens))

    async def _prepare(self, token: str) -> None:
        project_id = await self.client.project(token, DESCRIPTIONS[-1])
        await self._one(await self._asked(token, project_id, "SCHEMA"))
        self._code_projects[token] = project_id
        if self.platforms:
            for integrations in self.platforms.values():
                for kind, credentials in integrations.items():
                    await self.client.connect(token, kind, credentials)
            code = await self._asked(token, project_id, "CODE")
            await self._one(code)
            self._deployable[token] = code.id

    async def run(self, stop: asyncio.Event) -> None:
        """Start generations until `stop`."""
        while not stop.is_set():
            if self._under_way() >= self.jobs_at_once:
                await asyncio.sleep(0.05)
                continue
            task = asyncio.create_task(self._start_one())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(self.chance.uniform(0, 0.2))

    async def finish(self, *, patience: float) -> None:
        """Wait for everything under way; what has not ended then is stuck."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for job in list(self.active.values()):
            await self._given_up(job)

    async def cancel(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def audit(self) -> None:
        """Follow every stream once more from its start: nothing may have changed since it ended."""
        for start in range(0, len(self.ended), 8):
            await asyncio.gather(*(self._audited(one) for one in self.ended[start : start + 8]))

    def _notice(self, kind: str) -> None:
        if kind == "UsageUpdated":  # after it, a job stores its result and ends its stream
            self.ending.set()

    def _under_way(self) -> int:
        now = asyncio.get_running_loop().time()
        starting = len(self._tasks) - len(self.active)
        return starting + sum(now - job.began < _HELD_UP for job in self.active.values())

    async def _start_one(self) -> None:
        token = self.chance.choice(self.tokens)
        try:
            if self.platforms and self.chance.random() < _DEPLOYMENTS:
                job = await self._asked_to_deploy(token)
            elif self.chance.random() < _CODE:
                job = await self._asked(token, self._code_projects[token], "CODE", self.chance.randint(100, 900))
            else:
                project_id = await self.client.project(token, self.chance.choice(DESCRIPTIONS))
                job = await self._asked(token, project_id, "SCHEMA")
            await self._one(job)
        except Unanswered as unanswered:
            self.tally.surprises.append(str(unanswered))

    async def _asked(self, token: str, project_id: str, kind: str, most_tokens: int | None = None) -> Job:
        kills = self.tally.faults[REDIS_KILLED]
        generation_id = await self.client.generate(token, project_id, kind, most_tokens=most_tokens)
        return Job(generation_id, kind, token, asyncio.get_running_loop().time(), kills)

    async def _asked_to_deploy(self, token: str) -> Job:
        kills = self.tally.faults[REDIS_KILLED]
        platform = self.chance.choice(list(self.platforms))
        self.tally.deployments[platform] += 1
        deployment_id = await self.client.deploy(token, self._code_projects[token], self._deployable[token], platform)
        return Job(deployment_id, "DEPLOYMENT", token, asyncio.get_running_loop().time(), kills)

    async def _one(self, job: Job) -> None:
        """Follow a generation to its end with several subscribers, and check what they got."""
        self.active[job.id] = job
        delays = [0.0, 0.0, self.chance.uniform(0, 6)]
        async with asyncio.TaskGroup() as group:
            for number, delay in enumerate(delays, start=1):
                group.create_task(self._join(job, f"subscriber {number}", delay))
            if job.kind == "DEPLOYMENT" or (self._code_projects and self.chance.random() < _CANCELED):
                group.create_task(self._cancel(job))
        await self._join(job, "subscriber 4 (after the end)", 0)
        stored, has_ended = await self.client.stored(job.token, job.id)
        if not has_ended:
            self._wrong(job, Kind.TERMINAL, f"Its stream has ended, but its record is {stored.status}.")
        self._check(job, stored)

    async def _cancel(self, job: Job) -> None:
        await asyncio.sleep(self.chance.uniform(0, 20 if job.kind == "DEPLOYMENT" else 4))
        await self.client.cancel(job.token, job.id)

    async def _join(self, job: Job, name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        subscriber = Subscriber(
            job.id, self.client.urls, job.token, Received(name), self.chance, self.tally, self._notice
        )
        job.subscribers.append(subscriber)
        self.tally.subscribers += 1
        await subscriber.follow()

    def _check(self, job: Job, stored: Stored) -> None:
        received = [subscriber.received for subscriber in job.subscribers]
        places: Places = {}
        self.tally.violations += check(job.id, received, stored, may_have_gaps=self._may_have_gaps(job), places=places)
        self.tally.jobs[f"{job.kind} {stored.status}{f' ({stored.reason})' if stored.reason else ''}"] += 1
        self.tally.attempts += stored.attempt
        self.tally.most_attempts = max(self.tally.most_attempts, stored.attempt)
        self.tally.gaps += sum(event["__typename"] == "StreamGap" for one in received for event in one.events)
        self.tally.merged += sum(one.events[-1]["seq"] for one in received if one.events)
        self.active.pop(job.id, None)
        last = dict([max(places.items(), key=lambda place: place[0][1])]) if places else {}
        job.subscribers = []
        self.ended.append(Ended(job, stored, last))

    def _may_have_gaps(self, job: Job) -> bool:
        return self.tally.faults[REDIS_KILLED] > job.redis_kills

    async def _given_up(self, job: Job) -> None:
        stored, has_ended = await self.client.stored(job.token, job.id)
        if has_ended:
            self._check(job, stored)  # which finds that the terminal event is missing
            return
        del self.active[job.id]
        self.tally.jobs[f"{job.kind} STUCK"] += 1
        seen = max((one.received.events[-1]["seq"] for one in job.subscribers if one.received.events), default=0)
        message = f"It is {stored.status} after attempt {stored.attempt}; its stream stands at seq {seen}."
        self._wrong(job, Kind.STUCK, message)

    async def _audited(self, ended: Ended) -> None:
        job = ended.job
        again = Subscriber(
            job.id, self.client.urls, job.token, Received("the auditor"), self.chance, self.tally, self._notice
        )
        self.tally.subscribers += 1
        try:
            async with asyncio.timeout(60):
                await again.follow()
        except TimeoutError:
            again.received.sessions.append(Session(None))
        stored, _ = await self.client.stored(job.token, job.id)
        if stored != ended.stored:
            self._wrong(
                job, Kind.ARTIFACT, f"Its record changed after its end: {ended.stored.status}, {stored.status}."
            )
        self.tally.violations += check(
            job.id, [again.received], stored, may_have_gaps=self._may_have_gaps(job), places=dict(ended.last)
        )
        self.tally.audited += 1

    def _wrong(self, job: Job, kind: Kind, message: str) -> None:
        self.tally.violations.append(Violation(kind, job.id, job.kind, message))
