"""The services of analytics."""

import secrets
from functools import partial

from services.analytics import names
from services.analytics.events import RATE, Events
from services.analytics.ingest import Ingest
from services.analytics.live import Live
from services.analytics.model import ANALYTICS
from services.analytics.rollups import ROLLUPS, Rollups
from services.analytics.service import Analytics
from services.analytics.sessions import SESSIONS
from services.bootstrap.adapters import Adapters
from services.bootstrap.resources import table_name
from services.core.recent import Recent
from services.foundation.aws.bucket import Bucket
from services.foundation.events.port import EventLog
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.projects.service import Projects


def analytics(adapters: Adapters, log: EventLog, projects: Projects) -> Analytics:
    rollups, now = Rollups(adapters.aws, table_name(adapters.config, ROLLUPS)), adapters.now
    known = names.Names(
        adapters.table(ROLLUPS), Recent(lifetime=names.KNOWN_FOR, most=names.KNOWN, now=now), now, names.MOST
    )
    ingest = Ingest(
        events=adapters.table(ANALYTICS),
        sessions=adapters.table(SESSIONS),
        taken=adapters.table(IDEMPOTENCY_KEYS),
        rollups=rollups,
        names=known,
        now=now,
    )
    rates = RateLimiter(table=adapters.table(RATES), most=adapters.config.batches, now=now, what="batches of events")
    return Analytics(
        ingest=ingest,
        rollups=rollups,
        live=Live(log, rollups, now),
        projects=projects,
        rates=rates,
        new_name=partial(secrets.token_hex, 8),
        now=now,
    )


def events(adapters: Adapters, service: Analytics, bucket: Bucket) -> Events:
    return Events(
        table=service.ingest.events,
        analytics=service,
        bucket=bucket,
        rates=RateLimiter(table=adapters.table(RATES), most=RATE, now=adapters.now, what="exports"),
        now=adapters.now,
    )
