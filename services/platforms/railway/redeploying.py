"""What runs at Railway deployed once more, by its image, so that changed settings hold."""

import asyncio

from services.core.frozen import frozen
from services.platforms.offers import Hosting
from services.platforms.port import DeployFailed
from services.platforms.railway.answers import DEPLOYING, LIVE, Redeployed
from services.platforms.railway.documents import REDEPLOY
from services.platforms.railway.logs import Logs
from services.platforms.railway.site import NEWEST, Site
from services.platforms.vendors.work import Work


@frozen
class Redeploy:
    site: Site
    logs: Logs
    work: Work

    async def run(self, hosting: Hosting) -> None:
        """Change how much runs, and wait until it does. Raises DeployFailed; what ran before goes on then."""
        current = await self.site.current()
        place = current.place

        async def newest() -> str:
            deployments = await self.site.deployments(place)
            return deployments[0].id if deployments else current.id

        before = await self.work.once(NEWEST, call=newest, find=newest)

        async def call() -> str:
            await self.site.host(place, hosting)
            answer = await self.site.api.ask(REDEPLOY, Redeployed, id=current.id)
            return answer.deployment_redeploy.id

        async def find() -> str | None:
            return await self.site.find_after(place, before)

        deployment_id = await self.work.once("scale", call=call, find=find)
        limits, pause = self.work.limits, self.work.limits.poll
        async with self.work.within(limits.release, "release", since="scale"):
            while (deployment := await self.logs.look(deployment_id)).status in DEPLOYING:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, limits.longest_poll)
        if deployment.status not in LIVE:
            words = f"Railway did not bring it up so ({deployment.status}); what ran before goes on."
            raise DeployFailed("RELEASE_FAILED", f"{words}{self.work.quote()}")
