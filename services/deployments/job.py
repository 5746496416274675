"""The job of a deployment: it goes from the archive of a generation to a URL, and on while that runs."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Never, assert_never

from msgspec.structs import replace

from services.core.clock import Clock
from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.core.instruments import DEPLOYMENTS as DEPLOYMENTS_MADE
from services.core.telemetry import aside
from services.deployments import events
from services.deployments.answering import Answering
from services.deployments.archive import LogArchive
from services.deployments.history import close_stream, finished
from services.deployments.model import ENDINGS, Deployment, DeploymentStatus, Step
from services.deployments.orders import Orders
from services.deployments.taking_turns import TakingTurns
from services.deployments.turns import Turns
from services.environments.service import Environments
from services.foundation.aws.queue import LONGEST_DELAY
from services.foundation.aws.tables import Table
from services.foundation.events.port import Closed, EventLog, Fenced, LogUnavailable
from services.foundation.jobs.announcing import Announcer, announce_end
from services.foundation.jobs.measuring import measure
from services.foundation.jobs.record import StopCause, end_of_job, stop_requested
from services.foundation.jobs.run import LeaseLost, Run
from services.foundation.jobs.worker import JobFailed, Parked
from services.platforms import port
from services.platforms.mask import Mask
from services.platforms.port import DeploymentPlatform
from services.projects.model import ProjectStatus
from services.projects.service import Projects

FIRST_PAUSE: Final = 2
LONGEST_PAUSE: Final = 60
"""Seconds between two looks at what runs without us: ever fewer while each finds lines, more while it is silent.

