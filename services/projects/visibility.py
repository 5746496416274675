"""What somebody has started, generations or deployments, over all projects that they may still see."""

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import TypeVar

from services.core.actor import Actor
from services.core.pages import Page, PageRequest
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import JobRecord
from services.projects.service import Projects

R = TypeVar("R", bound=JobRecord)


async def started_by(
    by: Actor, table: Table[R], projects: Projects, page: PageRequest, *, where: Mapping[str, str] | None
) -> Page[R]:
    """Return what the actor started, newest first, without projects that they do not see; empty only at the end.

    A page takes one Query and one BatchGetItem, unless all on it is of projects that they do not see any more.
    """
    while True:
        found = await table.query("UserIdIndex", by.user_id, page, where=where)
        shown = await visible(found.items, projects, by=by)
        if any(shown) or not found.has_next:
            return Page(list(compress(found.items, shown)), list(compress(found.cursors, shown)), found.has_next)
        page = PageRequest(page.first, found.cursors[-1])


async def visible(records: Sequence[JobRecord], projects: Projects, *, by: Actor) -> Sequence[bool]:
    """Say of which records the actor sees the project: it may have been moved or deleted since."""
    keys = list(dict.fromkeys((one.project_id, one.project_owner_id or by.user_id) for one in records))
    seen = {project.id for project in await projects.many(keys, by=by) if project is not None}
    return [one.project_id in seen for one in records]
