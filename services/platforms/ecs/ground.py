"""What a site stands on in the user's account: made where it is missing, and never taken away by a deployment."""

from collections.abc import Mapping
from typing import Any, Final

from services.core.frozen import frozen
from services.platforms.ecs.account import Account, Nothing
from services.platforms.ecs.roles import BUILD, ensure_role, roles_of
from services.platforms.ecs.site import CLUSTER, Site
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused

BUILDER: Final = "aws/codebuild/standard:7.0"
KEEP_DAYS: Final = 30
"""For how long AWS keeps sources and lines."""


@frozen
class Ground:
    account: Account
    site: Site

    async def ensure(self) -> None:
        """Make all that is missing. Raises DeployFailed NAME_TAKEN, and as Account does."""
        owner = await self.account.owner()
        for role in roles_of(self.site, owner, self.account.region):
            await ensure_role(self.account, self.site, role)
        await self._bucket()
        await self._repository()
        for group in (self.site.build_log, self.site.log):
            await self._log(group)
        await self._project()
        await self.account.call(Nothing, "ecs", "create_cluster", clusterName=CLUSTER)

    async def _bucket(self) -> None:
        bucket: Mapping[str, Any] = {"Bucket": self.site.bucket(await self.account.owner())}
        region = self.account.region
        place: Mapping[str, Any] = (
            {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        made = self.account.call(Nothing, "s3", "create_bucket", **bucket, **place)
        try:
            await self.account.unless("BucketAlreadyOwnedByYou", made)
        except Refused as refused:
            if refused.code != "BucketAlreadyExists":
                raise
            raise DeployFailed("NAME_TAKEN", f"Somebody else has a bucket called {bucket['Bucket']}.") from None
        rule = {"ID": "sources", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": KEEP_DAYS}}
        configuration = {"Rules": [rule]}
        await self.account.call(
            Nothing, "s3", "put_bucket_lifecycle_configuration", **bucket, LifecycleConfiguration=configuration
        )

    async def _repository(self) -> None:
        made = self.account.call(
            Nothing,
            "ecr",
            "create_repository",
            repositoryName=self.site.repository,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
        )
        await self.account.unless("RepositoryAlreadyExistsException", made)

    async def _log(self, group: str) -> None:
        made = self.account.call(Nothing, "logs", "create_log_group", logGroupName=group)
        await self.account.unless("ResourceAlreadyExistsException", made)
        await self.account.call(Nothing, "logs", "put_retention_policy", logGroupName=group, retentionInDays=KEEP_DAYS)

    async def _project(self) -> None:
        owner = await self.account.owner()
        project: Mapping[str, Any] = {
            "name": self.site.project,
            "source": {"type": "S3", "location": f"{self.site.bucket(owner)}/none.zip", "buildspec": "version: 0.2"},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": BUILDER,
                "computeType": "BUILD_GENERAL1_SMALL",
                "privilegedMode": True,  # for Docker
            },
            "serviceRole": self.site.role_arn(owner, BUILD),
            "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": self.site.build_log}},
        }
        code = "ResourceAlreadyExistsException"
        made = await self.account.with_new_role(
            lambda: self.account.unless(code, self.account.call(Nothing, "codebuild", "create_project", **project))
        )
        if made is None:
            await self.account.call(Nothing, "codebuild", "update_project", **project)
