"""Closing the stream of a deployment that has ended without a run to close it."""

from contextlib import suppress

from services.deployments.archive import LogArchive, finished
from services.deployments.events import encode
from services.deployments.model import Deployment
from services.foundation.events.port import Closed, EventLog, Fenced, LogUnavailable


async def close_stream(log: EventLog, archive: LogArchive, deployment: Deployment) -> None:
    """Append the terminal event where it is missing, and archive what is not archived.

    While the log is away nothing is done: followers are told from storage.
    """
    newest = await archive.newest(deployment.id)
    archived = newest.seq if newest else 0
    with suppress(LogUnavailable):
        if not (newest and newest.terminal):
            with suppress(Closed, Fenced):
                await log.append(
                    deployment.id,
                    [encode(finished(deployment))],
                    attempt=deployment.attempt + 1,
                    producer_seq=1,
                    close=True,
                    base=archived,
                )
        await archive.catch_up(log, deployment.id, after=archived)
