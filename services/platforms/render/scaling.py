"""How what runs gets another plan, or other instances, without a build."""

import asyncio

from services.core.frozen import frozen
from services.platforms.offers import Hosting
from services.platforms.render.answers import UNDER_WAY, Deploy, Service
from services.platforms.render.ending import failed
from services.platforms.render.site import NOT_THERE, Site
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Work


@frozen
class Scaling:
    site: Site
    work: Work

    async def run(self, to: Hosting) -> None:
        """Scale, once for a request. Raises DeployFailed and Refused."""
        service = await self.site.known()
        details, has_moved = service.service_details, False
        if to.size and (to.size != details.plan or self.work.began("scale-plan")):
            await self._move(service, to.size)
            has_moved = True
        instances = to.instances or (details.num_instances if has_moved and details.num_instances > 1 else None)
        if instances:  # last: a deploy of an earlier build has as many as that had
            await self.work.unless_made("scale", lambda: self.site.scale(service, instances))

    async def _move(self, service: Service, plan: str) -> None:
        """Set the plan, which counts from the next deploy on, and deploy what is live once more, as it was built."""
        deploys = await self.site.deploys(service)
        live = next((each for each in deploys if each.status == "live"), None)

        async def newest() -> str:
            return deploys[0].id if deploys else "-"

        before = await self.work.once("scale-newest", call=newest, find=newest)
        await self.work.unless_made("scale-plan", lambda: self.site.change(service, {"plan": plan}))
        if live is None:
            return

        async def call() -> str:
            return await self.site.roll_back(service, live.id)

        async def find() -> str | None:
            return await self.site.find_rollback(service, after=before)

        try:
            deploy_id = await self.work.once("scale-deploy", call=call, find=find)
        except Refused as refused:
            if refused.status not in NOT_THERE:
                raise
            await self.work.say("Render deploys nothing for this: the plan counts from the next deployment on.")
            return
        async with self.work.within(self.work.limits.release, "scale", since="scale-deploy"):
            deploy = await self._ended(service, deploy_id)
        if deploy.status != "live":
            raise await failed(self.site.api, service, deploy, quote=self.work.quote())

    async def _ended(self, service: Service, deploy_id: str) -> Deploy:
        pause = self.work.limits.poll
        while True:
            deploy = await self.site.api.deploy(service.id, deploy_id)
            if deploy.status not in UNDER_WAY:
                return deploy
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, self.work.limits.longest_poll)
