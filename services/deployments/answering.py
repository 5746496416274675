"""What is asked of a deployment that is live is done, by the run that has it, and told of in its stream."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.deployments.model import Deployment, DeploymentStatus, Request, RequestKind
from services.deployments.orders import Orders
from services.deployments.taking_turns import TakingTurns
from services.deployments.telling import Telling
from services.environments.service import Environments
from services.foundation.events.port import Closed, Fenced
from services.foundation.jobs.run import LeaseLost, Run
from services.foundation.jobs.worker import JobFailed, Parked
from services.platforms import port
from services.platforms.mask import Mask

REPEATS: Final = 3
"""Times that what is asked of what runs is tried again, where its platform may only be away."""
MOST_LOST: Final = 2
"""Workers, one after the other, before what is asked is given up: being urgent, it would cost more of them."""
FIRST_PAUSE: Final = 2
"""Seconds before the first of them; doubles each time."""

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Answering:
    orders: Orders
    environments: Environments
    turn: TakingTurns
    telling: Telling

    async def answer(self, run: Run[Deployment], platform: port.Platform) -> None:
        """Do what is asked of what runs, if anything is, and tell of it. Raises Parked where it can be done later.

        It runs on, whatever comes of that.
        """
        request = run.record.request
        if request is None:
            return
        await self.turn.give_way(run)
        if not request.calls and not request.tries:
            await self.telling.say(run, request.words)
            await run.out.flush()  # before it has begun: whoever goes on with it says it no more
        failure = await self._failure_of(request, run, platform)
        if failure is None:
            await self._keep(run, request)
            return
        await self.telling.say(run, failure.message, level=port.LogLevel.ERROR)
        if failure.retryable and request.tries < REPEATS:
            run.pending["request"] = replace(run.record.request or request, tries=request.tries + 1)
            raise Parked(math.ceil(max(failure.after, FIRST_PAUSE * 2**request.tries)))
        await run.save(request=None, answered=request.id)

    @asynccontextmanager
    async def on_call(self, run: Run[Deployment], platform: port.Platform) -> AsyncGenerator[None]:
        """Do what is asked of what this run holds, while the block runs."""

        async def heed() -> None:
            while await run.called.wait():
                run.called.clear()
                await run.refresh()
                if run.record.status is DeploymentStatus.SUCCESS:
                    await self._until_answered(run, platform)

        task = asyncio.create_task(heed())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _until_answered(self, run: Run[Deployment], platform: port.Platform) -> None:
        """Do what is asked, while this run holds what it is asked of, however often it has to be tried."""
        while run.record.request is not None:
            try:
                await self.answer(run, platform)
            except Parked as parked:
                await run.save()
                await asyncio.sleep(parked.seconds)

    async def _failure_of(self, request: Request, run: Run[Deployment], platform: port.Platform) -> JobFailed | None:
        """Do what is asked, and return how it failed."""
        if run.record.crashes >= MOST_LOST:
            return JobFailed("WORKER_LOST", "The worker was lost each time it tried this: ask again.", retryable=False)
        try:
            running = await self.orders.running(run.record, request)
            is_restart = request.kind is RequestKind.RESTART
            happenings = platform.restart(running) if is_restart else platform.scale(running, request.hosting)
            await self.telling.follow(run, happenings, Mask(running.secrets))
        except (LeaseLost, Fenced, Closed):
            raise
        except JobFailed as failure:
            return failure
        except Unavailable:
            return JobFailed("INTERNAL", "A part of Snapinfra does not answer.", retryable=True)
        except Exception:
            log.exception("what is asked of %s can't be done by a mistake of ours", run.record.id)
            return JobFailed("INTERNAL", "Something went wrong on our side.", retryable=False)
        return None

    async def _keep(self, run: Run[Deployment], request: Request) -> None:
        """Note what was done: the next deployment takes as much as runs now."""
        if run.record.environment_id is not None and request.kind is RequestKind.SCALE:
            await self.environments.keep(run.record.environment_id, request.hosting)
        hosting = run.record.hosting.changed(request.hosting)
        await run.save(request=None, answered=request.id, hosting=hosting)
