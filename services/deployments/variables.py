"""The environment variables of deployments: sealed where they are stored, opened by the worker that deploys."""

from collections.abc import Mapping
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.deployments.model import Deployment, DeploymentConfig, StoredConfig
from services.foundation.vault.envelope import Envelopes
from services.foundation.vault.port import Context

_VALUES: Final = msgspec.json.Decoder(dict[str, str])


@frozen
class Variables:
    """Seals and opens what a deployment's backend finds in its environment."""

    envelopes: Envelopes

    async def stored(self, config: DeploymentConfig, *, deployment_id: str, project_id: str) -> StoredConfig:
        """Return a configuration as it is stored: the variables' names, and their values sealed."""
        variables = config.environment_variables
        secret = msgspec.json.encode(variables)
        context = _context(deployment_id, project_id)
        return StoredConfig(
            variable_names=tuple(variables),
            sealed=await self.envelopes.seal(secret, context) if variables else None,
            build_command=config.build_command,
            start_command=config.start_command,
        )

    async def opened(self, deployment: Deployment) -> Mapping[str, str]:
        """Return the variables of a deployment with their values. Raises CanNotOpen."""
        sealed = deployment.config.sealed
        if sealed is None:
            return deployment.config.environment_variables
        return _VALUES.decode(await self.envelopes.open(sealed, _context(deployment.id, deployment.project_id)))


def _context(deployment_id: str, project_id: str) -> Context:
    """Return what the values belong to; not the team, for a project may move to another."""
    return {"projectId": project_id, "deploymentId": deployment_id}
