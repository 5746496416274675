"""How many batches of events a key may send."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.core.actor import Actor
from services.core.errors import Invalid, Limited
from services.core.ids import ApiKeyId, new_id
from tests.services.analytics.stage import Stage, event


def key_of(stage: Stage) -> Actor:
    return replace(stage.key, key_id=ApiKeyId(new_id("key")))


async def test_a_batch_too_many_records_nothing_until_there_is_room_again(stage: Stage) -> None:
    analytics, key = replace(stage.analytics, rates=replace(stage.analytics.rates, most=2)), key_of(stage)
    await analytics.record([event("a")], by=key)
    stage.clock.now += timedelta(seconds=20)
    with pytest.raises(Invalid):
        await analytics.record([], by=key)  # counts as well
    stage.clock.now += timedelta(seconds=10)

    with pytest.raises(Limited) as refused:
        await analytics.record([event("b")], by=key)
    before = (await stage.overview()).tally.events
    stage.clock.now += timedelta(seconds=30)
    outcomes = await analytics.record([event("b")], by=key)

    assert refused.value.retry_after == 30.0
    assert refused.value.message == "That is more than 2 batches of events within a minute; wait a little."
    assert before == 1
    assert [outcome.code.value for outcome in outcomes] == ["ACCEPTED"]


async def test_keys_of_one_team_do_not_slow_each_other(stage: Stage) -> None:
    analytics = replace(stage.analytics, rates=replace(stage.analytics.rates, most=1))
    await analytics.record([event("a")], by=key_of(stage))

    await analytics.record([event("b")], by=key_of(stage))

    assert (await stage.overview()).tally.events == 2


async def test_of_a_hundred_and_ten_batches_at_once_a_hundred_are_recorded(stage: Stage) -> None:
    key = key_of(stage)

    answers = await asyncio.gather(
        *(stage.analytics.record([event(f"e{number}")], by=key) for number in range(110)), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, Limited)]
    assert len(refused) == 10
    assert (await stage.overview()).tally.events == 100
