"""Whose turn it is at a site: one deployment at a time is made there, in the order in which they were asked for.

What runs at a site is acted on, too: it is stopped, restarted, scaled. That and a deployment keep out of each other's
way without a lock that somebody could die with. Each side first stores that it begins, the one by `started_at`, the
other by the lease of its run; then it looks for the other. What runs gives way to what is to replace it.
"""

from collections.abc import AsyncGenerator, Iterable

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import DeploymentId
from services.deployments.model import Deployment
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import OPEN
from services.projects.service import Projects


@frozen(kw_only=True)
class Turns:
    table: Table[Deployment]
    projects: Projects
    now: Clock

    async def ahead_of(self, deployment: Deployment) -> Deployment | None:
        """Return one that was asked for earlier at the same site, and neither answers yet nor has ended."""
        waiting = await self._under_way(deployment)
        earlier = waiting[: waiting.index(deployment.id)] if deployment.id in waiting else []
        async for other in self._those(reversed(earlier), deployment):
            if other.is_under_way:
                return other
        return None

    async def acting_at(self, deployment: Deployment) -> Deployment | None:
        """Return one that runs at the site, and is just being stopped, restarted or scaled there.

        Who waits does not act: it looks again before it does, when others see that it waits no more.
        """
        async for other in self.open_at(deployment):
            acts = other.waits_for is None and (other.stop is not None or other.request is not None)
            if other.live_at is not None and acts and other.lease is not None and other.lease.until > self.now():
                return other
        return None

    async def replacing(self, deployment: Deployment) -> Deployment | None:
        """Return one that is just being made at the site of one that runs, or came to answer there after it."""
        live_at = deployment.live_at or deployment.created_at
        async for other in self.open_at(deployment):
            is_later = other.live_at is not None and other.live_at > live_at
            if is_later or (other.is_under_way and other.started_at is not None):
                return other
        return None

    async def _under_way(self, deployment: Deployment) -> list[DeploymentId]:
        project = await self.projects.stored(deployment.project_id)
        return list(project.under_way) if project else []

    async def open_at(self, deployment: Deployment) -> AsyncGenerator[Deployment]:
        """Yield others at the site that have not ended, as they are now: also those that the index has not yet."""
        where = {"open": OPEN, "platform": deployment.platform.value}
        indexed = self.table.every("ProjectIdIndex", deployment.project_id, where=where)
        ids = dict.fromkeys([other.id async for other in indexed if other.site == deployment.site])
        ids |= dict.fromkeys(await self._under_way(deployment))
        async for other in self._those(ids, deployment):
            if other.finished_at is None:
                yield other

    async def _those(self, ids: Iterable[DeploymentId], deployment: Deployment) -> AsyncGenerator[Deployment]:
        """Yield those of other deployments that are there and at the same site, as they are now."""
        for other_id in ids:
            other = None if other_id == deployment.id else await self.table.find(other_id)
            if other is not None and (other.platform, other.site) == (deployment.platform, deployment.site):
                yield other
