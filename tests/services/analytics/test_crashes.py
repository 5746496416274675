"""This file is that totals are right although the process that recorded was killed on the way."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from services.core.actor import Scope
from services.core.ids import TeamId
from services.core.pages import PageRequest
from tests.services.analytics.stage import Moment, Stage, actor, event, on_stage
from tests.snapinfra import settings

ROOT = Path(__file__).parents[3]
BATCH = [event(f"e{n}", session_id=f"s{n % 5}", user_id=f"u{n % 3}", cost_micros=n) for n in range(200)]


@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.parametrize("transaction", [1, 3])
async def test_a_batch_whose_process_was_killed_counts_once_after_a_retry(
    stage: Stage, emulator: str, moment: str, transaction: int
) -> None:
    program = [sys.executable, "-m", "tests.services.analytics.test_crashes"]
    told = {"emulator": emulator, "stage": stage.config.stage, "team": stage.team_id}
    dying = await asyncio.create_subprocess_exec(
        *program,
        json.dumps(told),
        moment,
        str(transaction),
        cwd=ROOT,
        env=dict(os.environ),  # noqa: TID251 - a child
    )
    assert await dying.wait() == -signal.SIGKILL
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


async def record_until_killed(told: dict[str, str], moment: str, transaction: int) -> None:
    """Record the batch; kill this process right before or right after one of its transactions."""
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        if done == transaction:
            os.kill(os.getpid(), signal.SIGKILL)

    config = settings(told["emulator"], SNAPINFRA_STAGE=told["stage"])
    async with on_stage(config, Moment()) as services:
        events = services.analytics.rollups.aws.dynamodb.meta.events
        events.register(f"{moment}.dynamodb.TransactWriteItems", count)
        await services.analytics.record(BATCH, by=actor(TeamId(told["team"]), Scope.ANALYTICS))


if __name__ == "__main__":
    asyncio.run(record_until_killed(json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
