"""Plans and instances of Render: another plan needs a deploy, which must be of what is live and nothing else."""

from collections.abc import Generator
from dataclasses import replace

import pytest

from services.platforms.offers import Hosting
from services.platforms.port import Built, DeployFailed, Line, LogStream
from tests.fakes.targets.render import FakeRender
from tests.services.platforms.conformance import SITE, Record, Rig
from tests.services.platforms.rendered import deployed, failure, running, service
from tests.services.platforms.test_targets import render as render_rig


@pytest.fixture
def rig() -> Generator[Rig]:
    yield from render_rig()


@pytest.fixture
def fake(rig: Rig) -> FakeRender:
    assert isinstance(rig.fake, FakeRender)
    return rig.fake


def settings(fake: FakeRender) -> tuple[str, int]:
    """Return the plan and the instances of what is live."""
    live = service(fake).live
    assert live is not None
    return live.settings.plan, live.settings.instances


async def test_another_plan_is_for_what_is_live_and_not_for_what_was_built_last(rig: Rig, fake: FakeRender) -> None:
    order = rig.order({"server.js": "1"}, GREETING="first words")
    record = await deployed(rig, order)
    await failure(rig, rig.order({"server.js": "2", "no-health": ""}, id="deployment_2", GREETING="later words"))
    begun = fake.begun
    await record.asked().follow(rig.platform.scale(record.running(order), Hosting(size="standard", instances=2)))
    assert (running(fake), fake.running(order.site)[1]["GREETING"]) == ("1", "first words")
    assert settings(fake) == ("standard", 2)
    assert fake.begun == begun, "nothing was built"


async def test_another_plan_leaves_the_instances_as_they_are(rig: Rig, fake: FakeRender) -> None:
    order = replace(rig.order(), hosting=Hosting(size="starter"))
    record = await deployed(rig, order)
    for number, to in enumerate((Hosting(instances=3), Hosting(size="standard"))):
        asked = record.asked()
        await asked.follow(rig.platform.scale(asked.running(order, request=f"request_{number}"), to))
    assert settings(fake) == ("standard", 3)


async def test_a_plan_that_there_is_not_is_refused_and_nothing_is_deployed(rig: Rig, fake: FakeRender) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    with pytest.raises(DeployFailed) as refused:
        await record.asked().follow(rig.platform.scale(record.running(order), Hosting(size="enormous")))
    assert (refused.value.reason, refused.value.again_after) == ("REFUSED", None)
    assert settings(fake) == ("free", 1)
    assert len(service(fake).deploys) == 1


async def test_where_render_deploys_nothing_for_a_plan_it_counts_from_the_next_deployment_on(
    rig: Rig, fake: FakeRender
) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    service(fake).deploys[0].files = None  # so it can't be gone back to
    asked = record.asked()
    await asked.follow(rig.platform.scale(asked.running(order), Hosting(size="standard")))
    said = [event.message for event in asked.events if isinstance(event, Line) and event.stream is LogStream.SYSTEM]
    assert said[-1] == "Render deploys nothing for this: the plan counts from the next deployment on."
    assert settings(fake) == ("free", 1)
    await deployed(rig, rig.order(id="deployment_2"))
    assert settings(fake) == ("standard", 1)


async def test_a_rollback_has_as_many_instances_as_the_environment_says(rig: Rig, fake: FakeRender) -> None:
    small, large = Hosting(size="starter", instances=1), Hosting(size="starter", instances=3)
    first = await deployed(rig, replace(rig.order({"server.js": "1"}), hosting=small))
    await deployed(rig, replace(rig.order({"server.js": "2"}, id="deployment_2"), hosting=large))
    third = Record()
    order = replace(rig.order({"server.js": "1"}, id="deployment_3"), hosting=large, built=Built(SITE, first.progress))
    await third.follow(rig.platform.deploy(order))
    assert running(fake) == "1"
    assert settings(fake) == ("starter", 3)
