"""The deployments of a site's service: AWS's own, each of one revision, which runs one task definition."""

from collections.abc import Sequence
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.platforms.ecs.account import Account
from services.platforms.ecs.site import CLUSTER, Site

_NEWEST: Final = 20


class Deployed(msgspec.Struct, frozen=True, rename="camel"):
    """A deployment of the service: AWS's, of one revision."""

    service_deployment_arn: str
    status: str
    status_reason: str = ""
    target_service_revision_arn: str | None = None
    """Where they are listed."""

    @property
    def has_ended(self) -> bool:
        return self.status in {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}


class _Arn(msgspec.Struct, frozen=True):
    arn: str


class Described(Deployed, frozen=True, rename="camel"):
    source_service_revisions: Sequence[_Arn] = ()
    """What ran before; none for the first one."""
    target_service_revision: _Arn | None = None


class _Listed(msgspec.Struct, frozen=True, rename="camel"):
    service_deployments: Sequence[Deployed] = ()


class _DescribedDeployments(msgspec.Struct, frozen=True, rename="camel"):
    service_deployments: Sequence[Described] = ()


class _Revision(msgspec.Struct, frozen=True, rename="camel"):
    service_revision_arn: str
    task_definition: str


class _Revisions(msgspec.Struct, frozen=True, rename="camel"):
    service_revisions: Sequence[_Revision] = ()


@frozen
class Rollouts:
    account: Account
    site: Site

    async def find(self, definition: str) -> str | None:
        """Return the deployment of the service that brings a task definition."""
        targets = {
            each.target_service_revision_arn: each.service_deployment_arn
            for each in await self._list(most=_NEWEST)
            if each.target_service_revision_arn is not None
        }
        revisions = await self._revisions([arn for arn in targets if arn])
        ours = (targets[each.service_revision_arn] for each in revisions if each.task_definition == definition)
        return next(ours, None)

    async def get(self, arn: str) -> Described | None:
        answer = await self.account.call(
            _DescribedDeployments, "ecs", "describe_service_deployments", serviceDeploymentArns=[arn]
        )
        return next(iter(answer.service_deployments), None)

    async def definition_of(self, revision: str) -> str | None:
        """Return the task definition of a revision of the service."""
        revisions = await self._revisions([revision])
        return revisions[0].task_definition if revisions else None

    async def newest(self) -> str | None:
        """Return the task definition that the newest deployment brings, however far it has come."""
        listed = await self._list(most=1)
        revision = listed[0].target_service_revision_arn if listed else None
        return await self.definition_of(revision) if revision else None

    async def _list(self, *, most: int) -> Sequence[Deployed]:
        """Return the newest deployments, the newest first."""
        asked = self.account.call(
            _Listed, "ecs", "list_service_deployments", cluster=CLUSTER, service=self.site.name, maxResults=most
        )
        listed = await self.account.unless("ServiceNotFoundException", asked)
        return listed.service_deployments if listed else ()

    async def _revisions(self, arns: Sequence[str]) -> Sequence[_Revision]:
        if not arns:
            return ()
        answer = await self.account.call(
            _Revisions, "ecs", "describe_service_revisions", serviceRevisionArns=list(arns)
        )
        return answer.service_revisions
