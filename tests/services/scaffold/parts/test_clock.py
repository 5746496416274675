"""Tests of when functions run, as texts say it."""

import pytest

from services.scaffold.parts.clock import schedule_of


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["Cleanup", "Runs every 15 minutes."], "every 15 minutes"),
        (["every minute"], "every minute"),
        (["each hour"], "every hour"),
        (["Hourly sync"], "every hour"),
        (["every 6 hours"], "every 6 hours"),
        (["Daily digest"], "every day at 00:00 UTC"),
        (["Nightly report", "Every night at 02:30"], "every day at 02:30 UTC"),
        (["Nightly report"], "every day at 02:00 UTC"),
        (["Digest", "daily at 7 pm"], "every day at 19:00 UTC"),
        (["Daily at 12 am"], "every day at 00:00 UTC"),
        (["Weekly summary"], "every Monday at 00:00 UTC"),
        (["weekly on Fridays at 17:30"], "every Friday at 17:30 UTC"),
        (["every Sunday at 9:05"], "every Sunday at 09:05 UTC"),
        (["Report", "", "daily at 25:00"], "every day at 00:00 UTC"),
    ],
)
def test_what_says_when_is_heard(texts: list[str], said: str) -> None:
    schedule = schedule_of(texts)

    assert schedule is not None
    assert schedule.said == said


@pytest.mark.parametrize(
    "text", ["Send receipt", "every customer", "every 0 minutes", "every 20000 minutes", "at 10:00", "everyday words"]
)
def test_what_does_not_say_when_is_not(text: str) -> None:
    assert schedule_of([text]) is None


def test_days_of_the_week_are_counted_from_the_first_of_unix_time() -> None:
    monday = schedule_of(["every Monday at 00:30"])

    assert monday is not None
    assert (monday.every, monday.offset) == (7 * 1440, 4 * 1440 + 30)
