"""The service of a site in ECS Express Mode: with its load balancer, its address and its certificate."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from services.core.frozen import frozen
from services.platforms.ecs.account import Account, Nothing
from services.platforms.ecs.roles import INFRASTRUCTURE
from services.platforms.ecs.rollouts import Described, Rollouts
from services.platforms.ecs.site import CLUSTER, MARK, Site, console
from services.platforms.port import DeployFailed, Placement
from services.platforms.vendors.work import LOOKS

_SAID: Final = 3
"""Events of a service, and stopped tasks, that are quoted."""


class _Event(msgspec.Struct, frozen=True):
    message: str


class Running(msgspec.Struct, frozen=True, rename="camel"):
    """A service; a deleted one is DRAINING for a while, and INACTIVE then."""

    service_arn: str
    status: str
    events: Sequence[_Event] = ()


class _Services(msgspec.Struct, frozen=True):
    services: Sequence[Running] = ()


class _Ingress(msgspec.Struct, frozen=True, rename="camel"):
    access_type: str
    endpoint: str


class _Configuration(msgspec.Struct, frozen=True, rename="camel"):
    ingress_paths: Sequence[_Ingress] = ()


class _Gateway(msgspec.Struct, frozen=True, rename="camel"):
    active_configurations: Sequence[_Configuration] = ()


class _GatewayShown(msgspec.Struct, frozen=True):
    service: _Gateway


class _TaskArns(msgspec.Struct, frozen=True, rename="camel"):
    task_arns: Sequence[str] = ()


class _Container(msgspec.Struct, frozen=True, rename="camel"):
    exit_code: int | None = None
    reason: str = ""


class _Task(msgspec.Struct, frozen=True, rename="camel"):
    task_definition_arn: str
    stop_code: str = ""
    stopped_reason: str = ""
    containers: Sequence[_Container] = ()

    @property
    def words(self) -> str:
        exits = [f"exit status {each.exit_code}" for each in self.containers if each.exit_code is not None]
        reasons = [each.reason for each in self.containers if each.reason]
        return ", ".join([self.stopped_reason, *exits, *reasons])


class _Tasks(msgspec.Struct, frozen=True):
    tasks: Sequence[_Task] = ()


@frozen
class Service:
    account: Account
    site: Site
    placement: Placement

    @property
    def rollouts(self) -> Rollouts:
        """Its deployments."""
        return Rollouts(self.account, self.site)

    async def find(self) -> Running | None:
        """Return the service; None where there is none, or no more."""
        asked = self.account.call(_Services, "ecs", "describe_services", cluster=CLUSTER, services=[self.site.name])
        answer = await self.account.unless("ClusterNotFoundException", asked)
        present = (each for each in (answer.services if answer else ()) if each.status != "INACTIVE")
        return next(present, None)

    async def serve(self, definition: str, *, health_path: str | None, instances: int | None, poll: float) -> None:
        """Let a task definition run, instead of what runs now. Waits for the end of a service that was deleted.

        Without a health path, the service keeps the one that it has. Raises DeployFailed GONE where it has none.
        """
        while (service := await self.find()) is not None and service.status == "DRAINING":  # noqa: ASYNC110 - AWS's
            await asyncio.sleep(poll)
        if service is not None:
            await self._update(service.service_arn, definition, health_path, instances)
            return
        if health_path is None:
            raise DeployFailed("GONE", "The service was deleted at AWS.")
        given: dict[str, Any] = {
            "cluster": CLUSTER,
            "serviceName": self.site.name,
            "taskDefinitionArn": definition,
            "healthCheckPath": health_path,
            "infrastructureRoleArn": self.site.role_arn(await self.account.owner(), INFRASTRUCTURE),
            "scalingTarget": _scaling(instances or 1),
            "tags": [{"key": MARK, "value": self.placement.deployment_id}],
        }
        await self.account.with_new_role(
            lambda: self.account.call(Nothing, "ecs", "create_express_gateway_service", repeatable=False, **given)
        )

    async def url(self) -> str | None:
        """Return where the service answers; None while it has no address."""
        service = await self.find()
        if service is None:
            return None
        shown = await self.account.call(
            _GatewayShown, "ecs", "describe_express_gateway_service", serviceArn=service.service_arn
        )
        for configuration in reversed(shown.service.active_configurations):
            for ingress in configuration.ingress_paths:
                if ingress.access_type == "PUBLIC":
                    endpoint = ingress.endpoint.rstrip("/")
                    return endpoint if "://" in endpoint else f"https://{endpoint}"
        return None

    async def stop(self) -> None:
        """Delete the service, with its load balancer and all else that Express Mode has made for it."""
        service = await self.find()
        if service is None or service.status != "ACTIVE":
            return
        asked = self.account.call(Nothing, "ecs", "delete_express_gateway_service", serviceArn=service.service_arn)
        await self.account.unless("ServiceNotActiveException", asked)

    async def leave(self, arn: str) -> None:
        """Go back to what ran before a deployment; where nothing did, let nothing run."""
        deployment = await self.rollouts.get(arn)
        if deployment is None or (deployment.has_ended and deployment.status != "SUCCESSFUL"):
            return
        if not deployment.source_service_revisions:
            await self.stop()
        elif not deployment.has_ended:
            asked = self.account.call(
                Nothing, "ecs", "stop_service_deployment", serviceDeploymentArn=arn, stopType="ROLLBACK"
            )
            await self.account.unless("ConflictException", asked)
        else:
            await self._go_back(deployment)

    async def _go_back(self, deployment: Described) -> None:
        """Let run again what ran before a deployment that has succeeded, unless something else runs by now."""
        service = await self.find()
        before = await self.rollouts.definition_of(deployment.source_service_revisions[0].arn)
        target = deployment.target_service_revision
        ours = await self.rollouts.definition_of(target.arn) if target else None
        if service is None or before is None or await self.rollouts.newest() != ours:
            return
        await self._update(service.service_arn, before, None, None, repeatable=True)
        pause = self.account.turns.patience.first
        for _ in range(LOOKS):  # the list lags behind: a repeat of this would go back again
            if await self.rollouts.newest() != ours:
                return
            await asyncio.sleep(pause)
            pause *= 1.5

    async def why(self, definition: str) -> str:
        """Return what AWS says of a task definition that does not run: why its tasks stopped, what happened last."""
        listed = await self.account.call(
            _TaskArns, "ecs", "list_tasks", cluster=CLUSTER, family=self.site.family, desiredStatus="STOPPED"
        )
        said = list[str]()
        if listed.task_arns:
            tasks = await self.account.call(
                _Tasks, "ecs", "describe_tasks", cluster=CLUSTER, tasks=list(listed.task_arns[:100])
            )
            said += [task.words for task in tasks.tasks if task.task_definition_arn == definition][:_SAID]
        service = await self.find()
        said += [event.message for event in (service.events[:_SAID] if service else ())]
        return " ".join(f"{each.rstrip('.')}." for each in dict.fromkeys(said) if each)

    async def _update(
        self,
        service_arn: str,
        definition: str,
        health_path: str | None,
        instances: int | None,
        *,
        repeatable: bool = False,
    ) -> None:
        given: dict[str, Any] = {"healthCheckPath": health_path} if health_path else {}
        if instances is not None:
            given["scalingTarget"] = _scaling(instances)
        await self.account.call(
            Nothing,
            "ecs",
            "update_express_gateway_service",
            repeatable=repeatable,
            serviceArn=service_arn,
            taskDefinitionArn=definition,
            **given,
        )

    @property
    def page(self) -> str:
        """Where AWS shows it to people."""
        return console(self.account.region, f"ecs/v2/clusters/{CLUSTER}/services/{self.site.name}")


def _scaling(instances: int) -> dict[str, int]:
    return {"minTaskCount": instances, "maxTaskCount": instances}
