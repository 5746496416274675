"""How a stream is read page by page, without waiting for more."""

import pytest

from services.foundation.events.cursor import STORED, Cursor
from services.foundation.events.hub import Gap, Hub, Page
from services.foundation.events.port import EventLog, LogUnavailable
from tests.services.foundation.events.subscribers import Noted, Storage, epoch_of, events, write
from tests.services.foundation.events.unreliable import Unreliable


@pytest.fixture
def hub(log: EventLog) -> Hub:
    return Hub(log)


def noted(page: Page) -> list[Noted]:
    return [*page.gaps, *((entry.seq, entry.data) for entry in page.entries)]


async def all_pages(hub: Hub, stream: str, *, limit: int, history: Storage) -> list[Noted]:
    seen: list[Noted] = []
    after: Cursor | None = None
    while True:
        page = await hub.read(stream, after=after, limit=limit, history=history)
        assert len(page.entries) <= limit
        seen += noted(page)
        if page.entries:
            assert page.epoch
            after = Cursor(page.epoch, page.entries[-1].seq)
        if not page.has_more:
            return seen


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
async def test_pages_cover_archive_gap_and_log_once(log: EventLog, hub: Hub, stream: str, limit: int) -> None:
    await write(log, stream, 1, 8)
    await log.trim(stream, before=6)
    storage = Storage()
    storage.keep(b"e2", b"e3", first=2)

    seen = await all_pages(hub, stream, limit=limit, history=storage)

    assert seen == [Gap(1, 1), *events(2, 3), Gap(4, 5), *events(6, 8)]


async def test_an_open_stream_ends_its_last_page_without_waiting(log: EventLog, hub: Hub, stream: str) -> None:
    await write(log, stream, 1, 3)

    page = await hub.read(stream, after=None, limit=3, history=Storage())

    assert (page.epoch, noted(page), page.has_more) == (await epoch_of(log, stream), events(1, 3), False)


async def test_a_stream_that_nobody_knows_has_an_empty_page(hub: Hub, stream: str) -> None:
    page = await hub.read(stream, after=None, limit=3, history=Storage())

    assert (page.epoch, noted(page), page.has_more) == (None, [], False)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_after_retention_pages_come_from_storage(hub: Hub, stream: str, limit: int) -> None:
    storage = Storage()
    storage.keep(b"e1", b"e2", b"e3", ended=True)

    assert await all_pages(hub, stream, limit=limit, history=storage) == events(1, 3)
    page = await hub.read(stream, after=Cursor("gone", 9), limit=limit, history=storage)
    assert (page.epoch, noted(page)) == (STORED, [Gap(10, None), *events(1, min(limit, 3))])


async def test_a_log_that_is_away_is_reported_unless_the_object_has_ended(log: EventLog, stream: str) -> None:
    line = Unreliable(log)
    line.away = True
    hub, storage = Hub(line), Storage()
    storage.keep(b"e1", b"e2")

    with pytest.raises(LogUnavailable):
        await hub.read(stream, after=None, limit=5, history=storage)

    storage.keep(b"e1", b"e2", ended=True)
    assert noted(await hub.read(stream, after=None, limit=5, history=storage)) == events(1, 2)
