"""A deployment to Railway, or a rollback: from the source, or an earlier image, to a service that answers."""

import asyncio
import json
import tomllib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from services.core.frozen import frozen
from services.platforms.archive import contents
from services.platforms.emitting import step
from services.platforms.port import DeployFailed, Live, Order, Phase, PhaseChanged, Progress
from services.platforms.preparing import Prepare
from services.platforms.railway.answers import BUILDING, DEPLOYING, LIVE, Deployment, Done, Events, Place
from services.platforms.railway.api import Api
from services.platforms.railway.documents import EVENTS, ROLLBACK
from services.platforms.railway.logs import Logs
from services.platforms.railway.site import NEWEST, Site
from services.platforms.vendors.client import Refused, Unclear
from services.platforms.vendors.source import tarball
from services.platforms.vendors.work import LOOKS, Work

_BUILT_BY: Final = frozenset({"SNAPSHOT_CODE", "BUILD_IMAGE", "PUBLISH_IMAGE"})
"""Steps of a deployment that make the image."""

_ENDED: Final[Mapping[str, tuple[str, str]]] = {
    "CRASHED": ("CRASHED", "It crashed at Railway."),
    "SKIPPED": ("CANCELED", "Railway skipped it."),
    "REMOVING": ("CANCELED", "It was canceled or removed at Railway."),
    "REMOVED": ("CANCELED", "It was canceled or removed at Railway."),
}
"""The reason and the words of states that say why a deployment has ended."""


