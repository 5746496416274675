"""How subscribers fare whose position the log has let go of, where storage tells ended objects anew.

A generation's history is such an account: a few events under numbers of its own. It must never be mixed with the log's.
"""

import pytest

from services.foundation.events.hub import Gap, Hub
from services.foundation.events.port import EventLog
from tests.services.foundation.events.subscribers import Noted, Storage, Subscriber, epoch_of, events, write

ACCOUNT: list[Noted] = [(1, b"reset"), (2, b"all text"), (3, b"end")]


@pytest.fixture
async def storage(log: EventLog, stream: str) -> Storage:
    """Tell in three events what the log has in six."""
    await write(log, stream, 1, 6, close=True)
    storage = Storage()
    storage.keep(b"reset", b"all text", b"end", ended=True)
    return storage


@pytest.mark.parametrize("kept_from", [2, 3, 4, 6, 7])
async def test_a_position_before_what_the_log_keeps_is_a_gap_and_then_the_whole_account(
    log: EventLog, stream: str, storage: Storage, kept_from: int
) -> None:
    hub = Hub(log)
    whole = Subscriber(hub, stream)
    await whole.to_the_end()
    await log.trim(stream, before=kept_from)

    for cursor in whole.cursors:
        told = await Subscriber(hub, stream, after=cursor, history=storage).to_the_end()
        if cursor.seq + 1 < kept_from:
            assert told == [Gap(cursor.seq + 1, None), *ACCOUNT]
        else:
            assert told == events(cursor.seq + 1, 6)


@pytest.mark.parametrize("kept_from", [2, 3, 4, 6, 7])
@pytest.mark.parametrize("batch", [1, 2, 2000])
async def test_a_reader_from_the_start_gets_the_account_alone_however_it_is_paged(
    log: EventLog, stream: str, storage: Storage, kept_from: int, batch: int
) -> None:
    await log.trim(stream, before=kept_from)
    hub = Hub(log, batch=batch)
    reader = Subscriber(hub, stream, history=storage)

    assert await reader.to_the_end() == ACCOUNT
    for cursor in reader.cursors:
        assert await Subscriber(hub, stream, after=cursor, history=storage).to_the_end() == ACCOUNT[cursor.seq :]


async def test_an_archive_of_the_same_events_goes_on_without_a_gap(log: EventLog, stream: str) -> None:
    await write(log, stream, 1, 6, close=True)
    epoch = await epoch_of(log, stream)
    hub, archive = Hub(log), Storage()
    archive.keep(*(b"e%d" % number for number in range(1, 7)), ended=True)
    whole = Subscriber(hub, stream)
    await whole.to_the_end()

    for kept_from in range(2, 8):
        await log.trim(stream, before=kept_from)
        for cursor in whole.cursors:
            told = Subscriber(hub, stream, after=cursor, history=archive)
            assert await told.to_the_end() == events(cursor.seq + 1, 6)
            assert {cursor.epoch for cursor in told.cursors} <= {epoch}
