"""That totals are right although the process that recorded was killed on the way."""

import signal

import pytest

from services.core.pages import PageRequest
from tests.services.analytics.recorder import BATCH, recorded_elsewhere
from tests.services.analytics.stage import Stage


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("transaction", [1, 3])
async def test_a_batch_whose_process_was_killed_counts_once_after_a_retry(
    stage: Stage, moment: str, transaction: int
) -> None:
    assert await recorded_elsewhere(stage, f"{moment} {transaction}") == -signal.SIGKILL
    before = (await stage.overview()).tally

    codes = await stage.codes(*BATCH)

    committed = transaction - 1 if moment == "before-call" else transaction
    assert codes.count("DUPLICATE") == before.events
    assert (before.events > 0) == (committed > 0)
    assert before.events < len(BATCH)
    tally = (await stage.overview()).tally
    assert (tally.events, tally.counts["costMicros"]) == (200, sum(range(200)))
    sessions = await stage.analytics.sessions(PageRequest(), team_id=None, project_id=None, by=stage.person)
    assert [session.events for session in sessions.items] == [40] * 5
