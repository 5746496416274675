"""What follows the steps and the end of a job: notices, Snapinfra's own events, the activity."""

import logging
from typing import Final

from services.core.frozen import frozen
from services.core.instruments import DEPLOYMENTS, GENERATIONS
from services.deployments.model import Deployment, DeploymentStatus
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.clients import AWS_ERRORS
from services.foundation.jobs.announcing import Claim
from services.foundation.jobs.measuring import measure
from services.generations import artifact
from services.generations.model import Generation, GenerationStatus
from services.journal.journal import Journal
from services.notifications.notifier import Notifier
from services.outcomes.notices import deployment_changed, generation_finished, generation_queued
from services.outcomes.product_events import ProductEvents

log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class Outlets:
    """Where jobs are told of."""

    notifier: Notifier
    events: ProductEvents
    journal: Journal


@frozen(kw_only=True)
class GenerationAnnouncer:
    """Announcer of generations (services.foundation.jobs.announcing)."""

    bucket: Bucket
    outlets: Outlets

    async def step(self, record: Generation) -> None:
        """Tell that a generation is queued. It is queued all the same where nobody can be told."""
        try:
            await self.outlets.notifier.tell(generation_queued(record))
        except AWS_ERRORS:
            log.warning("nobody could be told that %s is queued", record.id, exc_info=True)

    async def end(self, record: Generation, *, claim: Claim) -> None:
        is_whole = record.status is GenerationStatus.COMPLETED
        url = artifact.download_url(self.bucket, record) if is_whole else None
        notice = generation_finished(record, download_url=url)
        if record.notified_at is None:
            await self.outlets.notifier.spread(notice)  # may be repeated, so it comes before the claim
        await self.outlets.events.generation_ended(record)
        await self.outlets.journal.ended(record, record.kind.value, status=record.status.value)
        if await claim():
            measure(GENERATIONS, record, {"snapinfra.kind": record.kind.value})
            await self.outlets.notifier.publish(notice)


@frozen(kw_only=True)
class DeploymentAnnouncer:
    """Announcer of deployments (services.foundation.jobs.announcing)."""

    outlets: Outlets

    async def step(self, record: Deployment) -> None:
        """Tell that a deployment answers."""
        assert record.status is DeploymentStatus.SUCCESS  # noqa: S101 - the only step that is told of
        await self.outlets.events.deployment_live(record)
        await self.outlets.journal.went_live(record, record.platform.value)
        await self.outlets.notifier.tell(deployment_changed(record))

    async def end(self, record: Deployment, *, claim: Claim) -> None:
        notice = deployment_changed(record)
        if record.notified_at is None:
            await self.outlets.notifier.spread(notice)  # may be repeated, so it comes before the claim
        await self.outlets.events.deployment_ended(record)
        await self.outlets.journal.ended(record, record.platform.value, status=record.status.value)
        if await claim():
            if record.live_at is None:
                measure(DEPLOYMENTS, record, {"snapinfra.target": record.platform.value})
            await self.outlets.notifier.publish(notice)
