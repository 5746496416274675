"""What one deployment has that another has not: variables by their names, never by their values."""

from collections.abc import Mapping, Sequence
from enum import Enum

from services.core.actor import Actor
from services.core.errors import Invalid
from services.core.frozen import frozen
from services.core.ids import DeploymentId
from services.deployments.model import Deployment
from services.deployments.service import Deployments


class VariableChangeKind(Enum):
    """What became of a variable."""

    ADDED = "ADDED"
    """It was not there before."""
    REMOVED = "REMOVED"
    """It is not there any more."""
    CHANGED = "CHANGED"
    """It has another value."""


@frozen
class VariableChange:
    name: str
    kind: VariableChangeKind


async def earlier(
    deployments: Deployments, deployment: Deployment, from_id: DeploymentId | None, *, by: Actor
) -> Deployment | None:
    """Return what to compare a deployment with that the caller was given: a chosen one of the project, else the newest
    earlier one at its place that was live. Raises NotFound, and Invalid for one of another project.
    """
    if from_id is not None:
        chosen = await deployments.get(from_id, by=by)
        if chosen.project_id != deployment.project_id:
            raise Invalid.one("from is a deployment of another project.", "from")
        return chosen
    where = {"platform": deployment.platform.value}
    others = deployments.table.every("ProjectIdIndex", deployment.project_id, where=where, newest_first=True)
    async for other in others:
        if other.id < deployment.id and other.site == deployment.site and other.live_at is not None:
            return other
    return None


async def variables(deployments: Deployments, before: Deployment | None, after: Deployment) -> Sequence[VariableChange]:
    """Say which variables differ between two deployments that the caller was given. Raises Unavailable."""
    old = (await deployments.chosen(before)).environment_variables if before else {}
    return changes(old, (await deployments.chosen(after)).environment_variables)


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[VariableChange]:
    """Return which variables differ, by name."""
    differing: list[VariableChange] = []
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            differing.append(VariableChange(name, VariableChangeKind.ADDED))
        elif name not in after:
            differing.append(VariableChange(name, VariableChangeKind.REMOVED))
        elif before[name] != after[name]:
            differing.append(VariableChange(name, VariableChangeKind.CHANGED))
    return differing
