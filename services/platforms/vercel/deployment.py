"""A deployment to Vercel, or a rollback: from files, or an earlier deployment, to a domain that answers."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from services.core.frozen import frozen
from services.platforms.emitting import step
from services.platforms.port import DeployFailed, Live, LogLevel, LogStream, Order, Phase, PhaseChanged
from services.platforms.preparing import Prepare
from services.platforms.vendors.client import Refused, Unclear
from services.platforms.vendors.work import Work
from services.platforms.vercel.ending import restore
from services.platforms.vercel.logs import BuildLog, RuntimeLog
from services.platforms.vercel.project import Deployment, Site
from services.platforms.vercel.upload import create

_SILENCES: Final = 3
"""Looks without new lines, after a build has ended: its last ones come late."""


@frozen
class VercelDeployment:
    site: Site
    order: Order
    work: Work
    prepare: Prepare

    async def run(self) -> None:
        """Build or roll back, and wait until it is in production and answers. Raises DeployFailed and Refused.

        What fails for good gives way to what was in production before.
        """
        earlier = await self._earlier()
        deployment_id = await (self._build() if earlier is None else self._roll_back(earlier))
        try:
            await self._go_live(deployment_id, since="build" if earlier is None else "rollback")
        except DeployFailed as failure:
            if failure.again_after is None and failure.reason != "CREDENTIALS_REFUSED":
                with suppress(DeployFailed, Refused, Unclear):  # the first failure is the one to tell of
                    deployment = await self.site.known(deployment_id)
                    await restore(self.site, deployment, self.work.limits, now=self.work.now())
            raise

    async def _go_live(self, deployment_id: str, *, since: str) -> None:
        await self.work.emit(PhaseChanged(Phase.DEPLOYING))
        await self._release(deployment_id, since=since)
        await self._start(deployment_id)

    async def _earlier(self) -> Deployment | None:
        """Return the deployment to go back to; None where there is none any more, and its archive is built again."""
        deployment_id = self.site.rollback_to
        if self.order.rollback_to is None or self.work.began("build"):
            return None
        deployment = await self.site.deployment(deployment_id) if deployment_id else None
        if deployment is not None and deployment.is_ready:
            return deployment
        await self.work.say("Vercel has that deployment no more: it is built again from its archive.")
        return None

    async def _build(self) -> str:
        await self.work.emit(PhaseChanged(Phase.BUILDING))
        if self.work.id("build") is None:  # else an earlier attempt did
            await self._prepare()
        pages: dict[str, str | None] = {}

        async def begin() -> str:
            deployment = await create(self.site, self.order)
            pages[deployment.id] = deployment.inspector_url
            return deployment.id

        async def find() -> str | None:
            listed = await self.site.find_deployment()
            if listed is None:
                return None
            pages[listed.uid] = listed.inspector_url
            return listed.uid

        async with step(self.work.emit, "build"):
            deployment_id = await self.work.once("build", call=begin, find=find, page=pages.get)
            async with self.work.within(self.work.limits.build, "build", since="build"):
                await self._built(deployment_id)
        return deployment_id

    async def _prepare(self) -> None:
        async with step(self.work.emit, "prepare"):
            prepared = await self.prepare(self.order)
        async with step(self.work.emit, "project"):
            await self.site.ensure()
            await self.site.set_variables({**prepared.environment, **self.order.config.environment})

    async def _built(self, deployment_id: str) -> None:
        deployment = await self._followed(deployment_id)
        if deployment.is_ready:
            return
        if deployment.ready_state == "CANCELED":
            raise DeployFailed("CANCELED_THERE", "The build was canceled at Vercel.")
        if deployment.error_message:
            await self.work.line(
                LogStream.BUILD, deployment.error_message, id=f"{deployment_id}:error", level=LogLevel.ERROR
            )
        raise DeployFailed("BUILD_FAILED", f"Vercel could not build it.{self.work.quote()}")

    async def _followed(self, deployment_id: str) -> Deployment:
        """Tell the lines of a build until it has ended, and return what came of it."""
        log, silences, pause = BuildLog(self.site, self.work, deployment_id), 0, self.work.limits.poll
        while True:
            deployment = await self.site.known(deployment_id)
            has_told = await log.tell()
            silences = 0 if has_told or not deployment.has_ended else silences + 1
            if silences == _SILENCES:
                return deployment
            pause = self.work.limits.poll if has_told or deployment.has_ended else pause * 1.5
            await asyncio.sleep(min(pause, self.work.limits.longest_poll))

    async def _release(self, deployment_id: str, *, since: str) -> None:
        limit = self.work.limits.build + self.work.limits.release
        async with step(self.work.emit, "release"), self.work.within(limit, "release", since=since):
            if since == "build":
                await self._released(deployment_id)
            else:
                await self._moved("rollback", deployment_id)

    async def _released(self, deployment_id: str) -> None:
        """Wait for the domains of a new deployment; after a rollback Vercel gives it those only when it is told to."""
        pause = self.work.limits.poll
        while not (deployment := await self.site.known(deployment_id)).alias_assigned:
            if deployment.alias_error is not None or not deployment.is_ready:
                raise DeployFailed("RELEASE_FAILED", "Vercel built it, but could not give it the project's domains.")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.work.limits.longest_poll)
        if deployment.ready_substate == "STAGED":
            await self._move("promote", deployment_id)
            await self._moved("promote", deployment_id)

    async def _roll_back(self, earlier: Deployment) -> str:
        async with step(self.work.emit, "rollback"):
            try:
                return await self._move("rollback", earlier.id, page=earlier.inspector_url)
            except Refused as refused:
                if refused.status != HTTPStatus.PAYMENT_REQUIRED:
                    raise
                words = (
                    "A Hobby plan of Vercel can only go back to the deployment that was in production before:"
                    " redeploy the one you want, or upgrade the plan."
                )
                raise DeployFailed("PLAN_LIMIT", words) from None

    async def _move(self, how: str, deployment_id: str, *, page: str | None = None) -> str:
        async def find() -> str | None:
            asked = (await self.site.project()).asked_since(self.work.began(how) or self.work.now())
            return deployment_id if asked == deployment_id else None

        return await self.work.once(
            how, call=lambda: self.site.move(how, deployment_id, self.work.limits), find=find, page=lambda _: page
        )

    async def _moved(self, how: str, deployment_id: str) -> None:
        began = self.work.began(how) or self.work.now()
        await self.site.moved(deployment_id, self.work.limits, asked_at=began)

    async def _start(self, deployment_id: str) -> None:
        url = await self.site.url(deployment_id)
        log = RuntimeLog(self.site, self.work)

        async def is_down() -> str | None:
            with suppress(DeployFailed, Refused, Unclear):  # it may be well though its log can't be read
                return "The function crashed" if await log.tell() else None
            return None

        async with step(self.work.emit, "health"):
            await self.work.until_live(url, self.order, is_down=is_down)
        await self.work.emit(Live(url))
