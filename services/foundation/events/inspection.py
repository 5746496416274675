"""Whether the event log's servers are as they must be."""

from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.diagnosis import Diagnosis
from services.foundation.events.redis_address import name_of

LEAST_VERSION: Final = (6, 2)
_PATIENCE: Final = 5.0
"""Seconds."""


async def inspect(url: str) -> Diagnosis:
    """Look at one server, `redis://…` or `rediss://…`."""
    about = f"event log {name_of(url)}"
    client: Any = cast("Any", Redis).from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    try:
        info: dict[str, Any] = await client.info()
    except (RedisError, OSError) as error:
        return Diagnosis(about, f"does not answer: {error}. Is EVENTS_URL right, and may this machine reach it?")
    finally:
        await client.aclose()
    return Diagnosis(about, "; ".join(_faults(info)), _found(info))


def _faults(info: dict[str, Any]) -> list[str]:
    version = str(info.get("redis_version", "0"))
    policy = info.get("maxmemory_policy", "noeviction")
    faults: list[str] = []
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_VERSION:
        faults.append(f"is of version {version}: 6.2 is the least that it takes")
    if policy != "noeviction" and info.get("maxmemory"):
        faults.append(f"evicts events when it is full (maxmemory-policy {policy}): set noeviction")
    if info.get("role") == "slave":
        faults.append("is a replica: EVENTS_URL must lead to the primary")
    return faults


def _found(info: dict[str, Any]) -> str:
    kept = "writes to disk" if info.get("aof_enabled") else "keeps nothing of a crash"
    return f"{info.get('server_name') or 'redis'} {info.get('redis_version')}, {kept}"
