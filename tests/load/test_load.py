"""The checks of the load: they can fail, and what they fail for is what was done to them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.load import restart
from tests.load.following import Event, Following, event_of, text_of
from tests.load.process import child
from tests.load.silent import code_in
from tests.load.slopes import slope_of
from tests.load.stage import crowd_of, raise_descriptors, staged

LOST = event_of(3).replace(b"3", b"4")
"""A third event that says that it is the fourth."""


def events(*spans: tuple[int, int]) -> list[Event]:
    """Return events, each of which stands for those from one number to another."""
    return [
        Event("TokenDelta", f"c{last}", last, "".join(map(text_of, range(first, last + 1))), (first - 1) * 8)
        for first, last in spans
    ]


def wrong(way: Following, *spans: tuple[int, int]) -> Sequence[str | None]:
    return [way.take(event) for event in events(*spans)]


def test_whole_streams_are_right_however_their_events_are_joined() -> None:
    way = Following("s")

    assert wrong(way, (1, 1), (2, 5), (6, 6)) == [None] * 3
    assert (way.end(6), way.cursor) == (None, "c6")


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(1, 1), (3, 3)], "s: event 3 goes on after event 2, not after event 1"),
        ([(2, 2)], "s: event 2 goes on after event 1, not after event 0"),
        ([(1, 2), (2, 2)], "s: event 2 came again after event 2"),
        ([(1, 2), (2, 3)], "s: event 3 goes on after event 1, not after event 2"),
    ],
)
def test_an_event_that_is_lost_or_comes_again_is_seen(spans: list[tuple[int, int]], said: str) -> None:
    assert wrong(Following("s"), *spans)[-1] == said


def test_a_gap_text_that_is_cut_and_a_tail_that_never_came_are_seen() -> None:
    way = Following("s")

    assert way.take(Event("StreamGap")) == "s: a StreamGap after event 0"
    assert way.take(Event("TokenDelta", "c2", 2, text_of(1), 0)) == "s: event 2 is lost: there came ''"
    assert way.end(3) == "s: events 3 to 3 never came"


def test_how_a_socket_was_closed_is_read_from_what_was_left_of_it() -> None:
    close = b"\x88\x02" + (1013).to_bytes(2, "big")

    assert code_in(b'"text": "...' + b"\x81\x02{}" + b"\x89\x01x" + close) == "1013"
    assert code_in(b'"text": "...' + b"\x81\x02{}") is None
    assert code_in(b"") is None


def noisy(slope: float, *, level: float = 1_000.0, count: int = 200) -> list[tuple[float, float]]:
    """Return samples with noise, spikes, and a start that goes up."""
    chance = Random(1)  # noqa: S311 - noise, not secrets
    return [
        (
            number,
            level + slope * number + chance.gauss(0, 10) + (500 if number % 37 == 0 else 0) - 4 * max(0, 50 - number),
        )
        for number in range(count)
    ]


def test_what_goes_up_is_told_from_noise_spikes_and_a_warm_start() -> None:
    flat, up = slope_of(noisy(0)), slope_of(noisy(1))

    assert not flat.is_beyond(0.03, 5)
    assert up.is_beyond(0.05, 5)
    assert up.growth == pytest.approx(95, abs=15)
    assert not up.is_beyond(0.2, 5), "it may go up by so much"
    with pytest.raises(ValueError, match="say nothing"):
        slope_of(noisy(1, count=10))


async def test_followers_see_that_an_event_is_lost_and_get_all_others_over_a_restart(tmp_path: Path) -> None:
    raise_descriptors(1_000)
    async with staged(tmp_path, apis=1, users=1, streams=2) as stage, asyncio.timeout(100):
        for place in stage.places:
            await stage.write(place)
        async with child("crowd", **crowd_of(stage, stage.places, 20)) as crowd:
            await crowd.until(lambda state: state.get("following") == 20, patience=30)
            await stage.fleet.apis[0].terminate()
            for place in stage.places:
                await stage.write(place)
            await stage.fleet.apis[0].start()
            await crowd.until(lambda state: state.get("open") == 20, patience=30)
            lossy = stage.places[0]
            await stage.log.append(lossy.stream, [LOST], attempt=1, producer_seq=3)
            crowd.tell(expected={place.stream: 3 - (place is not lossy) for place in stage.places})
            await crowd.until(lambda state: "report" in state, patience=60)
    report = crowd.state["report"]

    assert report["codes"] == {str(restart.RESTARTED): 20}
    assert len(report["returns"]) == 20
    assert set(report["violations"]) == {f"{lossy.stream}: event 3 is lost: there came '00000004'"}
    assert report["wrong"] == 10
    assert stage.fleet.surprises == []
