"""A fake of ECS with Express Mode and service deployments, awkward as it is.

A deployment that fails is rolled back, and the service is stable again, with what ran before; a deleted service drains
for a while, in which none of its name can be made; lists lag behind.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from services.core.clock import utc_now
from services.core.tls import trusted
from tests.fakes.targets.aws_parts import AwsError, Cloud, Json

_KEPT = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "requiresCompatibilities")
_SIZE = ("cpu", "memory", "runtimePlatform")


@dataclass
class FakeEcs:
    cloud: Cloud
    clusters: set[str] = field(default_factory=set[str])
    definitions: list[Json] = field(default_factory=list[Json])
    tags: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    services: dict[str, Json] = field(default_factory=dict[str, Json])
    """By name; an INACTIVE one is still shown."""
    deployments: list[Json] = field(default_factory=list[Json])
    revisions: dict[str, Json] = field(default_factory=dict[str, Json])
    tasks: list[Json] = field(default_factory=list[Json])
    role_refusals: int = 1
    """How often the role of the infrastructure is not known yet."""
    late_lists: int = 1
    """How often a list lacks the newest deployment."""
    is_held: bool = False
    """Whether deployments stay in progress."""

    is_checked: bool = True
    """Whether the load balancer checks the health."""

    async def CreateCluster(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        self.clusters.add(body["clusterName"])
        return {"cluster": {"clusterName": body["clusterName"], "status": "ACTIVE"}}

    async def RegisterTaskDefinition(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        revision = sum(each["family"] == body["family"] for each in self.definitions) + 1
        arn = self._arn(f"task-definition/{body['family']}:{revision}")
        kept = {name: body[name] for name in (*_KEPT, *_SIZE) if name in body}
        added = {"taskDefinitionArn": arn, "revision": revision, "status": "ACTIVE", "registeredAt": utc_now()}
        definition = {**kept, **added, "volumes": [], "compatibilities": ["FARGATE"]}
        self.definitions.append(definition)
        self.tags[arn] = body.get("tags", [])
        return {"taskDefinition": definition, "tags": self.tags[arn]}

    async def ListTaskDefinitions(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        arns = [each["taskDefinitionArn"] for each in self.definitions if each["family"] == body["familyPrefix"]]
        return {"taskDefinitionArns": arns[::-1][: body["maxResults"]]}

    async def DescribeTaskDefinition(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        definition = self._definition(body["taskDefinition"])
        tags = {"tags": self.tags[body["taskDefinition"]]} if "TAGS" in body.get("include", []) else {}
        return {"taskDefinition": definition, **tags}

    async def CreateExpressGatewayService(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        name = body["serviceName"]
        service = self.services.get(name)
        if service and service["status"] == "DRAINING":
            raise AwsError("InvalidParameterException", "Unable to Start a service that is still Draining.")
        if service and service["status"] == "ACTIVE":
            raise AwsError("InvalidParameterException", "Creation of service was not idempotent.")
        if self.role_refusals:
            self.role_refusals -= 1
            words = f"ECS was unable to assume the role '{body['infrastructureRoleArn']}'"
            raise AwsError("InvalidParameterException", words)
        made: Json = {
            "serviceName": name,
            "serviceArn": self._arn(f"service/{body['cluster']}/{name}"),
            "clusterArn": self._arn(f"cluster/{body['cluster']}"),
            "status": "ACTIVE",
            "events": [],
            "health": body["healthCheckPath"],
            "role": body["infrastructureRoleArn"],
            "createdAt": utc_now(),
            "running": None,
            "scaling": body["scalingTarget"],
        }
        self.services[name] = made
        deployment = self._deploy(made, body["taskDefinitionArn"])
        return {"service": {**self._gateway(made), "currentDeployment": deployment["serviceDeploymentArn"]}}

    async def UpdateExpressGatewayService(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        service = self._service(body["serviceArn"])
        if service["status"] != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "The service is not active.")
        service["health"] = body.get("healthCheckPath", service["health"])
        service["scaling"] = body.get("scalingTarget", service["scaling"])
        deployment = self._deploy(service, body["taskDefinitionArn"])
        target = {"serviceRevisionArn": deployment["targetServiceRevision"]["arn"]}
        shown = {name: service[name] for name in ("serviceName", "serviceArn", "createdAt")}
        return {"service": {**shown, "status": {"statusCode": "ACTIVE"}, "targetConfiguration": target}}

    async def DeleteExpressGatewayService(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        service = self._service(body["serviceArn"])
        if service["status"] != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "The service is not active.")
        service["status"], service["running"] = "DRAINING", None
        await self.cloud.host.stop(service["serviceName"])
        self.cloud.background(self._drain(service))
        return {"service": self._gateway(service)}

    async def DescribeExpressGatewayService(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        return {"service": self._gateway(self._service(body["serviceArn"]))}

    async def DescribeServices(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        if body["cluster"] not in self.clusters:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        present = [self.services[name] for name in body["services"] if name in self.services]
        missing = [{"arn": name, "reason": "MISSING"} for name in body["services"] if name not in self.services]
        names = ("serviceName", "serviceArn", "clusterArn", "status", "events", "createdAt")
        return {"services": [{name: each[name] for name in names} for each in present], "failures": missing}

    async def ListServiceDeployments(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        service = self.services.get(body["service"])
        if service is None or service["status"] == "INACTIVE":
            raise AwsError("ServiceNotFoundException", "Service not found.")
        wanted: Callable[[Json], bool] = lambda each: (  # noqa: E731 - short
            each["serviceArn"] == service["serviceArn"] and each["status"] in body.get("status", [each["status"]])
        )
        listed = [each for each in reversed(self.deployments) if wanted(each)]
        if self.late_lists and listed:
            self.late_lists -= 1
            listed = listed[1:]
        return {"serviceDeployments": [_brief(each) for each in listed[: body["maxResults"]]]}

    async def DescribeServiceDeployments(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        arns = body["serviceDeploymentArns"]
        return {"serviceDeployments": [each for each in self.deployments if each["serviceDeploymentArn"] in arns]}

    async def DescribeServiceRevisions(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        return {"serviceRevisions": [self.revisions[arn] for arn in body["serviceRevisionArns"]]}

    async def StopServiceDeployment(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        arn = body["serviceDeploymentArn"]
        deployment = next(each for each in self.deployments if each["serviceDeploymentArn"] == arn)
        if deployment["status"] not in {"PENDING", "IN_PROGRESS"}:
            raise AwsError("ConflictException", "The service deployment can't be stopped.")
        deployment["status"] = "ROLLBACK_REQUESTED"
        self.cloud.background(self._roll_back(deployment, "Stopped by the user"))
        return {"serviceDeploymentArn": arn}

    async def ListTasks(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        family, status = f"/{body['family']}:", body["desiredStatus"]
        stopped = [each for each in self.tasks if family in each["taskDefinitionArn"] and each["lastStatus"] == status]
        return {"taskArns": [each["taskArn"] for each in reversed(stopped)][:100]}

    async def DescribeTasks(self, body: Json) -> Json:  # noqa: N802 - AWS's name
        return {"tasks": [each for each in reversed(self.tasks) if each["taskArn"] in body["tasks"]]}

    def _deploy(self, service: Json, definition_arn: str) -> Json:
        self._require_express(self._definition(definition_arn))
        number = uuid.uuid4().hex
        revision = service["serviceArn"].replace(":service/", ":service-revision/") + f"/{number}"
        common = {"serviceArn": service["serviceArn"], "clusterArn": service["clusterArn"], "createdAt": utc_now()}
        self.revisions[revision] = {**common, "serviceRevisionArn": revision, "taskDefinition": definition_arn}
        deployment = {
            **common,
            "serviceDeploymentArn": service["serviceArn"].replace(":service/", ":service-deployment/") + f"/{number}",
            "status": "PENDING",
            "targetServiceRevision": {"arn": revision},
            "sourceServiceRevisions": [{"arn": service["running"]}] if service["running"] else [],
        }
        self.deployments.append(deployment)
        self.cloud.background(self._run(service, deployment))
        return deployment

    async def _run(self, service: Json, deployment: Json) -> None:
        await asyncio.sleep(0.02)
        if deployment["status"] != "PENDING":
            return
        deployment["status"] = "IN_PROGRESS"
        target = deployment["targetServiceRevision"]["arn"]
        came_up = await self._start(service, target)
        well = await self._health(service) if came_up and self.is_checked else ""
        while self.is_held and deployment["status"] == "IN_PROGRESS":  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        if deployment["status"] != "IN_PROGRESS":
            return
        if came_up and not well:
            service["running"] = target
            deployment |= {"status": "SUCCESSFUL", "finishedAt": utc_now()}
            return
        definition = self.revisions[target]["taskDefinition"]
        reason = f"Task failed ELB health checks ({well})" if came_up else "Essential container in task exited"
        self._stopped(definition, reason, code="ServiceSchedulerInitiated" if came_up else "EssentialContainerExited")
        said = f"(service {service['serviceName']}) {well or 'was unable to place tasks'}"
        service["events"].insert(0, {"id": str(uuid.uuid4()), "createdAt": utc_now(), "message": said})
        await self._roll_back(deployment, "ECS deployment circuit breaker: tasks failed to start.")

    async def _start(self, service: Json, revision: str) -> bool:
        definition = self._definition(self.revisions[revision]["taskDefinition"])
        (container,) = definition["containerDefinitions"]
        code = self.cloud.images[container["image"].rpartition("@")[2]]
        if "command" in container:
            code = replace(code, command=container["command"][-1])
        options = container["logConfiguration"]["options"]
        stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{uuid.uuid4().hex}"
        environment = {each["name"]: each["value"] for each in container["environment"]}
        assert not environment.keys() & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}, "it has a role"
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{self.cloud.url}/role-credentials"

        async def emit(line: str) -> None:
            self.cloud.write(options["awslogs-group"], stream, line)

        return await self.cloud.host.start(service["serviceName"], code, environment, emit)

    async def _health(self, service: Json) -> str:
        """Check the health as the load balancer does; return what is wrong."""
        url = f"{self.cloud.host.url(service['serviceName'])}{service['health']}"
        async with httpx.AsyncClient(verify=trusted(), trust_env=False) as client:
            status = (await client.get(url)).status_code
        return (
            "" if status == 200 else f"is unhealthy due to (reason Health checks failed with these codes: [{status}])"
        )

    async def _roll_back(self, deployment: Json, reason: str) -> None:
        """Bring what ran before back: the service is stable again then, but not with what was asked for."""
        service = self._service(deployment["serviceArn"])
        before = deployment["sourceServiceRevisions"]
        deployment |= {"statusReason": reason, "updatedAt": utc_now()}
        if not before:
            await self.cloud.host.stop(service["serviceName"])
            deployment |= {"status": "STOPPED", "stoppedAt": utc_now()}
            return
        deployment["status"] = "ROLLBACK_IN_PROGRESS"
        deployment["rollback"] = {"reason": reason, "startedAt": utc_now(), "serviceRevisionArn": before[0]["arn"]}
        await self._start(service, before[0]["arn"])
        await asyncio.sleep(0.02)
        deployment |= {"status": "ROLLBACK_SUCCESSFUL", "finishedAt": utc_now()}

    def _stopped(self, definition: str, reason: str, *, code: str) -> None:
        task = {
            "taskArn": self._arn(f"task/snapinfra/{uuid.uuid4().hex}"),
            "taskDefinitionArn": definition,
            "lastStatus": "STOPPED",
            "stopCode": code,
            "stoppedReason": reason,
            "containers": [{"name": "Main", "exitCode": 1}],
        }
        self.tasks.append(task)

    async def _drain(self, service: Json) -> None:
        await asyncio.sleep(0.1)
        service["status"] = "INACTIVE"

    def _gateway(self, service: Json) -> Json:
        """Show a service as Express Mode does."""
        ingress = [{"accessType": "PUBLIC", "endpoint": self.cloud.host.url(service["serviceName"])}]
        active: list[Any] = (
            [{"serviceRevisionArn": service["running"], "ingressPaths": ingress}] if service["running"] else []
        )
        shown = {name: service[name] for name in ("serviceName", "serviceArn", "createdAt")}
        state = {"status": {"statusCode": service["status"]}, "infrastructureRoleArn": service["role"]}
        return {**shown, **state, "activeConfigurations": active}

    def _require_express(self, definition: Json) -> None:
        """Refuse what Express Mode can't run (botocore's model, CreateExpressGatewayService.taskDefinitionArn)."""
        (container,) = (each for each in definition["containerDefinitions"] if each["name"] == "Main")
        (port,) = container["portMappings"]
        is_fit = port["protocol"] == "tcp" and "name" in port and "FARGATE" in definition["requiresCompatibilities"]
        if not is_fit or "@sha256:" not in container["image"]:
            raise AwsError("InvalidParameterException", "The task definition does not fit Express Mode.")

    def _definition(self, arn: str) -> Json:
        definition = next((each for each in self.definitions if each["taskDefinitionArn"] == arn), None)
        if definition is None:
            raise AwsError("ClientException", "Unable to describe task definition.")
        return definition

    def _service(self, arn: str) -> Json:
        return next(each for each in self.services.values() if each["serviceArn"] == arn)

    def _arn(self, resource: str) -> str:
        return f"arn:aws:ecs:us-east-1:{self.cloud.account}:{resource}"


def _brief(deployment: Json) -> Json:
    names = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "finishedAt", "status", "statusReason")
    kept = {name: deployment[name] for name in names if name in deployment}
    return {**kept, "targetServiceRevisionArn": deployment["targetServiceRevision"]["arn"]}
