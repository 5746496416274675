"""What is special about Heroku."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from services.platforms.domains import CertificateState, DomainState, TakesDomains
from services.platforms.port import Config, DeployFailed, Line, LogStream
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.hosting import Code, Emit, Toy
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
    assert record.lines[-1].message == "one\u2028yesterday app[web.1]: two2035-01-31T12:00:00 app[web.1]: three"


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


def said(record: Record) -> list[str]:
    return [line.message for line in record.lines if line.stream is LogStream.RUNTIME]


async def test_each_line_is_in_the_log_of_the_deployment_that_wrote_it(rig: Rig) -> None:
    first, second, orders = Record(), Record(), (rig.order(), rig.order(id="deployment_2", CHANGED="another value"))
    await first.follow(rig.platform.deploy(orders[0]))
    await fake(rig).apps[SITE].write("of the first")
    await asyncio.sleep(1)  # Heroku's times are whole seconds
    await second.follow(rig.platform.deploy(orders[1]))
    await fake(rig).apps[SITE].write("of the second")
    for record, order in zip((first, second), orders, strict=True):
        await record.follow(rig.platform.look(record.placement(order)))

    assert ("of the first" in said(first), "of the second" in said(first)) == (True, False)
    assert ("of the first" in said(second), "of the second" in said(second)) == (False, True)


async def test_what_ran_before_is_told_of_again_when_what_followed_has_given_way(rig: Rig) -> None:
    order, record = rig.order(GREETING="hello there"), Record()
    await record.follow(rig.platform.deploy(order))
    await asyncio.sleep(1)
    other = replace(rig.order({"no-health": ""}, id="deployment_2"), config=Config(start_command="node other.js"))
    with pytest.raises(DeployFailed):
        await Record().follow(rig.platform.deploy(other))
    await asyncio.sleep(1)
    await fake(rig).apps[SITE].write("back again")
    await record.follow(rig.platform.look(record.placement(order)))

    assert "back again" in said(record)
    assert not any("other.js" in text for text in said(record))


async def test_lines_that_come_late_or_from_ahead_of_time_are_told_once_and_keep_none_back(rig: Rig) -> None:
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    fake(rig).apps[SITE].releases[-1]["created_at"] = "2026-01-01T00:00:00Z"
    for number, ago in enumerate((0, 6, -3_600, 0)):
        await fake(rig).apps[SITE].write(f"line {number}", process=f"web.{number}", ago=ago)
        await record.follow(rig.platform.look(record.placement(order)))

    assert [text for text in said(record) if text.startswith("line")] == ["line 0", "line 1", "line 2", "line 3"]


async def test_of_a_log_that_is_too_large_to_read_the_newest_lines_are_told(rig: Rig) -> None:
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    await record.follow(rig.platform.look(record.placement(order)))
    for number in range(1_450):
        await fake(rig).apps[SITE].write(f"line {number} {'x' * 10_000}")
    await record.follow(rig.platform.look(record.placement(order)))
    await fake(rig).apps[SITE].write("the last")
    await record.follow(rig.platform.look(record.placement(order)))

    numbers = [int(text.split()[1]) for text in said(record) if text.startswith("line")]
    notes = [event.message for event in record.events if isinstance(event, Line) and "left out here" in event.message]
    assert numbers == list(range(1_050, 1_450))
    assert said(record)[-1] == "the last"
    assert len(notes) == 1


@pytest.mark.parametrize("fault", ["no-health", "no-start"])
async def test_what_does_not_answer_is_told_of_with_its_last_lines(rig: Rig, fault: str) -> None:
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({fault: ""})))

    started = "Starting process with command `npm start`"
    assert started in said(record)
    assert started in failure.value.message or fault == "no-health"
    assert "The last lines:" in failure.value.message


async def test_what_comes_of_a_start_that_a_release_has_overtaken_is_not_said_of_the_other(rig: Rig) -> None:
    """Setting config vars starts what ran before again, and the release of a build ends that start."""
    heroku = fake(rig)
    await Record().follow(rig.platform.deploy(rig.order(GREETING="one")))
    heroku.host = slow = Slow(lambda: heroku.url)
    slow.running, slow.requests = heroku.toy.running, heroku.toy.requests
    await Record().follow(rig.platform.deploy(rig.order(id="deployment_2", GREETING="two")))
    async with asyncio.timeout(5):
        await slow.ended.wait()

    assert heroku.apps[SITE].dyno == "up"


@dataclass
class Slow(Toy):
    """The first start takes long, and is ended by the second one."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    has_begun: bool = False

    async def start(self, site: str, code: Code, environment: Mapping[str, str], emit: Emit) -> bool:
        if self.has_begun:
            return await super().start(site, code, environment, emit)
        self.has_begun = True
        await asyncio.sleep(0.5)
        self.ended.set()
        return False
