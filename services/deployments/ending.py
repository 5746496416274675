"""This file is closing the stream of a deployment that has ended without a run to close it."""

from services.deployments.archive import LogArchive, finished
from services.deployments.events import encode
from services.deployments.model import Deployment
from services.events.port import Closed, EventLog, Fenced


async def close_stream(log: EventLog, archive: LogArchive, deployment: Deployment) -> bool:
    """Append the terminal event and archive what is not archived; return whether the event was missing."""
    newest = await archive.newest(deployment.id)
    archived = newest.seq if newest else 0
    missing = not (newest and newest.terminal)
    if missing:
        try:
            await log.append(
                deployment.id,
                [encode(finished(deployment))],
                attempt=deployment.attempt + 1,
                producer_seq=1,
                close=True,
                base=archived,
            )
        except (Closed, Fenced):
            missing = False
    await archive.catch_up(log, deployment.id, after=archived)
    return missing