@frozen
class RailwayDeployment:
    api: Api
    order: Order
    work: Work
    prepare: Prepare

    async def run(self) -> None:
        """Build or roll back, and wait until it answers. Raises DeployFailed, Refused and Unclear."""
        earlier = await self._earlier()
        place = await self._prepare() if earlier is None else earlier.place
        if earlier is None:
            deployment_id = await self._build(place)
        else:
            deployment_id = await self._roll_back(place, earlier)
        await self.work.emit(PhaseChanged(Phase.DEPLOYING))
        async with step(self.work.emit, "deploy"):
            await self._deployed(deployment_id, since="build" if earlier is None else "rollback")
        await self._answers(place, deployment_id)

    async def _prepare(self) -> Place:
        await self.work.emit(PhaseChanged(Phase.BUILDING))
        if (deployment_id := self.work.id("build")) is not None:  # an earlier attempt did
            return (await self.api.deployment(deployment_id)).place
        async with step(self.work.emit, "prepare"):
            prepared = await self.prepare(self.order)
        async with step(self.work.emit, "service"):
            place = await self._site.ensure(self.work)
            await self._site.set_variables(place, {**prepared.environment, **self.order.config.environment})
            await self._site.host(place, self.order.hosting)
        return place

    async def _build(self, place: Place) -> str:
        """Build, and return the id of the deployment that does so."""

        async def begin() -> str:
            content = await asyncio.to_thread(lambda: tarball(self._source()))
            return await self.api.up(place, message=self.order.deployment_id, content=content)

        async def find() -> str | None:
            return await self._site.find_marked(place)

        async with step(self.work.emit, "build"):
            deployment_id = await self.work.once(
                "build", call=begin, find=find, page=lambda deployment_id: _page(place, deployment_id)
            )
            deployment = await self._built(deployment_id)
            if deployment.status not in LIVE | DEPLOYING:
                failure = await self._failure(deployment)
                if failure.reason in {"BUILD_FAILED", "CANCELED"}:  # else it is what follows that failed
                    raise failure
        return deployment_id

    async def _built(self, deployment_id: str) -> Deployment:
        seconds = self.work.limits.build
        try:
            async with self.work.within(seconds, "build", since="build"):
                return await self._watch(deployment_id, BUILDING)
        except DeployFailed as failure:
            if failure.reason == "BUILD_TIMED_OUT":
                deployment = await self.api.deployment(deployment_id)
                if deployment.status == "NEEDS_APPROVAL":
                    message = f"Nobody approved this deployment at Railway within {seconds:g} seconds."
                    raise DeployFailed("NEEDS_APPROVAL", message) from None
            raise

    def _source(self) -> dict[str, bytes]:
        """Return the files, with what was chosen as configuration (docs.railway.com/reference/config-as-code)."""
        files = contents(self.order.archive)
        config, chosen = _configuration(files), self.order.config
        build, deploy = dict(config.get("build", {})), dict(config.get("deploy", {}))
        if chosen.build_command:
            build["buildCommand"] = chosen.build_command
        if chosen.start_command:
            deploy["startCommand"] = chosen.start_command
        deploy |= {"healthcheckPath": chosen.health_path, "healthcheckTimeout": round(self.work.limits.health)}
        files["railway.json"] = json.dumps({**config, "build": build, "deploy": deploy}, indent=2).encode()
        files.pop("railway.toml", None)
        return files

    async def _watch(self, deployment_id: str, waiting: AbstractSet[str]) -> Deployment:
        """Tell lines until the deployment waits no more."""
        logs, pause, has_said = Logs(self.api, self.work), self.work.limits.poll, False
        while (deployment := await logs.look(deployment_id)).status in waiting:
            if deployment.status == "NEEDS_APPROVAL" and not has_said:
                await self.work.say("Railway waits until somebody approves this deployment there.")
                has_said = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.work.limits.longest_poll)
        if deployment.status not in DEPLOYING:
            await self._settle(logs, deployment_id)
        return deployment

    async def _settle(self, logs: Logs, deployment_id: str) -> None:
        """Tell the last lines, which come later than the state that they lead to."""
        still = 0
        for _ in range(LOOKS * 2):
            await asyncio.sleep(self.work.limits.poll)
            still = still + 1 if await logs.settle(deployment_id) else 0
            if still == 2:  # noqa: PLR2004 - looks in a row that showed nothing new
                return

    async def _deployed(self, deployment_id: str, *, since: str) -> None:
        limits = self.work.limits
        async with self.work.within(limits.build + limits.release, "release", since=since):
            deployment = await self._watch(deployment_id, DEPLOYING)
        if deployment.status not in LIVE:
            raise await self._failure(deployment)

    async def _failure(self, deployment: Deployment) -> DeployFailed:
        """Word why a deployment has ended, with the last lines."""
        quote = self.work.quote()
        if deployment.status in _ENDED:
            reason, words = _ENDED[deployment.status]
            return DeployFailed(reason, words + quote)
        events = (await self.api.ask(EVENTS, Events, id=deployment.id)).deployment_events.nodes
        failed = next((event.step for event in events if event.payload and event.payload.error), None)
        if failed == "HEALTHCHECK":
            words = f"No 200 from {self.order.config.health_path} at Railway."
            return DeployFailed("HEALTH_CHECK_FAILED", words + quote)
        if failed == "PRE_DEPLOY_COMMAND":
            return DeployFailed("RELEASE_FAILED", f"The pre-deploy command failed.{quote}")
        if failed in _BUILT_BY or not any(event.step == "BUILD_IMAGE" for event in events):
            return DeployFailed("BUILD_FAILED", f"Railway could not build it.{quote}")
        return DeployFailed("RELEASE_FAILED", f"Railway built it, but could not start it.{quote}")

    async def _answers(self, place: Place, deployment_id: str) -> None:
        logs = Logs(self.api, self.work)

        async def is_down() -> None:
            deployment = await logs.look(deployment_id)
            if deployment.status not in LIVE:
                await self._settle(logs, deployment_id)
                raise await self._failure(deployment)

        async with step(self.work.emit, "health"):
            domain = await self._site.domain(place, self.work)
            url = f"{urlsplit(self.api.client.base_url).scheme}://{domain}"
            try:
                await self.work.until_live(url, self.order, is_down=is_down)
            except DeployFailed as failure:
                if failure.reason == "HEALTH_CHECK_FAILED":
                    with suppress(DeployFailed, Refused, Unclear):  # the first failure is the one to tell of
                        await self._site.leave(place, await self.api.deployment(deployment_id))
                raise
        await self.work.emit(Live(url.rstrip("/")))

    async def _earlier(self) -> Deployment | None:
        """Return the deployment to roll back to, where Railway still can; else the archive is built anew."""
        calls = self.order.rollback_to or Progress()
        deployment_id = calls.id("rollback") or calls.id("build")
        if deployment_id is None or "build" in self.work.placement.progress.calls:
            return None
        try:
            earlier = await self.api.deployment(deployment_id)
        except DeployFailed as failure:
            if failure.reason != "GONE":
                raise
            return None
        if self.work.began("rollback") or earlier.can_rollback:
            return earlier
        await self.work.say("Railway has the image of that deployment no more: it is built anew.")
        return None

    async def _roll_back(self, place: Place, earlier: Deployment) -> str:
        """Deploy the image and the variables of an earlier deployment, and return the id of the new one."""

        async def newest() -> str:
            deployments = await self._site.deployments(place)
            return deployments[0].id if deployments else earlier.id

        # Railway does not say what it began: it is the first deployment that comes after the newest one of now.
        before = await self.work.once(NEWEST, call=newest, find=newest)

        async def find() -> str | None:
            return await self._site.find_after(place, before)

        async def call() -> str:
            await self.api.ask(ROLLBACK, Done, id=earlier.id)
            while (deployment_id := await find()) is None:  # noqa: ASYNC110 - it is there a moment later
                await asyncio.sleep(self.work.limits.poll)
            return deployment_id

        async with step(self.work.emit, "rollback"), self.work.within(self.work.limits.release, "rollback", since=""):
            return await self.work.once(
                "rollback", call=call, find=find, page=lambda deployment_id: _page(place, deployment_id)
            )

    @property
    def _site(self) -> Site:
        return Site(self.api, self.order)


def _page(place: Place, deployment_id: str) -> str:
    return (
        f"https://railway.com/project/{place.project_id}/service/{place.service_id}"
        f"?environmentId={place.environment_id}&id={deployment_id}"
    )


def _configuration(files: dict[str, bytes]) -> dict[str, Any]:
    """Return the configuration that the archive has for Railway. Raises DeployFailed BAD_ARCHIVE."""
    try:
        if "railway.toml" in files:
            return tomllib.loads(files["railway.toml"].decode())
        return msgspec.json.decode(files.get("railway.json", b"{}"), type=dict[str, Any])
    except (ValueError, msgspec.ValidationError):
        raise DeployFailed("BAD_ARCHIVE", "The archive's railway.toml or railway.json is not readable.") from None
