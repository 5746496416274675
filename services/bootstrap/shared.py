"""What the services of many slices are given."""

import secrets
from typing import Self

from services.bootstrap.adapters import Adapters
from services.config import Config
from services.core.clock import Clock
from services.core.frozen import frozen
from services.foundation.aws.bucket import Bucket
from services.foundation.events.hub import Hub
from services.foundation.events.port import EventLog
from services.foundation.events.shared import SharedStreams
from services.foundation.limits.idempotency import IDEMPOTENCY_KEYS, Idempotency
from services.foundation.limits.once import Once
from services.journal.journal import Journal
from services.journal.model import ACTIVITY
from services.notifications.model import TARGETS
from services.notifications.notifier import Notifier


@frozen(kw_only=True)
class Shared:
    adapters: Adapters
    """Makes the ways to the outside."""
    log: EventLog
    hub: Hub
    streams: SharedStreams
    bucket: Bucket
    notifier: Notifier
    idempotency: Idempotency
    journal: Journal

    @property
    def config(self) -> Config:
        return self.adapters.config

    @property
    def now(self) -> Clock:
        return self.adapters.now

    @property
    def once(self) -> Once:
        return Once(table=self.idempotency.table, now=self.now)

    @classmethod
    def of(cls, adapters: Adapters, log: EventLog) -> Self:
        config, now, table = adapters.config, adapters.now, adapters.table
        streams = SharedStreams(log, secrets.randbits)
        return cls(
            adapters=adapters,
            log=log,
            hub=Hub(log),
            streams=streams,
            bucket=Bucket(adapters.aws, config.name_of(config.bucket)),
            notifier=Notifier(
                topic=adapters.topic(), queue=adapters.queue(config.notification_queue), targets=table(TARGETS)
            ),
            idempotency=Idempotency(table=table(IDEMPOTENCY_KEYS), pepper=config.pepper, now=now),
            journal=Journal(table=table(ACTIVITY), streams=streams, now=now),
        )
