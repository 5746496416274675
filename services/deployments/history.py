"""The stream of a deployment as storage has it: what replays once the event log has let go of it."""

from collections.abc import Sequence
from contextlib import suppress

from services.core.frozen import frozen
from services.deployments import events
from services.deployments.archive import LogArchive
from services.deployments.model import Deployment
from services.foundation.aws.tables import Table
from services.foundation.events.port import Closed, Entry, EventLog, Fenced, LogUnavailable


@frozen
class DeploymentHistory:
    """The archived entries, then the terminal event where it was not archived."""

    table: Table[Deployment]
    archive: LogArchive

    async def has_ended(self, stream: str) -> bool:
        """Return whether the deployment has ended."""
        deployment = await self.table.find(stream)
        return deployment is not None and deployment.finished_at is not None

    async def read(self, stream: str, *, after: int, limit: int) -> Sequence[Entry]:
        """Return archived entries; an ended deployment whose end was not archived gets it here."""
        entries = await self.archive.read(stream, after=after, limit=limit)
        if len(entries) == limit or (entries and entries[-1].terminal):
            return entries
        deployment, newest = await self.table.find(stream), await self.archive.newest(stream)
        if deployment is None or deployment.finished_at is None or (newest and newest.terminal):
            return entries
        last = newest.seq if newest else 0
        if after > last:
            return []
        data = events.encode(finished(deployment))
        return [*entries, Entry(last + 1, deployment.finished_at, data, terminal=True)]


def finished(deployment: Deployment) -> events.DeploymentFinished:
    """Return the terminal event of a deployment that has ended."""
    return events.DeploymentFinished(deployment.status, deployment.reason, deployment.message)


async def close_stream(log: EventLog, archive: LogArchive, deployment: Deployment) -> None:
    """Append how a deployment ended where its stream is open, and archive what is not archived.

    While the log is away nothing is done: followers are told from storage.
    """
    newest = await archive.newest(deployment.id)
    archived = newest.seq if newest else 0
    with suppress(LogUnavailable):
        if not (newest and newest.terminal):
            with suppress(Closed, Fenced):
                await log.append(
                    deployment.id,
                    [events.encode(finished(deployment))],
                    attempt=deployment.attempt + 1,
                    producer_seq=1,
                    close=True,
                    base=archived,
                )
        await archive.catch_up(log, deployment.id, after=archived)
