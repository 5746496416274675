"""What is special about Vercel: how files get there, when a deployment is in production, and what it goes back to."""

import asyncio
from collections.abc import Generator
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest

from services.platforms.port import (
    Built,
    Call,
    Called,
    DeployFailed,
    LogLevel,
    Order,
    Phase,
    PhaseChanged,
    Progress,
    StepChanged,
    StepState,
)
from services.platforms.vercel.adapter import VercelPlatform
from tests.fakes.targets.server import Awkward, Fault
from tests.fakes.targets.vercel import FakeVercel
from tests.fakes.targets.vercel_project import Project
from tests.services.platforms.conformance import COMMON, SITE, Crash, InProcess, Record, Rig


@pytest.fixture
def fake() -> Generator[FakeVercel]:
    with FakeVercel() as running:
        yield running


@pytest.fixture
def rig(fake: FakeVercel) -> Rig:
    platform = VercelPlatform(base_url=fake.url, pauses=InProcess(), **COMMON)
    return Rig(platform, fake, begun=lambda: fake.created, build_call="POST /v13/deployments")


async def deployed(rig: Rig, order: Order) -> Record:
    record = Record()
    await record.follow(rig.platform.deploy(order))
    return record


async def failure(rig: Rig, order: Order) -> DeployFailed:
    with pytest.raises(DeployFailed) as failed:
        await Record().follow(rig.platform.deploy(order))
    return failed.value


def project(fake: FakeVercel) -> Project:
    return fake.projects[SITE]


def running(fake: FakeVercel) -> str:
    """Return which server.js is in production."""
    return fake.toy.running[SITE][0].files["server.js"].decode()


async def test_a_file_is_sent_once_over_all_deployments(rig: Rig, fake: FakeVercel) -> None:
    await deployed(rig, rig.order({"server.js": "1", "same.js": "1"}))
    sent = fake.calls["POST /v2/files"]
    assert set(fake.files.values()) >= {b"1"}
    await deployed(rig, rig.order({"server.js": "2", "same.js": "1"}, id="deployment_2"))
    again = fake.calls["POST /v2/files"] - sent
    assert again in {1, 2}, "the one that is new, and once more where it was missed for a moment"
    assert running(fake) == "2"


async def test_it_is_not_live_before_its_domain_leads_to_it(rig: Rig, fake: FakeVercel) -> None:
    fake.alias_seconds = 0.5
    record = await deployed(rig, rig.order({"server.js": "1"}))
    assert project(fake).builds[0].record["aliasAssigned"]
    phases = [event.phase for event in record.events if isinstance(event, PhaseChanged)]
    assert phases == [Phase.BUILDING, Phase.DEPLOYING]


@pytest.mark.parametrize("is_rolling", [False, True])
async def test_after_a_rollback_a_new_deployment_is_promoted(rig: Rig, fake: FakeVercel, *, is_rolling: bool) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    await deployed(rig, replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)))
    assert running(fake) == "1"
    assert project(fake).is_rolled_back
    fake.is_rolling = is_rolling
    fourth = await deployed(rig, rig.order({"server.js": "4"}, id="deployment_4"))
    assert running(fake) == "4"
    assert fourth.progress.id("promote") == fourth.progress.id("build") == project(fake).production
    assert fourth.url == first.url


async def test_a_promotion_survives_a_crash_after_any_event(rig: Rig, fake: FakeVercel) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    for number in range(2, 40, 8):
        await deployed(rig, rig.order({"server.js": "x"}, id=f"deployment_{number}_x"))
        await deployed(rig, replace(rig.order(id=f"deployment_{number}_back"), built=Built(SITE, first.progress)))
        order, record = rig.order({"server.js": str(number)}, id=f"deployment_{number}"), Record()
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert running(fake) == str(number)


async def test_a_hobby_plan_goes_back_by_one_only(rig: Rig, fake: FakeVercel) -> None:
    fake.is_hobby = True
    first = await deployed(rig, rig.order({"server.js": "1"}))
    for number in (2, 3):
        await deployed(rig, rig.order({"server.js": str(number)}, id=f"deployment_{number}"))
    refused = await failure(rig, replace(rig.order(id="deployment_4"), built=Built(SITE, first.progress)))
    assert refused.reason == "PLAN_LIMIT"
    assert "Hobby" in refused.message
    assert running(fake) == "3"


async def test_what_vercel_has_no_more_is_built_again_from_its_archive(rig: Rig, fake: FakeVercel) -> None:
    order = rig.order({"server.js": "1"}, GREETING="first words")
    first = await deployed(rig, order)
    await rig.platform.cancel(first.placement(order), live=True)
    assert SITE not in fake.toy.running
    again = rig.order({"server.js": "1"}, id="deployment_2", GREETING="first words")
    second = await deployed(rig, replace(again, built=Built(SITE, first.progress)))
    assert running(fake) == "1"
    assert second.progress.id("build") == project(fake).production
    assert fake.created == 2


async def test_domains_that_do_not_move_fail_the_rollback(rig: Rig, fake: FakeVercel) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    fake.fails_to_move = True
    refused = await failure(rig, replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)))
    assert refused.reason == "RELEASE_FAILED"
    fake.fails_to_move = False
    await deployed(rig, replace(rig.order(id="deployment_4"), built=Built(SITE, first.progress)))
    assert running(fake) == "1"


async def test_a_rollback_that_is_given_up_is_undone(rig: Rig, fake: FakeVercel) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    order, third = replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)), Record()
    happenings = rig.platform.deploy(order)
    async for event in happenings:
        third.store(event)
        if isinstance(event, Called):
            break
    await happenings.aclose()
    await asyncio.sleep(0.2)
    assert running(fake) == "1"
    await rig.platform.cancel(third.placement(order), live=False)
    assert running(fake) == "2"


