"""Deploys of Render that wait, that come by themselves, that are gone back to, and services that are suspended."""

import asyncio
from collections.abc import Generator
from contextlib import aclosing, suppress
from dataclasses import replace

import httpx
import pytest

from services.core.clock import utc_now
from services.platforms.port import (
    Built,
    Call,
    DeployFailed,
    Progress,
    StepChanged,
    StepState,
    Superseded,
)
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.conformance import SITE, Crash, Record, Rig
from tests.services.platforms.rendered import begin_another, call, deployed, failure, get, running, service
from tests.services.platforms.test_targets import is_whole
from tests.services.platforms.test_targets import render as render_rig


@pytest.fixture
def rig() -> Generator[Rig]:
    yield from render_rig()


@pytest.fixture
def fake(rig: Rig) -> FakeRender:
    assert isinstance(rig.fake, FakeRender)
    return rig.fake


async def test_a_deploy_that_is_accepted_without_an_answer_is_found_by_its_commit(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order())
    fake.accepts = True
    record = await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    assert running(fake) == "2"
    assert is_whole(record)
    assert fake.begun == 2


async def test_a_deploy_waits_for_another_one_and_is_begun_once_though_workers_crash(
    rig: Rig, fake: FakeRender
) -> None:
    await deployed(rig, rig.order())
    for number in range(7, 22, 3):
        other = await begin_another(fake, seconds=0.6)
        order, record = rig.order({"server.js": str(number)}, id=f"deployment_{number}"), Record()
        before = fake.begun
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert other.status == "build_failed"
        assert fake.begun == before + 1
        assert running(fake) == str(number)


async def test_what_waits_is_not_said_to_be_given_up(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order({"server.js": "1"}))
    await begin_another(fake, seconds=2)
    order, record = rig.order({"server.js": "2"}, id="deployment_2"), Record()
    deploying = asyncio.create_task(record.follow(rig.platform.deploy(order)))
    while record.progress.id("accepted") is None:
        assert not deploying.done()
        await asyncio.sleep(0.01)
    deploying.cancel()
    await asyncio.wait([deploying])
    with pytest.raises(DeployFailed) as waits:
        await rig.platform.cancel(record.placement(order), live=False)
    assert waits.value.again_after, "it is asked for again"
    while service(fake).waiting is not None:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    await rig.platform.cancel(record.placement(order), live=False)
    while service(fake).under_way:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    assert running(fake) == "1"


async def test_a_deploy_that_takes_the_place_of_another_one_needs_not_wait(rig: Rig, fake: FakeRender) -> None:
    fake.cloud.is_waiting = False
    await deployed(rig, rig.order({"server.js": "1"}))
    other = await begin_another(fake, seconds=5)
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    assert other.status == "canceled"
    assert running(fake) == "2"


async def test_a_restart_at_render_is_no_other_deployment(rig: Rig, fake: FakeRender) -> None:
    order = rig.order({"server.js": "1"})
    record = await deployed(rig, order)
    await call(fake, "restart")
    while service(fake).live is service(fake).deploys[0] or service(fake).under_way:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    await get(record, "after-the-restart")
    await asyncio.sleep(0.1)
    await record.follow(rig.platform.look(record.placement(order)))
    assert "GET /after-the-restart" in {line.message for line in record.lines}
    again = Record(Progress({**record.progress.calls, "build": Call(utc_now())}))
    await again.follow(rig.platform.deploy(again.at(order)))
    assert again.progress.id("build") == record.progress.id("build"), "the first of its commit"
    assert fake.begun == 1


async def test_what_somebody_else_replaces_before_it_was_seen_live_is_superseded(rig: Rig, fake: FakeRender) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    order, second = rig.order({"server.js": "2"}, id="deployment_2"), Record()
    async with aclosing(rig.platform.deploy(order)) as events:
        async for event in events:
            second.store(event)
            if event == StepChanged("build", StepState.SUCCEEDED):
                break
    while (live := service(fake).live) is None or live.commit == first.progress.id("commit"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    live.status, service(fake).deploys[0].status = "deactivated", "live"
    with pytest.raises(Superseded) as superseded:
        await second.follow(rig.platform.deploy(second.at(order)))
    assert superseded.value.by == first.progress.id("build")


async def test_a_build_that_render_keeps_no_more_is_built_again(rig: Rig, fake: FakeRender) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}, GREETING="first words"))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2", GREETING="later words"))
    service(fake).deploys[0].files = None
    order = rig.order({"server.js": "1"}, id="deployment_3", GREETING="first words")
    record = await deployed(rig, replace(order, built=Built(SITE, first.progress)))
    assert running(fake) == "1"
    assert fake.running(SITE)[1]["GREETING"] == "first words"
    assert fake.begun == 3
    assert is_whole(record)


