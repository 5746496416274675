"""What users ask of a deployment that is live: to be restarted, and to be more or larger."""

from collections.abc import Mapping

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.errors import Conflict, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import DeploymentId, new_id
from services.core.policy import Action
from services.deployments.model import Deployment, DeploymentStatus, Request, RequestKind
from services.deployments.service import Deployments
from services.foundation.limits.idempotency import Idempotency
from services.platforms.offers import Hosting
from services.platforms.port import DeploymentPlatform, Platform


@frozen(kw_only=True)
class Operator:
    """What is asked for stands in the record until a run has done it, and is told of in the stream."""

    deployments: Deployments
    idempotency: Idempotency
    platforms: Mapping[DeploymentPlatform, Platform]

    async def restart(
        self, deployment_id: DeploymentId, *, client_mutation_id: str | None = None, by: Actor
    ) -> Deployment:
        """Ask that what runs is started again, with the same code and variables.

        Raises Invalid where its platform restarts nothing, and Conflict, with the deployment, where it is not live.
        """
        async with self.idempotency.trying("restartDeployment", deployment_id, client_mutation_id, by=by) as attempt:
            deployment = await self.deployments.get(deployment_id, by=by, action=Action.EDIT)
            if attempt.done is not None:
                return deployment
            if (reason := self._platform(deployment).offers.no_restart) is not None:
                raise Invalid.one(reason, "deploymentId")
            _check_live(deployment)
            request = Request(await attempt.take_id("request"), RequestKind.RESTART, by.user_id)
            return await self._ask(deployment, request, by=by)

    async def scale(self, deployment_id: DeploymentId, to: Hosting, *, by: Actor) -> Deployment:
        """Ask that so much of what runs does, without a build; the next deployment there has as much.

        Raises Invalid where its platform does not offer that, and Conflict, with the deployment, where it is not live.
        """
        deployment = await self.deployments.get(deployment_id, by=by, action=Action.EDIT)
        if to == Hosting():
            raise Invalid.one("Say how many instances, of what size, or both.", "instances")
        if faults := self._platform(deployment).offers.faults(to, beside=deployment.hosting):
            raise Invalid(faults)
        return await self._ask(deployment, Request(new_id("request"), RequestKind.SCALE, by.user_id, to), by=by)

    def _platform(self, deployment: Deployment) -> Platform:
        platform = self.platforms.get(deployment.platform)
        if platform is None:
            raise Invalid.one(f"{deployment.platform.value} is not available on this server.", "deploymentId")
        return platform

    async def _ask(self, deployment: Deployment, request: Request, *, by: Actor) -> Deployment:
        def asked(old: Deployment) -> Deployment:
            if old.answered == request.id or (old.request is not None and old.request.id == request.id):
                return old
            _check_live(old)
            if old.request is None:
                return replace(old, request=request)
            if (old.request.kind, old.request.hosting) == (request.kind, request.hosting):
                return old
            raise Conflict("Something else is asked of it already: wait until that is done.", current=old)

        asking = await self.deployments.table.update(deployment.id, asked)
        if asking is None:
            raise NotFound("deployment", deployment.id)
        if asking.request is not None and asking.lease is None:  # it waits at its platform: let a run do it there
            await self.deployments.queue.send(asking.id, group=asking.team_id)
        await self.deployments.projects.journal.updated(asking, asking.platform.value, place=asking, by=by.user_id)
        return asking


def _check_live(deployment: Deployment) -> None:
    if deployment.status is not DeploymentStatus.SUCCESS or deployment.stop is not None:
        status = deployment.status.value
        raise Conflict(
            f"Only of a deployment that is live can that be asked; this one is {status}.", current=deployment
        )
