"""The task definitions of a site: what runs and with which variables, one revision for each deployment."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from services.core.frozen import frozen
from services.platforms.ecs.account import Account
from services.platforms.ecs.images import is_kept
from services.platforms.ecs.roles import EXECUTION, TASK
from services.platforms.ecs.site import MARK, Site
from services.platforms.ecs.sizes import USUAL, sized
from services.platforms.ecs.source import PORT
from services.platforms.offers import Hosting
from services.platforms.port import Order, Placement

CONTAINER: Final = "Main"
"""Express Mode wants it called so."""
_NEWEST: Final = 20
_OURS: Final = frozenset(
    {
        "family",
        "taskRoleArn",
        "executionRoleArn",
        "networkMode",
        "containerDefinitions",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "runtimePlatform",
    }
)
"""What of a task definition was once given by us."""


class Mark(msgspec.Struct, frozen=True):
    """A tag."""

    key: str
    value: str = ""


class _Definition(msgspec.Struct, frozen=True, rename="camel"):
    task_definition_arn: str


class _Registered(msgspec.Struct, frozen=True, rename="camel"):
    task_definition: _Definition
    tags: Sequence[Mark] = ()


class _Given(msgspec.Struct, frozen=True, rename="camel"):
    task_definition: dict[str, Any]


class _Arns(msgspec.Struct, frozen=True, rename="camel"):
    task_definition_arns: Sequence[str] = ()


@frozen
class Tasks:
    account: Account
    site: Site
    placement: Placement

    async def register(self, image: str, order: Order, environment: Mapping[str, str]) -> str:
        """Register what runs an image, and return its ARN."""
        owner = await self.account.owner()
        variables = {**environment, **order.config.environment, "PORT": str(PORT)}
        start = order.config.start_command
        container = {
            "name": CONTAINER,
            "image": image,
            "essential": True,
            "portMappings": [{"containerPort": PORT, "protocol": "tcp", "name": "main"}],
            "environment": [{"name": name, "value": variables[name]} for name in sorted(variables)],
            **({"entryPoint": ["sh", "-c"], "command": [start]} if start else {}),
        }
        definition = {
            "family": self.site.family,
            "taskRoleArn": self.site.role_arn(owner, TASK),
            "executionRoleArn": self.site.role_arn(owner, EXECUTION),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            **sized(order.hosting.size or USUAL),
            "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            "containerDefinitions": [container],
        }
        return await self._register(definition)

    async def copy(self, arn: str, hosting: Hosting, *marks: Mark) -> str:
        """Register what an earlier revision runs once more, for this deployment, and return its ARN."""
        earlier = await self.account.call(_Given, "ecs", "describe_task_definition", taskDefinition=arn)
        given = {name: value for name, value in earlier.task_definition.items() if name in _OURS}
        return await self._register({**given, **(sized(hosting.size) if hosting.size else {})}, *marks)

    async def image_of(self, arn: str) -> str | None:
        """Return the image that a revision runs; None where there is no such revision, or image, any more."""
        asked = self.account.call(_Given, "ecs", "describe_task_definition", taskDefinition=arn)
        given = await self.account.unless("ClientException", asked)
        containers: list[dict[str, Any]] = given.task_definition["containerDefinitions"] if given else []
        image = next((str(each["image"]) for each in containers if each["name"] == CONTAINER), None)
        return image if image and await is_kept(self.account, image) else None

    async def find(self, mark: Mark | None = None) -> str | None:
        """Return the revision that carries a mark, the deployment's if it is no other."""
        listed = await self.account.call(
            _Arns,
            "ecs",
            "list_task_definitions",
            familyPrefix=self.site.family,
            sort="DESC",
            maxResults=_NEWEST,
        )
        mark = mark or Mark(MARK, self.placement.deployment_id)
        for arn in listed.task_definition_arns:
            described = await self.account.call(
                _Registered, "ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"]
            )
            if mark in described.tags:
                return arn
        return None

    async def _register(self, definition: Mapping[str, Any], *marks: Mark) -> str:
        """Register a definition as the deployment's: marked, and with lines of its own."""
        logs = {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.site.log,
                "awslogs-region": self.account.region,
                "awslogs-stream-prefix": self.placement.deployment_id,
            },
        }
        containers = [{**each, "logConfiguration": logs} for each in definition["containerDefinitions"]]
        all_marks = (Mark(MARK, self.placement.deployment_id), *marks)
        tags = [{"key": mark.key, "value": mark.value} for mark in all_marks]
        given: dict[str, Any] = {**definition, "containerDefinitions": containers, "tags": tags}
        registered = await self.account.call(_Registered, "ecs", "register_task_definition", repeatable=False, **given)
        return registered.task_definition.task_definition_arn
