"""How an event log is chosen by its address."""

import pytest

from services.core.clock import utc_now
from services.foundation.events.memory import MemoryLog
from services.foundation.events.open import open_log
from services.foundation.events.redis import RedisLog
from services.foundation.events.sharded import ShardedLog


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", MemoryLog),
        ("redis://localhost:1/0", RedisLog),
        ("rediss://user:pass@localhost:1/2", RedisLog),
        ("redis://localhost:1/0,rediss://user:pass@localhost:2", ShardedLog),
    ],
)
async def test_the_scheme_chooses_the_log(url: str, kind: type) -> None:
    log = open_log(url, utc_now)
    await log.close()

    assert type(log) is kind


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "kafka://localhost",
        "http://localhost",
        "memory://,redis://localhost",
        "memory://,memory://",
    ],
)
def test_an_address_of_no_log_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"The event log is at memory://, redis:// or rediss://"):
        open_log(url, utc_now)
