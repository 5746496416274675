"""Tests of what may be gone back to."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.core.clock import utc_now
from services.core.errors import Conflict
from services.core.ids import DeploymentId, GenerationId, ProjectId, TeamId, UserId
from services.deployments.checks import check_rollback
from services.deployments.model import Deployment, DeploymentStatus
from services.projects.model import Project
from tests.records import deployment_of

NOW = utc_now()
PROJECT = Project(
    id=ProjectId("project_1"),
    user_id=UserId("user_1"),
    team_id=TeamId("team_1"),
    name="Shop",
    created_at=NOW,
    updated_at=NOW,
)


def deployment(number: int, **fields: Any) -> Deployment:
    made = deployment_of(PROJECT, GenerationId("generation_1"), site="shop", **fields)
    return replace(made, id=DeploymentId(f"deployment_{number}"))


def live(number: int, minutes: int, **fields: Any) -> Deployment:
    at = NOW + timedelta(minutes=minutes)
    return deployment(number, status=DeploymentStatus.SUCCESS, live_at=at, **fields)


def test_there_is_no_way_back_to_what_runs() -> None:
    ended, runs = live(1, 0, finished_at=NOW), live(2, 5)
    failed = deployment(3, status=DeploymentStatus.FAILED, finished_at=NOW)

    for current in (ended, failed):
        with pytest.raises(Conflict, match="what runs there now"):
            check_rollback(current, runs)


def test_what_was_replaced_a_moment_ago_may_be_gone_back_to_while_it_still_ends() -> None:
    check_rollback(live(2, 5), live(1, 0))