async def test_a_rollback_that_crashes_anywhere_is_begun_once(rig: Rig, fake: FakeRender) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}, GREETING="first words"))
    for number in range(1, 14):
        later = rig.order({"server.js": "2"}, id=f"deployment_{number}_a", GREETING="later words")
        await deployed(rig, later)
        before = len(service(fake).deploys)
        order = rig.order({"server.js": "1"}, id=f"deployment_{number}_b", GREETING="first words")
        order, record = replace(order, built=Built(SITE, first.progress)), Record()
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert len(service(fake).deploys) == before + 1
        assert running(fake) == "1"
        assert fake.running(SITE)[1]["GREETING"] == "first words"
        assert service(fake).variables["GREETING"] == "first words", "what the next deploy finds, too"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT])
async def test_a_rollback_whose_answer_is_lost_is_found(rig: Rig, fake: FakeRender, fault: Fault) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    fake.awkward.append(Awkward(fault, "POST .*/rollback"))
    await deployed(rig, replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)))
    assert len(service(fake).deploys) == 3
    assert running(fake) == "1"


@pytest.mark.parametrize("resumes_newest", [False, True])
async def test_a_stopped_service_runs_again_with_the_next_deployment(
    rig: Rig, fake: FakeRender, *, resumes_newest: bool
) -> None:
    fake.resumes_newest = resumes_newest
    order = rig.order({"server.js": "1"})
    first = await deployed(rig, order)
    await rig.platform.cancel(first.placement(order), live=True)
    assert await get(first, "health") == httpx.codes.NOT_FOUND
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    assert running(fake) == "2"
    commits = [each.commit for each in service(fake).deploys]
    assert len(commits) == 2 + (not resumes_newest), "the resumption is a deploy"
    assert await get(first, "health") == httpx.codes.OK


async def test_a_stopped_service_runs_again_with_a_rollback(rig: Rig, fake: FakeRender) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    order = rig.order({"server.js": "2"}, id="deployment_2")
    second = await deployed(rig, order)
    await rig.platform.cancel(second.placement(order), live=True)
    third = await deployed(rig, replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)))
    assert running(fake) == "1"
    assert await get(third, "health") == httpx.codes.OK


async def test_what_render_has_suspended_is_not_resumed_by_us(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order({"server.js": "1"}))
    service(fake).suspend("billing")
    refused = await failure(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    assert refused.reason == "SUSPENDED"
    assert "billing" in refused.message
    assert fake.begun == 1


async def test_what_is_live_but_not_well_gives_way_to_what_ran_before(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order({"server.js": "1"}))
    fake.cloud.is_checked = False
    failed = await failure(rig, rig.order({"server.js": "2", "no-health": ""}, id="deployment_2"))
    assert failed.reason == "HEALTH_CHECK_FAILED"
    while service(fake).under_way:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    assert running(fake) == "1"


async def test_what_is_live_already_when_it_is_given_up_gives_way_once(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order({"server.js": "1"}))
    order = rig.order({"server.js": "2"}, id="deployment_2")
    second = await deployed(rig, order)
    for _ in range(2):
        await rig.platform.cancel(second.placement(order), live=False)
    while service(fake).under_way:  # noqa: ASYNC110 - another thread's
        await asyncio.sleep(0.01)
    assert running(fake) == "1"
    assert [each.trigger for each in service(fake).deploys] == ["api", "api", "rollback"]


async def test_what_was_canceled_at_render_is_said_to_be(rig: Rig, fake: FakeRender) -> None:
    order, record = rig.order(), Record()
    with suppress(Crash):
        await record.follow(rig.platform.deploy(order), crash_after=14)
    for deploy in service(fake).deploys:
        fake.cloud.cancel(deploy)
    with pytest.raises(DeployFailed) as canceled:
        await record.follow(rig.platform.deploy(record.at(order)))
    assert canceled.value.reason == "CANCELED"


async def test_a_service_that_is_deleted_while_it_is_built_is_said_to_be_gone(rig: Rig, fake: FakeRender) -> None:
    order, record = rig.order(), Record()
    with suppress(Crash):
        await record.follow(rig.platform.deploy(order), crash_after=16)
    assert record.progress.id("service") is not None
    fake.services.clear()
    with pytest.raises(DeployFailed) as gone:
        await record.follow(rig.platform.deploy(record.at(order)))
    assert gone.value.reason == "GONE"
