"""The images of a site: built by CodeBuild, kept in ECR, one for each deployment, whose id is its tag."""

import asyncio
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from services.core.frozen import frozen
from services.platforms.archive import contents
from services.platforms.ecs.account import Account, Nothing
from services.platforms.ecs.lines import Lines
from services.platforms.ecs.site import Site, console
from services.platforms.ecs.source import buildspec, packed
from services.platforms.port import DeployFailed, LogStream, Order, Placement
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Work

DEPLOYMENT: Final = "SNAPINFRA_DEPLOYMENT"
"""The variable of a build that says for which deployment it is."""

_NEWEST: Final = 50
"""Builds among which one is looked for."""
_SILENT: Final = 3
"""Looks without new lines after the end of a build: its last lines may come late."""


class _Variable(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Environment(msgspec.Struct, frozen=True, rename="camel"):
    environment_variables: Sequence[_Variable] = ()


class _Logs(msgspec.Struct, frozen=True, rename="camel"):
    stream_name: str | None = None


class _Context(msgspec.Struct, frozen=True):
    message: str = ""


class _Phase(msgspec.Struct, frozen=True, rename="camel"):
    phase_type: str = ""
    phase_status: str | None = None
    contexts: Sequence[_Context] = ()


class Build(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    build_status: str
    """IN_PROGRESS, SUCCEEDED, FAILED, FAULT, TIMED_OUT or STOPPED."""
    environment: _Environment = _Environment()
    logs: _Logs = _Logs()
    phases: Sequence[_Phase] = ()

    @property
    def is_running(self) -> bool:
        return self.build_status == "IN_PROGRESS"

    @property
    def deployment_id(self) -> str | None:
        """The deployment that it is for."""
        values = (each.value for each in self.environment.environment_variables if each.name == DEPLOYMENT)
        return next(values, None)

    @property
    def reason(self) -> str:
        """What AWS says of how it failed."""
        said = [
            f"{phase.phase_type}: {each.message}" for phase in self.phases for each in phase.contexts if each.message
        ]
        return f" {said[0].rstrip('.')}." if said else ""


class _Begun(msgspec.Struct, frozen=True):
    build: Build


class _Builds(msgspec.Struct, frozen=True):
    builds: Sequence[Build] = ()


class _Ids(msgspec.Struct, frozen=True):
    ids: Sequence[str] = ()


class _Repository(msgspec.Struct, frozen=True, rename="camel"):
    repository_uri: str


class _Repositories(msgspec.Struct, frozen=True):
    repositories: Sequence[_Repository]


class _Image(msgspec.Struct, frozen=True, rename="camel"):
    image_digest: str


class _Images(msgspec.Struct, frozen=True, rename="camel"):
    image_details: Sequence[_Image] = ()


async def is_kept(account: Account, image: str) -> bool:
    """Say whether the registry still has an image, named by its repository and its digest."""
    name, _, digest = image.partition("@")
    repository = name.partition("/")[2]
    asked = account.call(
        _Images, "ecr", "describe_images", repositoryName=repository, imageIds=[{"imageDigest": digest}]
    )
    try:
        return bool((await asked).image_details)
    except Refused as refused:
        if refused.code not in {"ImageNotFoundException", "RepositoryNotFoundException"}:
            raise
        return False


@frozen
class Images:
    account: Account
    site: Site
    placement: Placement

    async def begin(self, order: Order) -> str:
        """Begin to build what is ordered, and return the id of the build."""
        owner = await self.account.owner()
        bucket, key = self.site.bucket(owner), f"{order.deployment_id}.zip"
        command = order.config.build_command
        content = await asyncio.to_thread(lambda: packed(contents(order.archive), build_command=command))
        await self.account.call(
            Nothing, "s3", "put_object", Bucket=bucket, Key=key, Body=content, ExpectedBucketOwner=owner.account
        )
        variables = {DEPLOYMENT: order.deployment_id, "IMAGE": f"{await self._uri()}:{order.deployment_id}"}
        begun = await self.account.call(
            _Begun,
            "codebuild",
            "start_build",
            repeatable=False,
            projectName=self.site.project,
            idempotencyToken=order.deployment_id,
            sourceTypeOverride="S3",
            sourceLocationOverride=f"{bucket}/{key}",
            buildspecOverride=buildspec(),
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
            ],
        )
        return begun.build.id

    async def find(self) -> str | None:
        """Return the build of the deployment."""
        asked = self.account.call(
            _Ids, "codebuild", "list_builds_for_project", projectName=self.site.project, sortOrder="DESCENDING"
        )
        listed = await self.account.unless("ResourceNotFoundException", asked)
        if listed is None or not listed.ids:
            return None
        builds = await self.account.call(_Builds, "codebuild", "batch_get_builds", ids=list(listed.ids[:_NEWEST]))
        ours = (build.id for build in builds.builds if build.deployment_id == self.placement.deployment_id)
        return next(ours, None)

    async def build(self, build_id: str) -> Build:
        """Return a build. Raises DeployFailed where AWS has it no more."""
        answer = await self.account.call(_Builds, "codebuild", "batch_get_builds", ids=[build_id])
        if not answer.builds:
            raise DeployFailed("GONE", "CodeBuild has this build no more: its project was deleted there.")
        return answer.builds[0]

    async def stop(self, build_id: str) -> None:
        """Stop a build that has not ended."""
        if not (await self.build(build_id)).is_running:
            return
        try:
            await self.account.call(Nothing, "codebuild", "stop_build", id=build_id)
        except Refused:
            if (await self.build(build_id)).is_running:
                raise

    async def follow(self, build_id: str, work: Work) -> str:
        """Emit the lines of a build until it has ended, and return its image by its digest.

        Raises DeployFailed BUILD_FAILED.
        """
        build = await self._to_the_end(build_id, work)
        if build.build_status != "SUCCEEDED":
            how = f"CodeBuild could not build it ({build.build_status}).{build.reason}{work.quote()}"
            raise DeployFailed("BUILD_FAILED", how)
        return await self._image()

    async def _to_the_end(self, build_id: str, work: Work) -> Build:
        lines, silent, pause = Lines(self.account, self.site.build_log), 0, work.limits.poll
        while True:
            build = await self.build(build_id)  # before the reading: what is written by then is in it
            stream = build.logs.stream_name  # none until there is a machine for it
            new = await lines.tell(work, LogStream.BUILD, prefix=stream) if stream else 0
            silent = 0 if new or build.is_running else silent + 1
            if silent == _SILENT:
                return build
            pause = work.limits.poll if new else pause * 1.5
            await asyncio.sleep(min(pause, work.limits.longest_poll))

    async def _uri(self) -> str:
        names = [self.site.repository]
        answer = await self.account.call(_Repositories, "ecr", "describe_repositories", repositoryNames=names)
        return answer.repositories[0].repository_uri

    async def _image(self) -> str:
        tag = {"imageTag": self.placement.deployment_id}
        asked = self.account.call(
            _Images, "ecr", "describe_images", repositoryName=self.site.repository, imageIds=[tag]
        )
        answer = await self.account.unless("ImageNotFoundException", asked)
        if answer is None or not answer.image_details:
            raise DeployFailed("BUILD_FAILED", "CodeBuild has built it, but there is no image of it.")
        return f"{await self._uri()}@{answer.image_details[0].image_digest}"

    def page(self, build_id: str) -> str:
        """Return where AWS shows a build to people."""
        region = self.account.region
        return console(region, f"codesuite/codebuild/projects/{self.site.project}/build/{quote(build_id, safe='')}")
