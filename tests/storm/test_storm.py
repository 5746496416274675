"""The promise that jobs whose messages come many times at once and late happen once."""

from pathlib import Path

import pytest

from tests.fakes.targets.kinds import KINDS
from tests.storm.run import run

JOBS = 20


@pytest.mark.timeout(300)
async def test_a_storm_of_duplicates_has_one_effect_per_job(tmp_path: Path) -> None:
    storm = await run(JOBS, 5, tmp_path, with_notifications=False)

    assert list(storm.violations) == []
    assert storm.deliveries > JOBS * 2
    assert storm.starts == len(range(0, JOBS // 2, 1 + len(KINDS)))
