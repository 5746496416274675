"""Why a deploy has ended, how one that was begun is given up, and how what is live is left."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from services.platforms.port import DeployFailed
from services.platforms.render.answers import UNDER_WAY, Deploy, Failure, ListedEvent, Service
from services.platforms.render.api import MOST, Render, unreachable
from services.platforms.render.site import Site
from services.platforms.vendors.work import LOOKS, Limits, found

_NOT_CLONED: Final = re.compile(r"unable to clone|could not read Username for 'https://github\.com'", re.IGNORECASE)
"""What the log of a build says where Render may not read the repository."""

_ENDED: Final[Mapping[str, tuple[str, str]]] = {
    "build_failed": ("BUILD_FAILED", "Render could not build it."),
    "pre_deploy_failed": ("RELEASE_FAILED", "The pre-deploy command failed."),
    "canceled": ("CANCELED", "The deploy was canceled at Render."),
}


async def failed(api: Render, service: Service, deploy: Deploy, *, quote: str) -> DeployFailed:
    """Word why a deploy has ended, with the last lines."""
    if deploy.status == "build_failed" and _NOT_CLONED.search(quote):
        return unreachable(service.repo)
    if deploy.status in _ENDED:
        reason, words = _ENDED[deploy.status]
        return DeployFailed(reason, words + quote)
    why = await _failure(api, service, deploy)
    if why is None:
        return DeployFailed("RELEASE_FAILED", f"Render built it, but could not start it.{quote}")
    if why.unhealthy is not None or why.timed_out_reason is not None:
        words = f"Render's check of its health failed ({why.unhealthy or why.timed_out_reason}).{quote}"
        return DeployFailed("HEALTH_CHECK_FAILED", words)
    if why.oom_killed is not None:
        return DeployFailed("CRASHED", f"It used more memory than its plan has.{quote}")
    status = "" if why.non_zero_exit is None else f" with status {why.non_zero_exit}"
    return DeployFailed("CRASHED", f"It ended{status} before it answered.{quote}")


async def _failure(api: Render, service: Service, deploy: Deploy) -> Failure | None:
    """Return why a deploy has failed, as the events of its service tell."""
    listed = await api.get(f"/services/{service.id}/events", list[ListedEvent], type="deploy_ended", limit=str(MOST))
    for each in listed or []:
        details = each.event.details
        if details.deploy_id == deploy.id and details.reason is not None:
            return details.reason.failure
    return None


async def give_up(site: Site, limits: Limits) -> None:
    """Cancel what was begun; or, where it is live already, go back to what ran before. Raises DeployFailed."""
    deploy_id = await _begun(site, limits)
    service = await site.find() if deploy_id else None
    if deploy_id is None or service is None:
        return
    deploy = await site.api.deploy(service.id, deploy_id)
    if deploy.status in UNDER_WAY:
        deploy = await site.cancel(service, deploy)
    await leave(site, service, deploy)


async def leave(site: Site, service: Service, deploy: Deploy) -> None:
    """Go back from what is live to what ran before; where nothing did, let nothing run. Else do nothing."""
    if deploy.status != "live":
        return
    deploys = await site.deploys(service)
    before = next((each for each in deploys if each.status == "deactivated" and each.commit != deploy.commit), None)
    if before is None:
        await site.suspend()
        return
    await site.roll_back(service, before.id)
    await _until_listed(site, service, after=deploys[0])


async def _until_listed(site: Site, service: Service, *, after: Deploy) -> None:
    """Wait until the list, which lags behind, has the rollback: a repeat would roll back again."""
    pause = site.api.client.patience.first
    for _ in range(LOOKS):
        if (await site.deploys(service))[0].id != after.id:
            return
        await asyncio.sleep(pause)
        pause *= 1.5


async def _begun(site: Site, limits: Limits) -> str | None:
    """Return the deploy that was begun, though nobody may know its id yet. Raises DeployFailed where it waits."""
    progress = site.placement.progress
    known = progress.id("rollback") or progress.id("build")
    commit, newest = progress.id("commit"), progress.id("newest")
    if known is None and "build" in progress.calls and commit is not None:

        async def find() -> str | None:
            deploy = await site.find_deploy(commit)
            return deploy.id if deploy else None

        known = await found(find, limits)
        if known is None and "accepted" in progress.calls:
            message = "The deploy waits at Render for another one, and can't be canceled before."
            raise DeployFailed("PLATFORM_UNAVAILABLE", message, again_after=limits.longest_poll)
    elif known is None and "rollback" in progress.calls and newest is not None:
        service = await site.find()
        known = await found(lambda: site.find_rollback(service, after=newest), limits) if service else None
    return known
