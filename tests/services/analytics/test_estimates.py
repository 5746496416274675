"""How far the estimates may be off: different users, and percentiles of durations."""

import random

import pytest

from services.analytics.distinct import estimate, mark_of
from services.analytics.durations import bucket_of, percentile


@pytest.mark.parametrize("number", [0, 1, 2, 3, 10])
def test_a_few_users_are_counted_exactly(number: int) -> None:
    assert estimate(mark_of(f"user {index}") for index in range(number)) == number


@pytest.mark.parametrize("number", [300, 3_000, 30_000])
def test_many_users_are_counted_to_a_tenth_at_worst(number: int) -> None:
    marks = {mark_of(f"user {index}") for index in range(number)}

    assert estimate(marks) == pytest.approx(number, rel=0.1)
    assert len(marks) < 10_000


def test_a_user_who_comes_again_counts_once() -> None:
    monday, tuesday = ({mark_of(f"user {index}") for index in range(5)} for _ in range(2))

    assert estimate(monday | tuesday) == 5


@pytest.mark.parametrize("milliseconds", [1, 2, 3, 99, 1_000, 59_999, 86_400_000])
def test_a_duration_is_told_to_a_tenth_by_its_bucket(milliseconds: int) -> None:
    assert percentile({bucket_of(milliseconds): 1}, 50) == pytest.approx(milliseconds, rel=0.1, abs=0.5)


def test_percentiles_are_right_to_a_tenth() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    durations = sorted(round(chance.lognormvariate(5, 1.5)) for _ in range(10_000))
    histogram: dict[int, int] = {}
    for duration in durations:
        histogram[bucket_of(duration)] = histogram.get(bucket_of(duration), 0) + 1

    for percent in (50, 95, 99):
        assert percentile(histogram, percent) == pytest.approx(durations[10_000 * percent // 100 - 1], rel=0.1)


def test_no_time_at_all_is_a_duration_too() -> None:
    assert percentile({bucket_of(0): 3, bucket_of(100): 1}, 50) == 0
    assert percentile({}, 50) is None