async def until_its_health(rig: Rig, order: Order) -> Record:
    """Deploy until it is in production and would be asked how it is, and lose the worker then."""
    record = Record()
    async with aclosing(rig.platform.deploy(order)) as happenings:
        async for event in happenings:
            record.store(event)
            if event == StepChanged("health", StepState.RUNNING):
                break
    return record


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_became_production_is_given_up_for_what_was(rig: Rig, fake: FakeVercel, *, is_known: bool) -> None:
    await deployed(rig, rig.order({"server.js": "1"}))
    order = rig.order({"server.js": "2"}, id="deployment_2")
    record = await until_its_health(rig, order)
    assert running(fake) == "2"
    if not is_known:
        calls = {step: Call(call.at) for step, call in record.progress.calls.items()}
        record.progress = Progress(calls)
    for _ in range(2):
        await rig.platform.cancel(record.placement(order), live=False)
    assert running(fake) == "1"


async def test_where_nothing_ran_before_it_is_deleted(rig: Rig, fake: FakeVercel) -> None:
    order = rig.order()
    record = await until_its_health(rig, order)
    await rig.platform.cancel(record.placement(order), live=False)
    assert not project(fake).builds
    assert SITE not in fake.toy.running


async def test_what_is_not_well_gives_way_to_what_was_in_production(rig: Rig, fake: FakeVercel) -> None:
    await deployed(rig, rig.order({"server.js": "1"}, GREETING="first words"))
    order = rig.order({"server.js": "2", "no-health": ""}, id="deployment_2", GREETING="later words")
    assert (await failure(rig, order)).reason == "HEALTH_CHECK_FAILED"
    assert running(fake) == "1"
    assert fake.toy.running[SITE][1]["GREETING"] == "first words"
    await deployed(rig, rig.order({"server.js": "3"}, id="deployment_3"))
    assert running(fake) == "3"


async def test_what_failed_with_nothing_before_it_can_be_looked_at(rig: Rig, fake: FakeVercel) -> None:
    assert (await failure(rig, rig.order({"no-health": ""}))).reason == "HEALTH_CHECK_FAILED"
    assert project(fake).production == project(fake).builds[0].id


async def test_variables_that_vercel_does_not_take_fail_it_before_it_begins(rig: Rig, fake: FakeVercel) -> None:
    refused = await failure(rig, rig.order(TZ="Europe/Berlin"))
    assert refused.reason == "VARIABLES_REFUSED"
    assert "TZ is reserved" in refused.message
    assert fake.created == 0


async def test_variables_of_the_user_stay(rig: Rig, fake: FakeVercel) -> None:
    await deployed(rig, rig.order(OURS="value-of-ours"))
    own = {"id": "env_1", "key": "OWN", "value": "of the user", "type": "plain", "target": ["production"]}
    project(fake).variables["OWN"] = own
    await deployed(rig, rig.order(id="deployment_2"))
    assert set(project(fake).variables) == {"OWN"}


@pytest.mark.parametrize("state", ["ERROR", "BUILD_ERROR", "BLOCKED"])
async def test_every_state_of_failure_is_one(rig: Rig, fake: FakeVercel, state: str) -> None:
    fake.failed_state = state
    failed = await failure(rig, rig.order({"no-build": ""}))
    assert failed.reason == "BUILD_FAILED"
    assert 'Command "npm run build" exited with 1' in failed.message


async def test_a_build_that_is_canceled_there_is_said_to_be(rig: Rig, fake: FakeVercel) -> None:
    async def cancel_there() -> None:
        while SITE not in fake.projects or not project(fake).builds:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.005)
        project(fake).builds[0].record |= {"readyState": "CANCELED"}

    canceling = asyncio.create_task(cancel_there())
    failed = await failure(rig, rig.order())
    await canceling
    assert failed.reason == "CANCELED_THERE"


async def test_when_there_are_no_more_deployments_today_what_runs_is_still_looked_at(
    rig: Rig, fake: FakeVercel
) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    fake.is_spent = True
    limited = await failure(rig, rig.order(id="deployment_2"))
    assert limited.reason == "RATE_LIMITED"
    assert limited.again_after is not None
    assert limited.again_after > 80_000
    await project(fake).builds[0].write("still here")
    await record.follow(rig.platform.look(record.placement(order)))
    assert record.lines[-1].message == "still here"


async def test_lines_of_a_request_have_its_levels_and_are_told_apart(rig: Rig, fake: FakeVercel) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    build = project(fake).builds[0]
    await build.write("first\nsecond", level="warning")
    await build.write("first\nsecond", level="error")
    for _ in range(2):
        await record.follow(rig.platform.look(record.placement(order)))
    said = [(line.message, line.level) for line in record.lines[-4:]]
    assert said == [
        ("first", LogLevel.WARN),
        ("second", LogLevel.WARN),
        ("first", LogLevel.ERROR),
        ("second", LogLevel.ERROR),
    ]
    assert len({line.id for line in record.lines}) == len(record.lines)


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.LIMITED])
async def test_a_deployment_does_not_depend_on_the_logs_of_requests(rig: Rig, fake: FakeVercel, fault: Fault) -> None:
    fake.awkward.append(Awkward(fault, "GET /api/logs/request-logs", times=1_000))
    record = await deployed(rig, rig.order({"server.js": "1"}))
    assert record.url is not None
    assert running(fake) == "1"
