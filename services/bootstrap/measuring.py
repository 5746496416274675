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
    known = names.Names(adapters.table(ROLLUPS), Recent(names.KNOWN_FOR, names.KNOWN, now), now, names.MOST)
    ingest = Ingest(
        adapters.table(ANALYTICS), adapters.table(SESSIONS), adapters.table(IDEMPOTENCY_KEYS), rollups, known, now
    )
    rates = RateLimiter(adapters.table(RATES), adapters.config.batches, now, "batches of events")
    return Analytics(ingest, rollups, Live(log, rollups, now), projects, rates, partial(secrets.token_hex, 8), now)


def events(adapters: Adapters, service: Analytics, bucket: Bucket) -> Events:
    return Events(
        service.ingest.events,
        service,
        bucket,
        RateLimiter(adapters.table(RATES), RATE, adapters.now, "exports"),
        adapters.now,
    )
