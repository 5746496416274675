"""Purging: what is left of deleted projects goes for good, once they can't be restored any more."""

import asyncio
import logging
from typing import Final

from services.core.frozen import frozen
from services.lifecycle.deletion import Deletion
from services.lifecycle.owned_items import OwnedItems
from services.projects.model import Project
from services.projects.trash import DeletedProjects

EVERY: Final = 600.0
"""Seconds between two looks."""

log = logging.getLogger(__name__)


@frozen(kw_only=True)
class Purge:
    """Looks for deleted projects whose time is over. A purge that is cut short, or done twice, does no harm.

    The activity, totals and usage are the team's and stay; they have lifetimes of their own.
    """

    deleted: DeletedProjects
    deletion: Deletion
    items: OwnedItems
    """What goes with a project, beside its generations and deployments."""

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        while not stop.is_set():
            try:
                await self.sweep(stop)
            except Exception:
                log.warning("a look for deleted projects failed", exc_info=True)
            try:
                async with asyncio.timeout(EVERY):
                    await stop.wait()
            except TimeoutError:
                continue

    async def sweep(self, stop: asyncio.Event | None = None) -> None:
        """Look once, and purge what is due, until `stop`."""
        async for project in self.deleted.due():
            if stop is not None and stop.is_set():
                return
            await self._try(project)

    async def _try(self, project: Project) -> None:
        try:
            if await self.deleted.condemn(project.id, due=True):
                await self._purge(project)
        except Exception:
            log.warning("%s can not be purged yet", project.id, exc_info=True)

    async def _purge(self, project: Project) -> None:
        """Delete all that belongs to a condemned project, and the project last."""
        await self.deletion.stop(project)
        await self.deletion.remove_jobs(project)
        await self.items.delete(project.id)
        await self.deleted.remove(project)
