"""How the run of a deployment waits for its turn at a site, and says what it waits for."""

from typing import Final, Never

from services.core.clock import Clock
from services.core.frozen import frozen
from services.deployments.model import Deployment
from services.deployments.telling import Telling
from services.deployments.turns import Turns
from services.foundation.jobs.record import StopCause
from services.foundation.jobs.run import Run
from services.foundation.jobs.worker import Parked

PAUSE: Final = 3
"""Seconds before somebody who waits looks again whether their turn has come."""


@frozen(kw_only=True)
class TakingTurns:
    turns: Turns
    telling: Telling
    now: Clock

    async def take(self, run: Run[Deployment]) -> None:
        """Return once nothing else is made, or acted on, at the site. Raises Parked before that.

        From `started_at` on it is this deployment's turn, until it answers or has ended.
        """
        if run.record.started_at is None:
            if (earlier := await self.turns.ahead_of(run.record)) is not None:
                await self._wait_for(run, earlier, "which was asked for earlier")
            await run.save(started_at=self.now())
        if (acting := await self.turns.acting_at(run.record)) is not None:
            await self._wait_for(run, acting, "which is just being stopped or changed")
        await _go_on(run)

    async def give_way(self, run: Run[Deployment]) -> None:
        """Return where what is asked of what runs can be done now. Raises Parked where it is about to be replaced."""
        if (other := await self._replacing(run)) is not None:
            await self._wait_for(run, other, "which takes its place")

    async def still(self, run: Run[Deployment], cause: StopCause) -> StopCause:
        """Return why what was live ends: another may have taken its place, which a stop of the site would hit.

        Raises Parked while one is about to.
        """
        other = await self._replacing(run)
        if other is None:
            return cause
        if other.live_at is None:
            await self._wait_for(run, other, "which is to take its place; cancel that if nothing is to run")
        return StopCause.SUPERSEDED

    async def _replacing(self, run: Run[Deployment]) -> Deployment | None:
        """Return what takes the place of one that runs: looked for once others see that this one waits no more."""
        other = await self.turns.replacing(run.record)
        if other is None and run.record.waits_for is not None:
            await _go_on(run)
            other = await self.turns.replacing(run.record)
        return other

    async def _wait_for(self, run: Run[Deployment], other: Deployment, why: str) -> Never:
        if run.record.waits_for != other.id:
            await self.telling.say(run, f"It waits for {other.id}, {why}.")
            await run.out.flush()
            await run.save(waits_for=other.id)
        raise Parked(PAUSE)


async def _go_on(run: Run[Deployment]) -> None:
    if run.record.waits_for is not None:
        await run.save(waits_for=None)
