"""What can be deployed to which platform."""

import pytest

from services.core.clock import utc_now
from services.core.ids import ProjectId, TeamId, UserId
from services.deployments.checks import consumer_faults
from services.generations.model import GeneratedFile
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from tests.records import generation_of

AT = utc_now()
PROJECT = Project(
    id=ProjectId("project_1"),
    user_id=UserId("user_1"),
    team_id=TeamId("team_1"),
    name="Shop",
    created_at=AT,
    updated_at=AT,
)
WITH_QUEUES = generation_of(PROJECT, files=(GeneratedFile("src/consume.ts", 1, ""),))
VERCEL, HEROKU = DeploymentPlatform.VERCEL, DeploymentPlatform.HEROKU


def test_a_backend_with_consumers_is_not_for_a_platform_that_runs_none() -> None:
    (fault,) = consumer_faults(WITH_QUEUES, VERCEL, {})

    assert fault.field == ("platform",)
    assert "another platform, or run `npm run consume` elsewhere" in fault.message


@pytest.mark.parametrize(
    ("platform", "variables"), [(HEROKU, {}), (VERCEL, {"CONSUMERS": "off"}), (DeploymentPlatform.LOCAL, {})]
)
def test_it_is_for_any_other_and_where_consumers_run_elsewhere(
    platform: DeploymentPlatform, variables: dict[str, str]
) -> None:
    assert consumer_faults(WITH_QUEUES, platform, variables) == []


def test_a_backend_without_consumers_is_for_any_platform() -> None:
    assert consumer_faults(generation_of(PROJECT), VERCEL, {}) == []
