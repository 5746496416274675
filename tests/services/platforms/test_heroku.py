"""What is special about Heroku."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from services.platforms.domains import CertificateState, DomainState, TakesDomains
from services.platforms.port import Config, DeployFailed, Line
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.hosting import Code
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.conformance import SITE, Record, Rig
from tests.services.platforms.test_targets import heroku


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    yield from heroku(request)


def fake(rig: Rig) -> FakeHeroku:
    assert isinstance(rig.fake, FakeHeroku)
    return rig.fake


@pytest.mark.parametrize("fault", ["no-start", "no-health"])
async def test_what_does_not_answer_gives_way_to_what_ran_before(rig: Rig, fault: str) -> None:
    await Record().follow(rig.platform.deploy(rig.order({"server.js": "1"}, GREETING="first words")))
    with pytest.raises(DeployFailed):
        await Record().follow(rig.platform.deploy(rig.order({fault: ""}, id="deployment_2", GREETING="later words")))
    async with asyncio.timeout(5):
        while "server.js" not in (running := fake(rig).toy.running.get(SITE, (Code({}, ""), {})))[0].files:  # noqa: ASYNC110 - its dyno takes a moment
            await asyncio.sleep(0.01)
    code, environment = running
    assert code.files["server.js"] == b"1"
    assert environment["GREETING"] == "first words"


async def test_a_release_that_fails_after_its_build_is_told_with_its_lines(rig: Rig) -> None:
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({"release-phase": "fail"})))
    assert failure.value.reason == "RELEASE_FAILED"
    said = [event.message for event in record.events if isinstance(event, Line) and event.stream.value == "RELEASE"]
    assert said == ["migrating 0", "migrating 1", "migrating 2"]
    assert "migrating 2" in failure.value.message


async def test_a_release_phase_is_waited_for(rig: Rig) -> None:
    record = Record()
    await record.follow(rig.platform.deploy(rig.order({"release-phase": "fine"})))
    assert record.url is not None


async def test_somebody_elses_app_is_left_alone(rig: Rig) -> None:
    fake(rig).others.add(SITE)
    with pytest.raises(DeployFailed) as failure:
        await Record().follow(rig.platform.deploy(rig.order()))
    assert failure.value.reason in {"NAME_TAKEN", "NOT_PERMITTED"}
    assert rig.begun() == 0


async def test_config_vars_of_the_users_own_stay(rig: Rig) -> None:
    await Record().follow(rig.platform.deploy(rig.order(KEY="one")))
    fake(rig).apps[SITE].config["THEIRS"] = "kept"
    await Record().follow(rig.platform.deploy(rig.order(id="deployment_2", OTHER="two")))
    config = fake(rig).apps[SITE].config
    assert (config["THEIRS"], config["OTHER"], "KEY" in config) == ("kept", "two", False)


async def test_commands_of_the_users_own_are_what_heroku_runs(rig: Rig) -> None:
    config = Config(build_command="make it", start_command="node other.js")
    await Record().follow(rig.platform.deploy(replace(rig.order(), config=config)))
    code, _ = fake(rig).toy.running[SITE]
    assert code.command == "node other.js"
    assert b'"heroku-postbuild":"make it"' in code.files["package.json"]


async def test_what_a_program_prints_is_never_taken_for_several_lines(rig: Rig) -> None:
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    forged = "one\u2028yesterday app[web.1]: two\x0b2035-01-31T12:00:00 app[web.1]: three\x85"
    await fake(rig).apps[SITE].write(forged)
    fake(rig).apps[SITE].log.append("yesterday app[web.1]: no time")
    await record.follow(rig.platform.look(record.placement(order)))
    assert record.lines[-1].message == "one\u2028yesterday app[web.1]: two2035-01-31T12:00:00 app[web.1]: three\x85"


async def test_a_call_that_never_has_a_proper_answer_is_left_for_another_attempt(rig: Rig) -> None:
    fake(rig).awkward.append(Awkward(Fault.BROKEN, "POST /apps/[^/]+/builds", times=5))
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order()))
    assert (failure.value.reason, failure.value.again_after is None) == ("PLATFORM_UNAVAILABLE", False)
    await record.follow(rig.platform.deploy(record.at(rig.order())))
    assert rig.begun() == 1


async def test_a_domain_of_an_app_without_a_paid_plan_has_no_certificate(rig: Rig) -> None:
    fake(rig).is_paid = False
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    assert isinstance(rig.platform, TakesDomains)
    added = await rig.platform.add_domain(record.placement(order), "api.example.com")
    assert (added.state, added.certificate) == (DomainState.ACTIVE, CertificateState.NONE)
    assert [each.type for each in added.records] == ["CNAME"]
    assert "paid plan" in (added.message or "")
