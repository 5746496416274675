"""Snapinfra's own events: what came of generations and deployments. Recording them never fails a job."""

import json
import logging
from datetime import datetime, timedelta
from typing import Any, Final

from services.analytics.model import EventStatus, EventType
from services.analytics.service import Analytics
from services.analytics.validation import make_event
from services.core.clock import Clock
from services.core.frozen import frozen
from services.deployments.model import Deployment, DeploymentStatus
from services.foundation.jobs.record import JobRecord
from services.generations.model import Generation, GenerationStatus
from services.usage.model import Totals

_NANOS_PER_MICRO: Final = 1000

log: Final = logging.getLogger(__name__)


@frozen
class ProductEvents:
    """Each method may be called any number of times for one record: it counts once."""

    analytics: Analytics
    now: Clock

    async def generation_ended(self, record: Generation) -> None:
        used = Totals.of_attempts(record.attempts)
        await self._note(
            EventType.GENERATION,
            record,
            failed=record.status is GenerationStatus.FAILED,
            began=record.started_at,
            ended=record.finished_at,
            name=record.kind.value,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cost_micros=round(used.cost / _NANOS_PER_MICRO),
            metadata={
                "status": record.status.value,
                "reason": record.reason and record.reason.value,
                "provider": record.provider,
                "model": record.model,
            },
        )

    async def deployment_live(self, record: Deployment) -> None:
        await self._note(
            EventType.DEPLOYMENT_LIVE,
            record,
            began=record.started_at,
            ended=record.live_at,
            name=record.platform.value,
            environment=record.environment,
            metadata={"url": record.url},
        )

    async def deployment_ended(self, record: Deployment) -> None:
        """A deployment's end has no duration: how long it ran says nothing of how well it went."""
        await self._note(
            EventType.DEPLOYMENT,
            record,
            failed=record.status is DeploymentStatus.FAILED,
            ended=record.finished_at,
            name=record.platform.value,
            environment=record.environment,
            metadata={"status": record.status.value, "reason": record.reason},
        )

    async def _note(
        self,
        kind: EventType,
        record: JobRecord,
        *,
        failed: bool = False,
        began: datetime | None = None,
        ended: datetime | None,
        metadata: dict[str, Any],
        **further: Any,
    ) -> None:
        try:
            now = self.now()
            at = ended or now
            event = make_event(
                f"{kind.value}/{record.id}",
                kind,
                at,
                team_id=record.team_id,
                project_id=record.project_id,
                user=record.user_id,
                status=EventStatus.ERROR if failed else EventStatus.OK,
                now=now,
                duration_ms=began and max((at - began) // timedelta(milliseconds=1), 0),
                metadata=json.dumps({name: value for name, value in metadata.items() if value is not None}),
                **further,
            )
            await self.analytics.note(event)
        except Exception:
            log.exception("the analytics event of %s is not recorded", record.id)
