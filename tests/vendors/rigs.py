"""Deployments by our adapters, for the vendors' clients to look at."""

import asyncio

from tests.services.platforms.conformance import Record, Rig


def deploy(rig: Rig, deployment_id: str, **variables: str) -> Record:
    """Deploy to a fake to the end, and return what is stored of it."""
    record = Record()
    asyncio.run(record.follow(rig.platform.deploy(rig.order(None, id=deployment_id, **variables))))
    return record