What writes a line every half a minute is so looked at four times a minute, not twenty times.
"""

LOOK_LIMIT: Final = 20.0
"""Seconds that a look may take. It can be had again, so a platform that is away keeps no slot from those who wait."""

STOPS: Final = 12
"""Times that a platform which is away is asked again to stop something: over an hour and more."""

GIVING_UP: Final = 60
"""Seconds for stopping a build of a deployment that has failed."""

WAIT_LIMIT: Final = timedelta(days=1)
ARCHIVE_EVERY: Final = 1.0
"""Seconds between two looks for entries to archive; readers never wait for it."""

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class DeploymentJob:
    """Handler of deployment jobs. The run lasts as long as the platform has something to tell."""

    table: Table[Deployment]
    projects: Projects
    archive: LogArchive
    event_log: EventLog
    platforms: Mapping[DeploymentPlatform, port.Platform]
    orders: Orders
    environments: Environments
    turns: Turns
    announcer: Announcer[Deployment]
    now: Clock
    look_limit: float = LOOK_LIMIT

    async def archived(self, record: Deployment) -> int:
        """Archive what an earlier attempt left in the log, so that the stream goes on where storage ends."""
        newest = await self.archive.newest(record.id)
        last = newest.seq if newest else 0
        try:
            return await self.archive.catch_up(self.event_log, record.id, after=last)
        except LogUnavailable:
            return last

    def deadline(self, record: Deployment) -> datetime | None:
        """Return when a deployment fails if it does not answer: a day after it was asked for."""
        return None if record.live_at else record.created_at + WAIT_LIMIT

    async def work(self, run: Run[Deployment]) -> None:
        """Deploy, and follow what runs until it stops; or look at what runs without us. Raises Parked."""
        platform = self._platform(run.record)
        if run.record.live_at is not None and platform.outlives:
            await self._answering.answer(run, platform)
            await self._look(run, platform)
        if run.record.live_at is None:
            await self._turn.take(run)
        async with self._archiving(run), self._answering.on_call(run, platform):
            await self._begin(run)
            order = await self._order(run, platform)
            try:
                await self.follow(run, platform.deploy(order), Mask(order.secrets))
            except port.Superseded:
                pass
            else:
                if platform.outlives:
                    raise Parked(FIRST_PAUSE)
        await self._finish(run, DeploymentStatus.SUPERSEDED)

    async def _order(self, run: Run[Deployment], platform: port.Platform) -> port.Order:
        """Return what is to be deployed, when its record has what it is given, and which others are at its site."""
        if not platform.outlives:
            return await self.orders.order(run.record)
        record = await run.save(beside=await self.orders.given.meet(run.record))
        order = await self.orders.order(record)
        await run.save(given=await self.orders.kept(record, order))
        return order

    async def _begin(self, run: Run[Deployment]) -> None:
        """Say that an attempt begins; what an earlier one may still have been about to tell is fenced off by it."""
        goes_on = run.record.acts_elsewhere
        if run.record.status is not DeploymentStatus.PENDING:
            await self.say(run, "Going on after an interruption." if goes_on else "Starting again.")
        if goes_on:
            await run.out.flush()
            await self.archived(run.record)
            return
        await self._say_if_built_again(run)
        record = await run.save(status=DeploymentStatus.BUILDING)
        await self.projects.mark(record.project_id, ProjectStatus.DEPLOYING, job_id=record.id)
        await self._tell(run, events.DeploymentStatusChanged(record.status))

    async def _say_if_built_again(self, run: Run[Deployment]) -> None:
        record = run.record
        if (
            record.promoted_from
            and record.status is DeploymentStatus.PENDING
            and not self._platform(record).offers.promotes
        ):
            platform = record.platform.value
            await self.say(run, f"What {platform} has built for one place can't run at another: it is built again.")

    async def _look(self, run: Run[Deployment], platform: port.Platform) -> Never:
        """Tell what a running backend has written, and leave it alone until the next look. Raises Parked.

        It runs on, whether or not we can see it: nothing that goes wrong with a look ends it.
        """
        try:
            await self._see(run, platform)
            await run.out.flush()
            await self.archived(run.record)
        except (LeaseLost, Fenced, Closed):
            raise
        except (JobFailed, Unavailable) as failure:
            log.info("%s can't be looked at: %s", run.record.id, failure)
        except Exception:
            log.exception("%s can't be looked at by a mistake of ours", run.record.id)
        pause = run.record.pause // 2 if run.out.seq else min(run.record.pause * 3 // 2, LONGEST_PAUSE)
        pause = max(FIRST_PAUSE, pause)
        run.pending["pause"] = pause
        raise Parked(pause)

    async def _see(self, run: Run[Deployment], platform: port.Platform) -> None:
        """Tell what has been written, as far as that comes within the time of a look. Raises JobFailed."""
        placement = await self.orders.placement(run.record)
        limit = asyncio.timeout(self.look_limit)
        try:
            async with limit:
                await self.follow(run, platform.look(placement), Mask(placement.secrets))
        except TimeoutError:
            if not limit.expired():
                raise
            log.info("%s was looked at for as long as a look may take", run.record.id)

    async def follow(self, run: Run[Deployment], happenings: AsyncGenerator[port.Event], mask: Mask) -> None:
        """Store what happens, and tell of it. Raises JobFailed."""
        try:
            async with aclosing(happenings):
                async for happening in happenings:
                    await self._take(run, happening, mask)
        except port.DeployFailed as failure:  # from None: what is logged of it would not be masked
            again = failure.again_after
            raise JobFailed(
                failure.reason, mask(failure.message), retryable=again is not None, after=again or 0
            ) from None

    async def stopped(self, run: Run[Deployment]) -> None:
        """End a deployment that was canceled, stopped or replaced."""
        cause = run.record.stop or StopCause.CANCELED
        if cause is not StopCause.SUPERSEDED and run.record.acts_elsewhere and run.record.live_at is not None:
            cause = await self._turn.still(run, cause)
        has_it = run.record.acts_elsewhere and cause is not StopCause.SUPERSEDED
        message = await self._cancel(run) if has_it else None
        reason = None if message is None else "NOT_STOPPED"
        await self._finish(run, ENDINGS[cause], reason=reason, message=message)

    async def _cancel(self, run: Run[Deployment]) -> str | None:
        """Stop what the platform has of a deployment; return why it can't be. Raises Parked where it can be later."""
        record, mask = run.record, Mask(())
        try:
            placement = await self.orders.stopping(record)
            mask = Mask(placement.secrets)
            await self._platform(record).cancel(placement, live=record.live_at is not None)
        except (port.DeployFailed, JobFailed) as failure:
            if isinstance(failure, port.DeployFailed) and failure.again_after and record.failures < STOPS:
                run.pending["failures"] = record.failures + 1
                pause = max(failure.again_after, FIRST_PAUSE * 2**record.failures)
                raise Parked(min(math.ceil(pause), LONGEST_DELAY)) from None
            return f"It may still run at {record.platform.value}: {mask(failure.message)}"
        return None

    async def failed(self, run: Run[Deployment], failure: JobFailed, *, final: bool) -> None:
        """Tell of a failed attempt; when final, end the deployment."""
        await self.say(run, failure.message, level=port.LogLevel.ERROR)
        if final:
            if run.record.acts_elsewhere and run.record.live_at is None and _goes_on(failure):
                await self._give_up(run)
            await self._finish(run, DeploymentStatus.FAILED, reason=failure.code, message=failure.message)

    async def _give_up(self, run: Run[Deployment]) -> None:
        """Stop what a platform may still be building, so that it does not go live when nobody follows it any more."""
        try:
            async with asyncio.timeout(GIVING_UP):
                await self._platform(run.record).cancel(await self.orders.stopping(run.record), live=False)
        except (port.DeployFailed, JobFailed, TimeoutError):
            platform = run.record.platform.value
            await self.say(run, f"It may still go live at {platform}: it could not be stopped there.")

    async def handed_over(self, run: Run[Deployment]) -> None:
        """Tell that another worker will go on; what runs in this one was stopped with it, and will be started again."""
        stops = "The worker is stopping; this deployment stops with it and starts again with the next one."
        goes_on = "The worker is stopping; another one goes on with this."
        await self.say(run, goes_on if run.record.acts_elsewhere else stops)
        await run.out.flush()
        await self.archived(run.record)

    async def settle(self, record: Deployment) -> None:
        """Close the stream of an ended deployment whose worker did not get that far."""
        await self._rest(record)
        await close_stream(self.event_log, self.archive, record)
        await announce_end(self.announcer, record, table=self.table, now=self.now)

    @property
    def _answering(self) -> Answering:
        return Answering(orders=self.orders, environments=self.environments, turn=self._turn, telling=self)

    @property
    def _turn(self) -> TakingTurns:
        return TakingTurns(turns=self.turns, telling=self, now=self.now)

    def _platform(self, record: Deployment) -> port.Platform:
        platform = self.platforms.get(record.platform)
        if platform is None:
            message = f"{record.platform.value} is not available on this server."
            raise JobFailed("PLATFORM_UNAVAILABLE", message, retryable=False)
        return platform

    async def _take(self, run: Run[Deployment], happening: port.Event, mask: Mask) -> None:
        match happening:
            case port.PhaseChanged():
                status = DeploymentStatus(happening.phase.value)
                goes_back = run.record.status is DeploymentStatus.DEPLOYING and run.record.acts_elsewhere
                if run.record.status is not status and not goes_back:
                    await run.save(status=status)
                    await self._tell(run, events.DeploymentStatusChanged(status))
            case port.StepChanged():
                if run.record.status is not DeploymentStatus.SUCCESS:
                    steps = run.record.with_step(happening.step, happening.state, at=self.now())
                    await run.save(steps=steps)
                    _trace(next((step for step in steps if step.name == happening.step), None))
                await self._tell(run, events.StepChanged(happening.step, happening.state))
            case port.Calling():
                await self._note(run, happening.step, port.Call(self.now()))
            case port.Called():
                call = _calls(run.record).get(happening.step) or port.Call(self.now())
                await self._note(run, happening.step, replace(call, id=happening.id), page=happening.page)
                run.detached.set()  # from here on it mostly waits
            case port.Line():
                message = mask(happening.message)
                await self._tell(
                    run, events.LogLine(happening.at, happening.level, happening.stream, message, happening.id)
                )
            case port.Live():
                await self._went_live(run, happening.url)
            case _:
                assert_never(happening)

    async def _note(self, run: Run[Deployment], step: str, call: port.Call, *, page: str | None = None) -> None:
        """Store how far a deployment has come at its platform, before anything follows from it."""
        before, request = run.record.progress, run.record.request
        if request is not None and run.record.live_at is not None:
            await run.save(request=replace(request, calls={**request.calls, step: call}))
            return
        await run.save(progress=port.Progress({**before.calls, step: call}, page or before.page))

    async def _went_live(self, run: Run[Deployment], url: str) -> None:
        """Record that a deployment answers, in its record and its project; then tell of it."""
        well = {"crashes": 0, "failures": 0}  # it is not poison: it may lose workers as long as it lives
        is_first = run.record.live_at is None
        record = await run.save(status=DeploymentStatus.SUCCESS, url=url, live_at=self.now(), **well)
        if is_first:
            measure(DEPLOYMENTS_MADE, record, {"snapinfra.target": record.platform.value}, at=record.live_at)
        await self.projects.went_live(record.project_id, record.id)
        await self._supersede_others(record)
        await self._tell(run, events.DeploymentStatusChanged(record.status, url))
        await self.announcer.step(record)
        run.detached.set()

    async def _supersede_others(self, live: Deployment) -> None:
        """Ask those to end that answered at the same place before; of several that came to answer at once, all but one.

        Each of them looks after it has said that it answers, so that at least the last sees the others.
        """
        rivals = [other async for other in self.turns.open_at(live) if other.answers]
        newest = max([live, *rivals], key=lambda each: (each.live_at or each.created_at, each.id))
        if newest.id != live.id:
            await self.projects.went_live(newest.project_id, newest.id)
        for deployment in [live, *rivals]:
            if deployment.id != newest.id:
                await self._supersede(deployment)

    async def _supersede(self, deployment: Deployment) -> None:
        def replaced(old: Deployment) -> Deployment:
            if not old.answers:
                return old
            ended = DeploymentStatus.SUPERSEDED
            return stop_requested(old, StopCause.SUPERSEDED, running=old.status, ended=ended, now=self.now)

        ended = await self.table.update(deployment.id, replaced)
        if ended is not None and ended.finished_at is not None:  # no run holds it, which would
            await self.settle(ended)

    async def _finish(
        self,
        run: Run[Deployment],
        status: DeploymentStatus,
        *,
        reason: str | None = None,
        message: str | None = None,
    ) -> None:
        await run.out.flush()  # a duplicate delivery may close the stream once the record says that it has ended
        record = await run.save(status=status, reason=reason, message=message, **end_of_job(self.now))
        await self._rest(record)
        await run.out.close(events.encode(finished(record)))
        await self.archived(record)
        await announce_end(self.announcer, record, table=self.table, now=self.now)

    async def _rest(self, record: Deployment) -> None:
        """Record what an ended deployment means for its project: before anybody hears of it."""
        failed = record.status is DeploymentStatus.FAILED
        await self.projects.went_down(record.project_id, record.id, failed=failed)

    async def say(self, run: Run[Deployment], text: str, *, level: port.LogLevel = port.LogLevel.INFO) -> None:
        """Tell a line of our own."""
        await self._tell(run, events.LogLine(self.now(), level, port.LogStream.SYSTEM, text))

    async def _tell(self, run: Run[Deployment], event: events.StoredEvent) -> None:
        await run.out.put(events.encode(event))

    @asynccontextmanager
    async def _archiving(self, run: Run[Deployment]) -> AsyncGenerator[None]:
        """Archive the stream while the block runs."""
        task = asyncio.create_task(self._archive_on(run.record.id))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _archive_on(self, stream: str) -> None:
        newest = await self.archive.newest(stream)
        archived = newest.seq if newest else 0
        while True:
            await asyncio.sleep(ARCHIVE_EVERY)
            try:
                archived = await self.archive.catch_up(self.event_log, stream, after=archived)
            except LogUnavailable:
                log.warning("the log of %s can't be archived now", stream)


def _calls(record: Deployment) -> Mapping[str, port.Call]:
    return {**record.progress.calls, **(record.request.calls if record.request else {})}


def _goes_on(failure: JobFailed) -> bool:
    """Say whether a platform may go on with what has failed here: its adapter was lost, or ran out of time."""
    return failure.retryable or failure.code.endswith("TIMED_OUT") or failure.code == "WORKER_LOST"


def _trace(step: Step | None) -> None:
    """Put a step that has finished into the trace."""
    if step is not None and step.finished_at is not None:
        span = aside(f"step {step.name}", began=step.started_at)
        if step.state is port.StepState.FAILED:
            span.fail("STEP_FAILED")
        span.end()
