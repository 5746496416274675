"""What a memory of recent readings promises."""

from datetime import UTC, datetime, timedelta

from services.core.recent import Recent
from tests.fakes.clock import Clock


def recent(clock: Clock, most: int = 2) -> Recent[str]:
    return Recent(lifetime=timedelta(seconds=4), most=most, now=clock)


def clock() -> Clock:
    return Clock(datetime(2026, 1, 31, 12, tzinfo=UTC))


def test_a_value_is_kept_for_its_time_from_the_beginning_of_its_reading_on() -> None:
    time = clock()
    memory, began = recent(time), time()
    time.advance(seconds=3)
    memory.put("a", "A", read_at=began)

    before = memory.get("a")
    time.advance(seconds=1)

    assert (before, memory.get("a")) == ("A", None)


def test_a_reading_that_began_before_it_was_forgotten_is_not_kept() -> None:
    time = clock()
    memory, began = recent(time), time()
    memory.put("a", "old", read_at=began)
    time.advance(seconds=1)
    memory.forget("a")
    memory.put("a", "stale", read_at=began)
    stale = memory.get("a")
    time.advance(seconds=1)

    memory.put("a", "new", read_at=time())

    assert (stale, memory.get("a")) == (None, "new")


def test_the_oldest_go_where_there_are_too_many() -> None:
    time = clock()
    memory = recent(time)
    for key in ("a", "b", "a", "c"):
        memory.put(key, key, read_at=time())

    assert [memory.get(key) for key in ("a", "b", "c")] == ["a", None, "c"]


def test_a_value_lasts_longer_where_it_is_certain_that_it_has_not_changed_and_was_not_in_doubt() -> None:
    time, certain = clock(), [True]
    memory: Recent[str] = Recent(
        lifetime=timedelta(seconds=4),
        longest=timedelta(minutes=1),
        certain=lambda _: certain[0],
        most=2,
        now=time,
    )
    for key in ("a", "b"):
        memory.put(key, key, read_at=time())
    time.advance(seconds=59)
    kept = memory.get("a")
    certain[0] = False
    uncertain = memory.get("a")
    certain[0] = True
    memory.doubt("a")
    time.advance(seconds=0.5)
    memory.put("a", "A", read_at=time())
    fresh = memory.get("a")
    time.advance(seconds=4)

    assert (kept, uncertain, fresh, memory.get("a"), memory.get("b")) == ("a", None, "A", None, None)
