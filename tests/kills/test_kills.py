"""The promise that a deployment whose worker is lost is made once, and told once."""

from pathlib import Path

import pytest

from tests.fakes.targets.kinds import KINDS
from tests.kills import restarts
from tests.kills.run import run


@pytest.mark.timeout(300)
async def test_a_deployment_whose_worker_is_killed_is_made_once_and_told_once(tmp_path: Path) -> None:
    went = await run(len(KINDS), 3, tmp_path)

    assert list(went.violations) == []
    assert sum(went.deployments.values()) >= 2


@pytest.mark.timeout(300)
async def test_a_restart_whose_worker_is_killed_is_done_and_builds_nothing(tmp_path: Path) -> None:
    went = await restarts.run(len(restarts.RESTARTS), 5, tmp_path)

    assert list(went.violations) == []
    assert set(went.deployments.values()) == {1}
