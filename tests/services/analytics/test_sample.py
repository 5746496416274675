"""The sample week: believable, and the same each time."""

from datetime import timedelta

from services.analytics.model import EventType
from services.analytics.sample import week
from services.core.ids import ProjectId
from tests.services.analytics.stage import NOW, Stage


def test_a_week_is_the_same_each_time_and_another_for_another_project() -> None:
    project, other = ProjectId("project_1"), ProjectId("project_2")

    assert week(project, now=NOW) == week(project, now=NOW)
    assert [event.timestamp for event in week(project, now=NOW)] != [event.timestamp for event in week(other, now=NOW)]


async def test_a_week_is_recorded_as_it_is_and_an_hour_later_only_what_is_new(stage: Stage) -> None:
    events = week(stage.project_id, now=NOW)
    for first in range(0, len(events), 1000):
        assert set(await stage.codes(*events[first : first + 1000])) == {"ACCEPTED"}
    stage.clock.now = NOW + timedelta(hours=1)

    later = week(stage.project_id, now=stage.clock.now)[-500:]
    codes = await stage.codes(*later)

    tally = (await stage.overview(project_id=stage.project_id)).tally
    assert 2_000 < len(events) < 4_000
    assert 0 < codes.count("ACCEPTED") < 200
    assert codes.count("ACCEPTED") + codes.count("DUPLICATE") == 500
    assert tally.events == len(events) + codes.count("ACCEPTED")
    assert 0.9 < tally.of_type(EventType.TASK_COMPLETE) / (tally.errors + tally.of_type(EventType.TASK_COMPLETE)) < 1
