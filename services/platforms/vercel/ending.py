"""How a deployment that was begun is given up, and one that is live is stopped."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import quote

from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Limits, found
from services.platforms.vercel.api import DEPLOYMENTS
from services.platforms.vercel.project import BEFORE, Deployment, Project, Site

DOMAINS: Final = 60.0
"""Seconds in which a deployment that is ready is given the project's domains; where others have them, it never is."""


async def give_up(site: Site, limits: Limits, *, now: datetime) -> None:
    """Stop the build, or go back to what was in production before; where nothing was, delete the deployment."""
    deployment_id = await _begun(site, limits)
    deployment = await site.deployment(deployment_id) if deployment_id else None
    if deployment is not None and not deployment.has_ended:
        deployment = await _canceled(site, deployment)
    if deployment is None or not deployment.is_ready:
        return
    if not await restore(site, deployment, limits, now=now) and "rollback" not in site.placement.progress.calls:
        await delete(site, deployment.id)


async def restore(site: Site, deployment: Deployment, limits: Limits, *, now: datetime) -> bool:
    """Go back to what was in production before a deployment, and say whether there was something. Raises DeployFailed.

    It is left alone where something else is in production. A deployment that is ready is given the domains a moment
    later, and would take them with it where it is deleted then: that is waited for.
    """
    try:
        async with asyncio.timeout(limits.release):
            with suppress(TimeoutError):
                async with asyncio.timeout(min(DOMAINS, limits.release)):
                    await _given_domains(site, deployment, limits)
            return await _restored(site, deployment, limits, now=now)
    except TimeoutError:
        message = "Vercel is still giving the project's domains to a deployment."
        raise DeployFailed("RELEASE_TIMED_OUT", message) from None


async def _given_domains(site: Site, deployment: Deployment | None, limits: Limits) -> None:
    while deployment is not None and deployment.waits_for_domains:
        await asyncio.sleep(limits.poll)
        deployment = await site.deployment(deployment.id)


async def delete(site: Site, deployment_id: str) -> None:
    """Delete a deployment: of what is live, Vercel can stop nothing else."""
    await site.api.call("DELETE", f"{DEPLOYMENTS}/{quote(deployment_id)}", missing_ok=True)


async def _begun(site: Site, limits: Limits) -> str | None:
    """Return the deployment that was begun, or is to become production again."""
    progress = site.placement.progress
    known = progress.id("rollback") or progress.id("build")
    if known is None and "rollback" in progress.calls:
        asked = (await site.project()).asked_since(progress.calls["rollback"].at)
        return asked if asked == site.rollback_to else None
    if known is None and "build" in progress.calls:

        async def find() -> str | None:
            listed = await site.find_deployment()
            return listed.uid if listed else None

        return await found(find, limits)
    return known


async def _restored(site: Site, deployment: Deployment, limits: Limits, *, now: datetime) -> bool:
    while (project := await site.project()).is_moving:  # noqa: ASYNC110 - Vercel tells nobody
        await asyncio.sleep(limits.poll)
    before = _before(project, deployment)
    if project.production != deployment.id or before is None:
        return False
    await site.move("rollback", before, limits)
    await site.moved(before, limits, asked_at=now)
    return True


async def _canceled(site: Site, deployment: Deployment) -> Deployment | None:
    with suppress(Refused):  # it ended meanwhile
        await site.api.call("PATCH", f"/v12/deployments/{deployment.id}/cancel", missing_ok=True)
    return await site.deployment(deployment.id)


def _before(project: Project, deployment: Deployment) -> str | None:
    request = project.last_alias_request
    if request is not None and request.to_deployment_id == deployment.id:
        return request.from_deployment_id
    return deployment.meta.get(BEFORE)
