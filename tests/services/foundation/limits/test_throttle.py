"""This file is what the pace of requests promises."""

from dataclasses import dataclass

import pytest

from services.core.errors import Limited
from services.foundation.limits.throttle import Pace, Quota


@dataclass
class SetClock:
    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def pace(clock: SetClock) -> Pace:
    """Six a minute."""
    return Pace(6, clock, most_callers=3)


def wait(pace: Pace, caller: str = "alice") -> float | None:
    """Return None where it was allowed, or the seconds to wait."""
    try:
        pace.take(caller)
    except Limited as limited:
        return limited.retry_after
    return None


def test_a_minutes_requests_may_come_at_once_and_then_each_when_it_is_due(pace: Pace, clock: SetClock) -> None:
    at_once = [wait(pace) for _ in range(8)]
    clock.at += 9.5
    early = wait(pace)
    clock.at += 0.5
    due = wait(pace)

    assert at_once == [None] * 6 + [10.0] * 2
    assert (early, due, wait(pace)) == (0.5, None, 10.0)


def test_who_has_been_quiet_for_a_minute_has_a_whole_one_again(pace: Pace, clock: SetClock) -> None:
    for _ in range(8):
        wait(pace)
    clock.at += 60

    assert [wait(pace) for _ in range(7)] == [None] * 6 + [10.0]


def test_what_is_left_follows_what_was_sent_and_asking_counts_nothing(pace: Pace, clock: SetClock) -> None:
    fresh = pace.quota("alice")
    for _ in range(4):
        wait(pace)
    begun = [pace.quota("alice") for _ in range(3)]
    wait(pace)
    wait(pace)
    used_up = pace.quota("alice")
    clock.at += 3.5
    refused = (wait(pace), pace.quota("alice"))
    clock.at += 6.5

    assert fresh == Quota(6, 6, 0)
    assert begun == [Quota(6, 2, 40)] * 3
    assert used_up == Quota(6, 0, 10)
    assert refused == (6.5, Quota(6, 0, 7))
    assert pace.quota("alice") == Quota(6, 1, 50)


@pytest.mark.parametrize("per_minute", [1, 7, 100, 600, 999])
def test_each_request_leaves_one_less(clock: SetClock, per_minute: int) -> None:
    pace = Pace(per_minute, clock)
    left: list[int] = []
    for _ in range(per_minute):
        wait(pace)
        quota = pace.quota("alice")
        assert quota is not None
        left.append(quota.remaining)

    assert left == list(reversed(range(per_minute)))


def test_callers_do_not_slow_each_other(pace: Pace) -> None:
    for _ in range(6):
        wait(pace)

    assert wait(pace) == 10.0
    assert wait(pace, "bob") is None


def test_of_more_callers_than_are_kept_the_quietest_is_forgotten(pace: Pace) -> None:
    for caller in ("alice", "bob", "carol"):
        for _ in range(6):
            wait(pace, caller)
    wait(pace, "dora")

    assert wait(pace, "carol") == 10.0
    assert len(pace._due) == 3  # pyright: ignore[reportPrivateUsage] - the promise is about what is kept
    assert wait(pace, "alice") is None


def test_no_limit_keeps_nothing(clock: SetClock) -> None:
    free = Pace(0, clock)

    assert [wait(free) for _ in range(10)] == [None] * 10
    assert free.quota("alice") is None
    assert free._due == {}  # pyright: ignore[reportPrivateUsage] - same
