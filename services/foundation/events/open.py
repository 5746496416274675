"""The choice of an event log by its address."""

from urllib.parse import urlsplit

from services.core.clock import Clock
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import EventLog


def open_log(url: str, clock: Clock) -> EventLog:
    """Open memory://, redis://… or rediss://… (with TLS); ValueError for anything else. Connects at the first use."""
    match urlsplit(url).scheme:
        case "memory":
            return MemoryLog(clock)
        case "redis" | "rediss":
            from services.foundation.events.redis import RedisLog  # noqa: PLC0415 - a process without Redis need not load its client

            return RedisLog(url, clock)
        case scheme:
            raise ValueError(f"The event log is at memory://, redis:// or rediss://, not at '{scheme}://'.")
