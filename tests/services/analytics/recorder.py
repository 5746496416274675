"""A process of its own that records a batch, and may be killed while it does."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Final

from services.core.actor import Scope
from services.core.ids import TeamId
from tests.services.analytics.stage import Moment, Stage, actor, event, on_stage
from tests.snapinfra import settings
from tests.wires import listening

ROOT: Final = Path(__file__).parents[3]
BATCH: Final = [event(f"e{n}", session_id=f"s{n % 5}", user_id=f"u{n % 3}", cost_micros=n) for n in range(200)]


async def recorded_elsewhere(stage: Stage, end: str = "") -> int:
    """Record the batch for the stage's team in another process, and return how that ended.

    `end` of "before-call 2" kills it right before its second transaction, "after-call 2" right after it.
    """
    config = stage.config
    told = {
        "endpoint": config.aws_endpoint_url,
        "stage": config.stage,
        "events": config.events_url,
        "team": stage.team_id,
        "end": end,
    }
    program = [sys.executable, "-m", "tests.services.analytics.recorder", json.dumps(told)]
    process = await asyncio.create_subprocess_exec(*program, cwd=ROOT)
    return await process.wait()


async def record(told: dict[str, str]) -> None:
    moment, _, number = told["end"].partition(" ")
    done = 0

    def count(operation: str, _: object) -> None:
        nonlocal done
        done += operation == "TransactWriteItems"
        if done == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    config = settings(told["endpoint"], SNAPINFRA_STAGE=told["stage"], EVENTS_URL=told["events"])
    async with on_stage(config, Moment()) as services:
        calls = services.analytics.rollups.table.aws.tables
        with listening(calls, **({moment.removesuffix("-call"): count} if moment else {})):
            await services.analytics.record(BATCH, by=actor(TeamId(told["team"]), Scope.ANALYTICS))


if __name__ == "__main__":
    asyncio.run(record(json.loads(sys.argv[1])))
