"""The choice of an event log by its address."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from services.core.clock import Clock
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import EventLog
from services.foundation.events.sharded import ShardedLog


def open_log(url: str, clock: Clock) -> EventLog:
    """Open memory://, redis://… or rediss://… (with TLS); several of Redis, with commas between them, as one log.

    ValueError for anything else. Connects at the first use.
    """
    urls = url.split(",")
    schemes = {urlsplit(address).scheme for address in urls}
    if schemes <= {"redis", "rediss"}:
        return _in_redis(urls, clock)
    if schemes == {"memory"} and len(urls) == 1:
        return MemoryLog(clock)
    raise ValueError(
        f"The event log is at memory://, redis:// or rediss://, not at '{'://, '.join(sorted(schemes))}://'."
    )


def _in_redis(urls: Sequence[str], clock: Clock) -> EventLog:
    from services.foundation.events.redis import RedisLog  # noqa: PLC0415 - a process without Redis need not load its client
    from services.foundation.events.redis_address import name_of  # noqa: PLC0415 - same

    logs = {name_of(url): RedisLog(url, clock) for url in urls}
    return ShardedLog(logs) if len(logs) > 1 else logs[name_of(urls[0])]
