"""How a service comes to run a task definition: by a deployment of ECS, which may end with what ran before."""

import asyncio
import re

from services.core.frozen import frozen
from services.platforms.ecs.lines import Lines
from services.platforms.ecs.rollouts import Described
from services.platforms.ecs.service import Service
from services.platforms.port import DeployFailed, LogStream
from services.platforms.vendors.work import Work


@frozen
class Serving:
    service: Service
    work: Work
    lines: Lines
    instances: int | None = None
    """None leaves it as it is."""

    async def serve(self, definition: str, *, since: str, health_path: str | None = None) -> None:
        """Let the service run a task definition, by a call of the step `since`, and wait until it does.

        Raises DeployFailed.
        """
        limits = self.work.limits

        async def find() -> str | None:
            return await self.service.rollouts.find(definition)

        async def call() -> str:
            await self.service.serve(definition, health_path=health_path, instances=self.instances, poll=limits.poll)
            while (arn := await find()) is None:  # noqa: ASYNC110 - AWS's
                await asyncio.sleep(limits.poll)
            return arn

        async with self.work.within(limits.release, "release", since=since):
            arn = await self.work.once(since, call=call, find=find, page=lambda _: self.service.page)
            deployment = await self._deployed(arn)
        if deployment is None or deployment.status != "SUCCESSFUL" or not await self._brings(deployment, definition):
            await self._tell()
            raise await self._failure(deployment, definition)

    async def _deployed(self, arn: str) -> Described | None:
        """Wait until a deployment of the service has ended, telling what the backend writes meanwhile."""
        pause = self.work.limits.poll
        while True:
            deployment = await self.service.rollouts.get(arn)
            new = await self._tell()
            if deployment is None or deployment.has_ended:
                return deployment
            pause = self.work.limits.poll if new else pause * 1.5
            await asyncio.sleep(min(pause, self.work.limits.longest_poll))

    async def _tell(self) -> int:
        return await self.lines.tell(self.work, LogStream.RUNTIME, prefix=self.work.placement.deployment_id)

    async def _brings(self, deployment: Described, definition: str) -> bool:
        """Say whether what a deployment has brought is what we asked for, rather than what ran before."""
        target = deployment.target_service_revision
        return target is not None and await self.service.rollouts.definition_of(target.arn) == definition

    async def _failure(self, deployment: Described | None, definition: str) -> DeployFailed:
        said = await self.service.why(definition)
        reason = deployment.status_reason.rstrip(".") if deployment else "the service was deleted there"
        message = f"ECS did not bring it up: {reason or 'it gives no reason'}. {said}{self.work.quote()}"
        if re.search(r"health ?check", f"{reason} {said}", re.IGNORECASE):
            return DeployFailed("HEALTH_CHECK_FAILED", message)
        return DeployFailed("RELEASE_FAILED", message)
