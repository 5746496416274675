"""What a platform is asked for: put together from a deployment's record, for each attempt anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from services.core.credentials import AwsKeys, Credentials, secrets_of
from services.core.frozen import frozen
from services.deployments.archive import LogArchive
from services.deployments.events import LogLine, decode
from services.deployments.given import Given
from services.deployments.model import CODE_HOST_OF, INTEGRATION_OF, Deployment, Request
from services.deployments.variables import Variables
from services.foundation.aws.bucket import Bucket
from services.foundation.aws.roles import RoleRefused
from services.foundation.aws.tables import Table
from services.foundation.jobs.worker import JobFailed
from services.foundation.vault.envelope import Sealed
from services.foundation.vault.port import CanNotOpen
from services.generations.artifact import ARCHIVE
from services.generations.service import Generations
from services.integrations.model import IntegrationType
from services.integrations.service import Integrations
from services.platforms import port
from services.platforms.port import DeploymentPlatform


@frozen(kw_only=True)
class Orders:
    table: Table[Deployment]
    generations: Generations
    bucket: Bucket
    variables: Variables
    given: Given
    integrations: Integrations
    archive: LogArchive
    tables: port.AwsAccount | None
    """Where tables are in development: in the emulator, also with the keys of an AWS integration."""

    async def order(self, record: Deployment) -> port.Order:
        """Return what is to be deployed. Raises JobFailed."""
        generation = await self.generations.find(record.generation_id)
        where = generation.artifact if generation else None
        content = await self.bucket.get(f"{where}/{ARCHIVE}") if where else None
        if content is None:
            raise JobFailed("ARCHIVE_MISSING", "The generated code is gone.", retryable=False)
        variables = await self._opened(record)
        placement = await self._placement(record, variables)
        code_host = await self._credentials(record, CODE_HOST_OF)
        account = None if record.platform is DeploymentPlatform.LOCAL else await self._account(record)
        return port.Order(
            deployment_id=placement.deployment_id,
            site=placement.site,
            credentials=placement.credentials,
            progress=placement.progress,
            told=placement.told,
            secrets=[*placement.secrets, *_secrets_of(account, code_host), *await self._given(record)],
            archive=content,
            config=port.Config(
                environment=variables,
                build_command=record.config.build_command,
                start_command=record.config.start_command,
                health_path=record.health_path,
            ),
            hosting=record.hosting,
            preferred_port=urlsplit(record.url).port if record.url else None,
            built=placement.built,
            tables=account,
            code_host=code_host,
        )

    async def placement(self, record: Deployment) -> port.Placement:
        """Return what is there already, or was begun, with the newest credentials. Raises JobFailed."""
        placement = await self._placement(record, await self._opened(record))
        reached = () if record.given else await self._reached(record)
        return replace(placement, secrets=[*placement.secrets, *await self._given(record), *reached])

    async def running(self, record: Deployment, request: Request) -> port.Running:
        """Return what runs, of which something is asked. Raises JobFailed."""
        placement = await self.placement(record)
        return port.Running(
            deployment_id=placement.deployment_id,
            site=placement.site,
            credentials=placement.credentials,
            progress=port.Progress({**placement.progress.calls, **request.calls}, placement.progress.page),
            told=placement.told,
            secrets=placement.secrets,
            request=request.id,
            url=record.url or "",
            health_path=record.health_path,
        )

    async def stopping(self, record: Deployment) -> port.Placement:
        """Return what is to be stopped, which shows no lines: it is even where nobody can read its variables."""
        try:
            variables = await self._opened(record)
        except JobFailed:
            variables = dict[str, str]()
        return await self._placement(record, variables)

    async def _placement(self, record: Deployment, variables: Mapping[str, str]) -> port.Placement:
        credentials = await self._credentials(record, INTEGRATION_OF)
        return port.Placement(
            deployment_id=record.id,
            site=record.site or record.project_id,
            credentials=credentials,
            progress=record.progress,
            told=port.Told(await self._told(record) if record.progress.calls else ()),
            secrets=[*variables.values(), *_secrets_of(None, credentials)],
            built=await self._built(record),
        )

    async def _credentials(
        self, record: Deployment, kinds: Mapping[DeploymentPlatform, IntegrationType]
    ) -> Credentials | None:
        kind = kinds.get(record.platform)
        return None if kind is None else await self._usable(record, kind)

    async def _account(self, record: Deployment) -> port.AwsAccount | None:
        keys = await self._usable(record, IntegrationType.AWS)
        if not isinstance(keys, AwsKeys):
            return self.tables
        if self.tables is None:
            return port.AwsAccount(region=port.REGION, keys=keys)
        return replace(self.tables, keys=keys)

    async def kept(self, record: Deployment, order: port.Order) -> Sealed | None:
        """Return what a record keeps of the credentials in an order. Raises JobFailed."""
        try:
            return await self.given.kept(record, _secrets_of(order.tables, order.credentials, order.code_host))
        except CanNotOpen:
            raise _unreadable() from None

    async def _given(self, record: Deployment) -> Sequence[str]:
        """Return what else may stand in the lines of a deployment. Raises JobFailed."""
        try:
            return await self.given.texts(record)
        except CanNotOpen:
            raise _unreadable() from None

    async def _reached(self, record: Deployment) -> Sequence[str]:
        """Return what a backend may have been given to reach its tables, of whose record it is not kept."""
        if record.platform is DeploymentPlatform.LOCAL:
            return ()
        try:
            return list(_secrets_of(await self._account(record)))
        except JobFailed:
            return ()

    async def _usable(self, record: Deployment, kind: IntegrationType) -> Credentials | None:
        try:
            opened = await self.integrations.credentials(record.team_id, kind, project_id=record.project_id)
        except RoleRefused as refused:
            raise JobFailed("CREDENTIALS_REFUSED", refused.message, retryable=False) from None
        return opened.credentials if opened else None

    async def _built(self, record: Deployment) -> port.Built | None:
        """Return what was built already of a record's code, with credentials of the same team."""
        earlier_id = record.rollback_to or record.promoted_from
        earlier = await self.table.find(earlier_id) if earlier_id else None
        if earlier is None or earlier.team_id != record.team_id:
            return None
        return port.Built(earlier.site or earlier.project_id, earlier.progress)

    async def _opened(self, record: Deployment) -> Mapping[str, str]:
        try:
            return await self.variables.opened(record)
        except CanNotOpen:
            raise _unreadable() from None

    async def _told(self, record: Deployment) -> Iterable[port.Line]:
        newest = await self.archive.newest(record.id)
        after = max(0, newest.seq - port.REMEMBERED) if newest else 0
        entries = await self.archive.read(record.id, after=after, limit=port.REMEMBERED)
        happened = (decode(entry.data) for entry in entries)
        return (
            port.Line(line.timestamp, line.level, line.stream, line.message, line.id)
            for line in happened
            if isinstance(line, LogLine)
        )


def _unreadable() -> JobFailed:
    message = "The environment variables can not be decrypted any more; deploy with new ones."
    return JobFailed("VARIABLES_UNREADABLE", message, retryable=False)


def _secrets_of(account: port.AwsAccount | None, *credentials: Credentials | None) -> Iterator[str]:
    for each in (account.keys if account else None, *credentials):
        if each is not None:
            yield from secrets_of(each)
