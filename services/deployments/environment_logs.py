"""The log of an environment: those of its deployments, one after the other."""

from collections.abc import AsyncGenerator
from typing import Final

from services.core.errors import Invalid
from services.core.frozen import frozen
from services.core.ids import DeploymentId
from services.core.pages import Page, PageRequest, decode_cursor, encode_cursor
from services.deployments.events import LogFilter, NumberedLine
from services.deployments.model import Deployment
from services.deployments.service import Deployments
from services.environments.model import Environment

MOST_LOOKED_AT: Final = 20
"""Deployments for one page."""
_PARTS: Final = 2
"""Of a cursor: the deployment, and the cursor of the line in its stream; empty for its first."""


@frozen
class EnvironmentLine:
    """A line with the deployment that wrote it."""

    deployment_id: DeploymentId
    numbered: NumberedLine


async def environment_logs(
    deployments: Deployments, environment: Environment, page: PageRequest, *, shown: LogFilter
) -> Page[EnvironmentLine]:
    """Return a page of the lines of an environment that the caller was given: by deployment, the oldest first.

    Raises Invalid for a cursor that is none of this list.
    """
    after_id, after = _position(page.after)
    found: list[EnvironmentLine] = []
    cursors: list[str] = []
    looked_at = 0
    async for deployment in _from(deployments, environment, after_id):
        if not _may_have_lines(deployment, shown):
            continue
        if looked_at == MOST_LOOKED_AT:
            return Page(found, cursors, has_next=True, end=encode_cursor([deployment.id, ""]))
        looked_at += 1
        asked = PageRequest(page.first, after if deployment.id == after_id else None)
        part = await deployments.logs(deployment, asked, shown=shown)
        found += [EnvironmentLine(deployment.id, line) for line in part.items]
        cursors += [encode_cursor([deployment.id, cursor]) for cursor in part.cursors]
        if len(found) > page.first:
            return Page(found[: page.first], cursors[: page.first], has_next=True)
        if part.has_next:
            return Page(found, cursors, has_next=True, end=encode_cursor([deployment.id, part.next_cursor or ""]))
    return Page(found, cursors, has_next=False)


def _position(cursor: str | None) -> tuple[str, str | None]:
    if cursor is None:
        return "", None
    deployment_id, after = decode_cursor(cursor, parts=_PARTS)
    if not isinstance(deployment_id, str) or not isinstance(after, str):
        raise Invalid.one("after is not a cursor of this list.", "after")
    return deployment_id, after or None


async def _from(deployments: Deployments, environment: Environment, first_id: str) -> AsyncGenerator[Deployment]:
    """Yield the deployments of an environment, from one on: their ids are in the order of their making."""
    where = {"environmentId": environment.id}
    async for deployment in deployments.table.every("ProjectIdIndex", environment.project_id, where=where):
        if deployment.id >= first_id:
            yield deployment


def _may_have_lines(deployment: Deployment, shown: LogFilter) -> bool:
    ended_before = (
        shown.since is not None and deployment.finished_at is not None and deployment.finished_at < shown.since
    )
    begins_after = shown.until is not None and deployment.created_at >= shown.until
    return not ended_before and not begins_after
