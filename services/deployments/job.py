"""The job of a deployment: it goes from the archive of a generation to a URL, and on while that runs."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, assert_never
from urllib.parse import urlsplit

from services.core.clock import Clock
from services.core.frozen import frozen
from services.deployments import events
from services.deployments.archive import LogArchive
from services.deployments.history import close_stream, finished
from services.deployments.model import Deployment, DeploymentStatus
from services.deployments.variables import Variables
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.tables import Table
from services.foundation.events.port import EventLog, LogUnavailable
from services.foundation.jobs.announcing import Announcer, announce_end
from services.foundation.jobs.record import StopCause, end_of_job, stop_requested
from services.foundation.jobs.run import Run
from services.foundation.jobs.worker import JobFailed
from services.foundation.vault.port import CanNotOpen
from services.generations.artifact import ARCHIVE
from services.generations.service import Generations
from services.platforms import port
from services.platforms.mask import Mask
from services.platforms.port import DeploymentPlatform
from services.projects.model import ProjectStatus
from services.projects.service import Projects

WAIT_LIMIT: Final = timedelta(days=1)
ARCHIVE_EVERY: Final = 1.0
"""Seconds between two looks for entries to archive; readers never wait for it."""

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class DeploymentJob:
    """Handler of deployment jobs. The run lasts as long as the platform has something to tell."""

    table: Table[Deployment]
    generations: Generations
    projects: Projects
    archive: LogArchive
    bucket: Bucket
    event_log: EventLog
    platforms: Mapping[DeploymentPlatform, port.Platform]
    variables: Variables
    announcer: Announcer[Deployment]
    now: Clock

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
        """Deploy, and follow what runs until it stops."""
        async with self._archiving(run):
            record = await run.save(status=DeploymentStatus.BUILDING, started_at=run.record.started_at or self.now())
            await self.projects.mark(record.project_id, ProjectStatus.DEPLOYING, job_id=record.id)
            if record.attempt > 1:
                await self._say(run, f"Starting again: attempt {record.attempt}.")
            await self._tell(run, events.DeploymentStatusChanged(record.status))
            platform, order = self._platform(record), await self._order(record)
            mask = Mask(order.config.environment.values())
            try:
                async with aclosing(platform.deploy(order)) as happenings:
                    async for happening in happenings:
                        await self._take(run, happening, mask)
            except port.DeployFailed as failure:  # from None: what is logged of it would not be masked
                raise JobFailed(failure.reason, mask(failure.message), retryable=False) from None
            except port.Superseded:
                pass
        await self._finish(run, DeploymentStatus.SUPERSEDED)

    async def stopped(self, run: Run[Deployment]) -> None:
        """End a deployment that was canceled or replaced."""
        superseded = run.record.stop is StopCause.SUPERSEDED
        await self._finish(run, DeploymentStatus.SUPERSEDED if superseded else DeploymentStatus.CANCELED)

    async def failed(self, run: Run[Deployment], failure: JobFailed, *, final: bool) -> None:
        """Tell of a failed attempt; when final, end the deployment."""
        await self._say(run, failure.message, level=port.LogLevel.ERROR)
        if final:
            await self._finish(run, DeploymentStatus.FAILED, reason=failure.code, message=failure.message)

    async def handed_over(self, run: Run[Deployment]) -> None:
        """Tell that what runs was stopped with its worker and will be started again."""
        await self._say(
            run, "The worker is stopping; this deployment stops with it and starts again with the next one."
        )
        await run.out.flush()
        await self.archived(run.record)

    async def settle(self, record: Deployment) -> None:
        """Close the stream of an ended deployment whose worker did not get that far."""
        await self._rest(record)
        await close_stream(self.event_log, self.archive, record)
        await announce_end(self.announcer, record, table=self.table, now=self.now)

    def _platform(self, record: Deployment) -> port.Platform:
        platform = self.platforms.get(record.platform)
        if platform is None:
            message = f"{record.platform.value} is not available on this server."
            raise JobFailed("PLATFORM_UNAVAILABLE", message, retryable=False)
        return platform

    async def _order(self, record: Deployment) -> port.Order:
        generation = await self.generations.find(record.generation_id)
        where = generation.artifact if generation else None
        content = await self.bucket.get(f"{where}/{ARCHIVE}") if where else None
        if content is None:
            raise JobFailed("ARCHIVE_MISSING", "The generated code is gone.", retryable=False)
        return port.Order(
            deployment_id=record.id,
            site=record.project_id,
            archive=content,
            config=port.Config(
                environment=await self._environment(record),
                build_command=record.config.build_command,
                start_command=record.config.start_command,
            ),
            preferred_port=urlsplit(record.url).port if record.url else None,
        )

    async def _environment(self, record: Deployment) -> Mapping[str, str]:
        try:
            return await self.variables.opened(record)
        except CanNotOpen:
            message = "The environment variables can not be decrypted any more; deploy with new ones."
            raise JobFailed("VARIABLES_UNREADABLE", message, retryable=False) from None

    async def _take(self, run: Run[Deployment], happening: port.Event, mask: Mask) -> None:
        match happening:
            case port.PhaseChanged():
                status = DeploymentStatus(happening.phase.value)
                if run.record.status is not status:
                    await run.save(status=status)
                    await self._tell(run, events.DeploymentStatusChanged(status))
            case port.StepChanged():
                await self._tell(run, events.StepChanged(happening.step, happening.state))
            case port.Line():
                line = events.LogLine(happening.at, happening.level, happening.stream, mask(happening.message))
                await self._tell(run, line)
            case port.Live():
                await self._went_live(run, happening.url)
            case _:
                assert_never(happening)

    async def _went_live(self, run: Run[Deployment], url: str) -> None:
        """Record that a deployment answers, in its record and its project; then tell of it."""
        well = {"crashes": 0, "failures": 0}  # it is not poison: it may lose workers as long as it lives
        record = await run.save(status=DeploymentStatus.SUCCESS, url=url, live_at=self.now(), **well)
        replaced = await self.projects.went_live(record.project_id, record.id)
        if replaced is not None:
            await self._supersede(replaced)
        await self._tell(run, events.DeploymentStatusChanged(record.status, url))
        await self.announcer.step(record)
        run.detached.set()

    async def _supersede(self, deployment_id: str) -> None:
        def replaced(old: Deployment) -> Deployment:
            if old.finished_at is not None:
                return old
            ended = DeploymentStatus.SUPERSEDED
            return stop_requested(old, StopCause.SUPERSEDED, running=old.status, ended=ended, now=self.now)

        await self.table.update(deployment_id, replaced)

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

    async def _say(self, run: Run[Deployment], text: str, *, level: port.LogLevel = port.LogLevel.INFO) -> None:
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
