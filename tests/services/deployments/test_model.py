"""The record of a deployment: its steps."""

from datetime import timedelta

from msgspec.structs import replace

from services.core.clock import utc_now
from services.core.ids import DeploymentId, GenerationId, ProjectId, TeamId, UserId
from services.deployments.model import MOST_STEPS, Deployment
from services.platforms.port import DeploymentPlatform, StepState

AT = utc_now()
DEPLOYMENT = Deployment(
    id=DeploymentId("deployment_1"),
    project_id=ProjectId("project_1"),
    user_id=UserId("user_1"),
    team_id=TeamId("team_1"),
    generation_id=GenerationId("generation_1"),
    platform=DeploymentPlatform.LOCAL,
    created_at=AT,
    updated_at=AT,
)


def taken(record: Deployment, name: str, state: StepState, *, minute: int) -> Deployment:
    return replace(record, steps=record.with_step(name, state, at=AT + timedelta(minutes=minute)))


def test_a_step_that_another_attempt_goes_on_with_began_before() -> None:
    record = taken(DEPLOYMENT, "build", StepState.RUNNING, minute=0)
    record = taken(record, "build", StepState.RUNNING, minute=1)
    record = taken(record, "build", StepState.SUCCEEDED, minute=2)
    record = taken(record, "health", StepState.RUNNING, minute=3)

    assert [(step.name, step.duration) for step in record.steps] == [("build", 120.0), ("health", None)]


def test_a_step_that_is_taken_anew_is_shown_as_it_was_last() -> None:
    record = taken(DEPLOYMENT, "build", StepState.RUNNING, minute=0)
    record = taken(record, "build", StepState.SUCCEEDED, minute=2)
    record = taken(record, "start", StepState.RUNNING, minute=2)
    record = taken(record, "build", StepState.RUNNING, minute=3)
    record = taken(record, "build", StepState.FAILED, minute=4)

    assert [(step.name, step.state, step.duration) for step in record.steps] == [
        ("build", StepState.FAILED, 60.0),
        ("start", StepState.RUNNING, None),
    ]


def test_a_record_does_not_grow_by_steps_without_end() -> None:
    record = DEPLOYMENT
    for number in range(MOST_STEPS * 2):
        record = taken(record, f"step{number}", StepState.RUNNING, minute=number)

    assert len(record.steps) == MOST_STEPS
