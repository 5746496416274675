"""The promise that no crash, pause, restart, cut or duplicate shows in what any subscriber gets."""

from pathlib import Path

import pytest

from tests.chaos.fleet import Size
from tests.chaos.run import Plan, run

FAULTS = 33
KINDS = 11


@pytest.mark.timeout(480)
async def test_after_random_faults_every_stream_is_whole_and_equal_to_its_artifact(tmp_path: Path) -> None:
    plan = Plan(
        faults=FAULTS,
        seed=3,
        every=0.5,
        jobs_at_once=6,
        size=Size(),
        deploys=False,
        only="",
        report=tmp_path / "chaos.md",
        directory=tmp_path,
    )

    tally = await run(plan)

    assert not tally.violations, "\n".join(map(str, tally.violations))
    assert tally.surprises == []
    assert tally.faults.total() == FAULTS
    assert len(tally.faults) == KINDS
    assert tally.audited == tally.jobs.total() > 0
