"""A project with code that tests deploy, and what they see of its deployments."""

import asyncio
from contextlib import aclosing
from typing import Any, Final, Self

import httpx

from services.core.tls import trusted
from tests.snapinfra import User, events

PATIENCE: Final = 180
"""Seconds that a deployment may take: the first on a machine installs its packages, beside other tests."""

EVENTS = """
subscription($id: ID!, $after: String, $filter: LogFilter) {
  deploymentEvents(id: $id, after: $after, filter: $filter) {
    __typename
    ... on StreamEvent { cursor seq at }
    ... on DeploymentStatusChanged { status url }
    ... on StepChanged { step state }
    ... on LogLines { lines { id timestamp level stream message } }
    ... on DeploymentFinished { status reason message deployment { id status } }
    ... on StreamGap { fromSeq toSeq }
  }
}"""


class Deployed:
    """A project with code, and its deployments."""

    def __init__(self, user: User, project_id: str, generation_id: str) -> None:
        self.user, self.project_id, self.generation_id = user, project_id, generation_id

    @classmethod
    async def with_code(cls, user: User) -> Self:
        """Make a project, and generate its code."""
        project_id = (await user.project())["id"]
        await events(user, await user.generate(project_id, "SCHEMA"))
        generation_id = await user.generate(project_id, "CODE")
        assert (await events(user, generation_id))[-1]["status"] == "COMPLETED"
        return cls(user, project_id, generation_id)

    async def deploy(self, *, platform: str = "LOCAL", **config: Any) -> str:
        return await self.user.deploy(self.project_id, self.generation_id, platform=platform, **config)

    async def events(
        self,
        deployment_id: str,
        *,
        until: str | None = None,
        until_step: tuple[str, str] | None = None,
        times: int = 1,
        **variables: Any,
    ) -> list[dict[str, Any]]:
        """Return a deployment's events, to its end, until its status is `until`, or until a step was told so often."""
        found: list[dict[str, Any]] = []
        follow = self.user.follow(EVENTS, id=deployment_id, **variables)
        async with asyncio.timeout(PATIENCE), aclosing(follow) as results:
            async for result in results:
                assert "errors" not in result, result
                found.append(result["data"]["deploymentEvents"])
                if until is not None and found[-1].get("status") == until:
                    break
                if until_step is not None and (found[-1].get("step"), found[-1].get("state")) == until_step:
                    times -= 1
                    if not times:
                        break
        return found

    async def live(self, *, platform: str = "LOCAL", **config: Any) -> tuple[str, str]:
        """Deploy, and return the deployment's id and URL once it answers."""
        deployment_id = await self.deploy(platform=platform, **config)
        happened = await self.events(deployment_id, until="SUCCESS")
        assert happened[-1]["status"] == "SUCCESS", happened
        return deployment_id, happened[-1]["url"]

    async def logged(self, deployment_id: str, message: str) -> None:
        """Return once a line that contains a message is in the deployment's log."""
        follow = self.user.follow(EVENTS, id=deployment_id, filter={"contains": message})
        async with asyncio.timeout(PATIENCE), aclosing(follow) as results:
            async for result in results:
                if lines([result["data"]["deploymentEvents"]]):
                    return

    async def status(self) -> str:
        seen = await self.user.ask("query($id: ID!) { project(id: $id) { status } }", id=self.project_id)
        return seen["project"]["status"]

    async def cancel(self, deployment_id: str) -> dict[str, Any]:
        asked = await self.user.result(
            "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id})"
            " { deployment { status } userErrors { code } } }",
            id=deployment_id,
        )
        return asked["data"]["cancelDeployment"]

    async def stop(self, deployment_id: str) -> dict[str, Any]:
        asked = await self.user.result(
            "mutation($id: ID!) { stopDeployment(input: {deploymentId: $id})"
            " { deployment { status } userErrors { code } } }",
            id=deployment_id,
        )
        return asked["data"]["stopDeployment"]

    async def delete(self, deployment_id: str) -> dict[str, Any]:
        asked = await self.user.result(
            "mutation($id: ID!) { deleteDeployment(input: {deploymentId: $id})"
            " { deletedDeploymentId userErrors { code } } }",
            id=deployment_id,
        )
        return asked["data"]["deleteDeployment"]


async def answer(url: str, path: str = "/") -> str:
    async with httpx.AsyncClient(verify=trusted()) as http:
        return (await http.get(url + path)).text


def lines(happened: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for event in happened if event["__typename"] == "LogLines" for line in event["lines"]]
