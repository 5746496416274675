"""What Snapinfra itself records: the ends of its own jobs."""

from dataclasses import replace as changed
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.analytics.model import EventType
from services.analytics.rollups import Tally
from services.core.ids import DeploymentId, GenerationId, UserId, new_id
from services.deployments.model import Deployment, DeploymentStatus
from services.generations.model import Generation, GenerationKind, GenerationReason, GenerationStatus
from services.outcomes.product_events import ProductEvents
from services.platforms.port import DeploymentPlatform
from services.usage.model import AttemptOutcome, AttemptUsage
from tests.services.analytics.stage import NOW, Stage


def record(stage: Stage) -> dict[str, Any]:
    return {
        "project_id": stage.project_id,
        "team_id": stage.team_id,
        "user_id": UserId("user_ada"),
        "created_at": NOW,
        "updated_at": NOW,
        "started_at": NOW - timedelta(seconds=3),
        "finished_at": NOW,
    }


def generation(stage: Stage) -> Generation:
    return Generation(
        id=GenerationId(new_id("generation")),
        kind=GenerationKind.CODE,
        prompt="x",
        status=GenerationStatus.COMPLETED,
        attempts=(
            AttemptUsage(
                attempt=1,
                provider="groq",
                model="m",
                outcome=AttemptOutcome.COMPLETED,
                input_tokens=100,
                output_tokens=2000,
                cost=3_000_000,
            ),
        ),
        **record(stage),
    )


def deployment(stage: Stage) -> Deployment:
    return Deployment(
        id=DeploymentId(new_id("deployment")),
        generation_id=GenerationId(new_id("generation")),
        platform=DeploymentPlatform.LOCAL,
        status=DeploymentStatus.SUCCESS,
        live_at=NOW - timedelta(seconds=1),
        **record(stage),
    )


async def totals(stage: Stage) -> Tally:
    return (await stage.overview(project_id=stage.project_id)).tally


async def test_a_generation_counts_once_with_its_tokens_and_time(stage: Stage) -> None:
    ours, ended = ProductEvents(stage.analytics, stage.clock), generation(stage)

    for _ in range(3):
        await ours.generation_ended(ended)

    tally = await totals(stage)
    assert (tally.events, tally.errors, tally.of_type(EventType.GENERATION)) == (1, 0, 1)
    assert (tally.counts["inputTokens"], tally.counts["outputTokens"], tally.counts["costMicros"]) == (100, 2000, 3000)
    assert (tally.counts["durationMs"], tally.active_users) == (3000, 1)


async def test_a_failed_generation_is_an_error(stage: Stage) -> None:
    failed = replace(
        generation(stage), status=GenerationStatus.FAILED, reason=GenerationReason.PROVIDER_ERROR, attempts=()
    )

    await ProductEvents(stage.analytics, stage.clock).generation_ended(failed)

    assert (await totals(stage)).failures_of(EventType.GENERATION) == 1


async def test_a_deployment_counts_when_it_goes_live_and_when_it_ends(stage: Stage) -> None:
    ours, live = ProductEvents(stage.analytics, stage.clock), deployment(stage)

    await ours.deployment_live(live)
    await ours.deployment_live(replace(live, live_at=NOW))
    await ours.deployment_ended(replace(live, status=DeploymentStatus.FAILED))

    tally = await totals(stage)
    assert [tally.of_type(kind) for kind in (EventType.DEPLOYMENT_LIVE, EventType.DEPLOYMENT)] == [1, 1]
    assert tally.failures_of(EventType.DEPLOYMENT) == 1
    assert tally.counts["durationMs"] == 2000


async def test_a_job_does_not_fail_where_its_event_can_not_be_recorded(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    rollups = changed(stage.analytics.rollups, table=changed(stage.analytics.rollups.table, name="no-such-table"))
    broken = changed(stage.analytics, ingest=changed(stage.analytics.ingest, rollups=rollups))
    ended = generation(stage)

    await ProductEvents(broken, stage.clock).generation_ended(ended)

    assert f"the analytics event of {ended.id} is not recorded" in caplog.messages
    assert (await totals(stage)).events == 0
