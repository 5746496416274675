"""How the services that count are put together: usage with its budgets, and analytics."""

import secrets
from functools import partial

from services.analytics import names
from services.analytics.events import RATE, Events
from services.analytics.ingest import Ingest
from services.analytics.live import Live
from services.analytics.model import ANALYTICS, ROLLUPS, SESSIONS
from services.analytics.rollups import Rollups
from services.analytics.service import Analytics
from services.bootstrap.adapters import Adapters
from services.bootstrap.shared import Shared
from services.core.prices import Prices, nanos
from services.core.recent import Recent
from services.foundation.limits.rate_limit import RATES, RateLimiter
from services.generations.model import GENERATIONS, Generation
from services.projects.service import Projects
from services.usage.model import BUDGETS, USAGE
from services.usage.service import Budgets, Limits


def budgets(adapters: Adapters) -> Budgets[Generation]:
    config = adapters.config
    return Budgets(
        records=adapters.table(GENERATIONS),
        counters=adapters.table(BUDGETS),
        usage=adapters.table(USAGE),
        limits=Limits(config.team_tokens, None if config.team_cost is None else nanos(config.team_cost)),
        prices=Prices(config.prices),
        models=config.models,
        now=adapters.now,
    )


def analytics(shared: Shared, projects: Projects) -> Analytics:
    adapters, now = shared.adapters, shared.now
    table = adapters.table(ROLLUPS)
    rollups = Rollups(table)
    bounded_names = names.Names(
        table, Recent(lifetime=names.REMEMBERED_FOR, most=names.MOST_REMEMBERED, now=now), now, names.MOST
    )
    ingest = Ingest(
        events=adapters.table(ANALYTICS),
        sessions=adapters.table(SESSIONS),
        once=shared.once,
        rollups=rollups,
        names=bounded_names,
        now=now,
    )
    rates = RateLimiter(table=adapters.table(RATES), most=adapters.config.batches, now=now, what="batches of events")
    return Analytics(
        ingest=ingest,
        rollups=rollups,
        live=Live(shared.log, rollups, now),
        projects=projects,
        rates=rates,
        new_name=partial(secrets.token_hex, 8),
        now=now,
    )


def events(shared: Shared, service: Analytics) -> Events:
    return Events(
        table=service.ingest.events,
        analytics=service,
        bucket=shared.bucket,
        rates=RateLimiter(table=shared.adapters.table(RATES), most=RATE, now=shared.now, what="exports"),
        now=shared.now,
    )
