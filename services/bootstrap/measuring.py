"""This file is the services of analytics."""

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
from services.foundation.limits.rate_limit import RATES, Rates
from services.projects.service import Projects


def analytics(use: Adapters, log: EventLog, projects: Projects) -> Analytics:
    rollups, now = Rollups(use.aws, table_name(use.config, ROLLUPS)), use.now
    known = names.Names(use.table(ROLLUPS), Recent(names.KNOWN_FOR, names.KNOWN, now), now, names.MOST)
    ingest = Ingest(use.table(ANALYTICS), use.table(SESSIONS), use.table(IDEMPOTENCY_KEYS), rollups, known, now)
    rates = Rates(use.table(RATES), use.config.batches, now, "batches of events")
    return Analytics(ingest, rollups, Live(log, rollups, now), projects, rates, partial(secrets.token_hex, 8), now)


def events(use: Adapters, service: Analytics, bucket: Bucket) -> Events:
    return Events(service.ingest.events, service, bucket, Rates(use.table(RATES), RATE, use.now, "exports"), use.now)
