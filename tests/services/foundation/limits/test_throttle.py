"""What the pace of requests promises."""

from dataclasses import dataclass

import pytest

from services.core.errors import Limited
from services.foundation.limits.throttle import Quota, Throttle


@dataclass
class SetClock:
    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def throttle(clock: SetClock) -> Throttle:
    """Six a minute."""
    return Throttle(6, clock, most_callers=3)


def wait(throttle: Throttle, caller: str = "alice") -> float | None:
    """Return None where it was allowed, or the seconds to wait."""
    try:
        throttle.take(caller)
    except Limited as limited:
        return limited.retry_after
    return None


def test_a_minutes_requests_may_come_at_once_and_then_each_when_it_is_due(throttle: Throttle, clock: SetClock) -> None:
    at_once = [wait(throttle) for _ in range(8)]
    clock.at += 9.5
    early = wait(throttle)
    clock.at += 0.5
    due = wait(throttle)

    assert at_once == [None] * 6 + [10.0] * 2
    assert (early, due, wait(throttle)) == (0.5, None, 10.0)


def test_who_has_been_quiet_for_a_minute_has_a_whole_one_again(throttle: Throttle, clock: SetClock) -> None:
    for _ in range(8):
        wait(throttle)
    clock.at += 60

    assert [wait(throttle) for _ in range(7)] == [None] * 6 + [10.0]


def test_what_is_left_follows_what_was_sent_and_asking_counts_nothing(throttle: Throttle, clock: SetClock) -> None:
    fresh = throttle.quota("alice")
    for _ in range(4):
        wait(throttle)
    begun = [throttle.quota("alice") for _ in range(3)]
    wait(throttle)
    wait(throttle)
    used_up = throttle.quota("alice")
    clock.at += 3.5
    refused = (wait(throttle), throttle.quota("alice"))
    clock.at += 6.5

    assert fresh == Quota(6, 6, 0)
    assert begun == [Quota(6, 2, 40)] * 3
    assert used_up == Quota(6, 0, 10)
    assert refused == (6.5, Quota(6, 0, 7))
    assert throttle.quota("alice") == Quota(6, 1, 50)


@pytest.mark.parametrize("per_minute", [1, 7, 100, 600, 999])
def test_each_request_leaves_one_less(clock: SetClock, per_minute: int) -> None:
    throttle = Throttle(per_minute, clock)
    left: list[int] = []
    for _ in range(per_minute):
        wait(throttle)
        quota = throttle.quota("alice")
        assert quota is not None
        left.append(quota.remaining)

    assert left == list(reversed(range(per_minute)))


def test_callers_do_not_slow_each_other(throttle: Throttle) -> None:
    for _ in range(6):
        wait(throttle)

    assert wait(throttle) == 10.0
    assert wait(throttle, "bob") is None


def test_of_more_callers_than_are_kept_the_quietest_is_forgotten(throttle: Throttle) -> None:
    for caller in ("alice", "bob", "carol"):
        for _ in range(6):
            wait(throttle, caller)
    wait(throttle, "dora")

    assert wait(throttle, "carol") == 10.0
    assert wait(throttle, "alice") is None
    assert wait(throttle, "alice") is None


def test_no_limit_keeps_nothing(clock: SetClock) -> None:
    free = Throttle(0, clock)

    assert [wait(free) for _ in range(10)] == [None] * 10
    assert free.quota("alice") is None
    assert free._due == {}  # pyright: ignore[reportPrivateUsage] - same
