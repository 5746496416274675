"""What else may stand in the lines of a deployment: the credentials it was given, and all that others at its site were.

Credentials that were replaced or deleted are still printed by what was given them, and a platform may keep one log of
all that runs at a site, where the old goes on for a moment beside the new.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import DeploymentId
from services.deployments.model import Deployment
from services.deployments.turns import Turns
from services.deployments.variables import Variables
from services.foundation.aws.tables import Table
from services.foundation.vault.envelope import Sealed
from services.foundation.vault.port import Context

MOST_BESIDE: Final = 10
"""Deployments of a site that one knows of, the newest."""
WRITES_ON: Final = timedelta(hours=1)
"""From its end on a deployment may still be writing."""

_TEXTS: Final = msgspec.json.Decoder(list[str])


@frozen(kw_only=True)
class Given:
    """Texts are kept sealed in the record of the deployment that was given them, and go with it."""

    table: Table[Deployment]
    turns: Turns
    variables: Variables
    now: Clock

    async def meet(self, record: Deployment) -> tuple[DeploymentId, ...]:
        """Return the deployments that are beside one, and let those know of it that are open at its site."""
        there = [other.id async for other in self.turns.open_at(record)]
        for other_id in there:
            await self.table.update(other_id, partial(_met, others=[record.id]))
        return _met(record, there).beside

    async def kept(self, record: Deployment, texts: Iterable[str]) -> Sealed | None:
        """Return what a record keeps from now on: what an earlier attempt was given, too. Raises CanNotOpen."""
        earlier = await self._own(record)
        new = [text for text in dict.fromkeys(texts) if text not in earlier]
        if not new:
            return record.given
        return await self.variables.envelopes.seal(msgspec.json.encode([*earlier, *new]), _context(record))

    async def texts(self, record: Deployment) -> list[str]:
        """Return what a deployment was given, and what those were that may write beside it. Raises CanNotOpen."""
        texts = await self._own(record)
        for other_id in record.beside:
            other = await self.table.find(other_id)
            if other is not None and (other.finished_at is None or other.finished_at > self.now() - WRITES_ON):
                texts += [*(await self.variables.opened(other)).values(), *await self._own(other)]
        return texts

    async def _own(self, record: Deployment) -> list[str]:
        if record.given is None:
            return []
        return _TEXTS.decode(await self.variables.envelopes.open(record.given, _context(record)))


def _met(record: Deployment, others: Iterable[DeploymentId]) -> Deployment:
    beside = tuple(dict.fromkeys([*record.beside, *others]))[-MOST_BESIDE:]
    return record if beside == record.beside else replace(record, beside=beside)


def _context(record: Deployment) -> Context:
    return {"projectId": record.project_id, "deploymentId": record.id, "what": "given"}
