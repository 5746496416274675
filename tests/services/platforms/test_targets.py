"""The tests that every target passes against its fake: what a deployment shows, whatever happens on its way."""

import asyncio
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from services.core.clock import utc_now
from services.core.tls import trusted
from services.foundation.aws.accounts import Endpoints
from services.platforms.ecs.adapter import EcsPlatform
from services.platforms.github.pushing import GitHub
from services.platforms.heroku.adapter import HerokuPlatform
from services.platforms.offers import Hosting
from services.platforms.port import (
    Built,
    Call,
    DeployFailed,
    Line,
    LogStream,
    Order,
    Phase,
    PhaseChanged,
    Progress,
    StepChanged,
    StepState,
)
from services.platforms.railway.adapter import RailwayPlatform
from services.platforms.render.adapter import RenderPlatform
from services.platforms.vercel.adapter import VercelPlatform
from tests.fakes.targets.aws import FakeAws
from tests.fakes.targets.heroku import FakeHeroku
from tests.fakes.targets.hosting import answered
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.render import FakeRender
from tests.fakes.targets.server import Awkward, Fault
from tests.fakes.targets.vercel import FakeVercel
from tests.services.platforms.conformance import COMMON, SITE, Crash, InProcess, Record, Rig

AT_ONCE = 3
"""Calls of a deployment that fail, each in turn in its own ways."""

MOST_ATTEMPTS = 50
OTHER = "bike-rental-4567cdef"
STEPS = (StepState.RUNNING, StepState.SUCCEEDED)


def heroku(_: object = None) -> Generator[Rig]:
    with FakeHeroku() as fake:
        yield Rig(
            HerokuPlatform(base_url=fake.url, pauses=InProcess(), **COMMON),
            fake,
            begun=lambda: sum(len(app.builds) for app in fake.apps.values()),
            build_call="POST /apps/[^/]+/builds",
            restarts=lambda: fake.restarts,
            hosting=lambda: _heroku_hosting(fake),
            size="standard-2x",
            refused=(Hosting(size="eco", instances=2), "REFUSED"),
            promote_call="POST /apps/[^/]+/releases",
        )


def railway(_: object = None) -> Generator[Rig]:
    with FakeRailway() as fake:
        yield Rig(
            RailwayPlatform(base_url=fake.url, pauses=InProcess(), **COMMON),
            fake,
            begun=lambda: fake.uploads,
            build_call="POST /project/.*/up",
            restarts=lambda: fake.restarts,
            hosting=lambda: _railway_hosting(fake),
            refused=(Hosting(instances=99), "PLAN_LIMIT"),
        )


def vercel(_: object = None) -> Generator[Rig]:
    with FakeVercel() as fake:
        yield Rig(
            VercelPlatform(base_url=fake.url, pauses=InProcess(), **COMMON),
            fake,
            begun=lambda: fake.created,
            build_call="POST /v13/deployments",
        )


def aws_ecs(request: pytest.FixtureRequest) -> Generator[Rig]:
    with FakeAws(emulator=request.getfixturevalue("emulator")) as fake:
        yield Rig(
            EcsPlatform(endpoints=Endpoints(other=fake.url), pauses=InProcess(), **COMMON),
            fake,
            begun=lambda: len(fake.codebuild.builds),
            build_call="codebuild StartBuild",
            restarts=lambda: len(fake.ecs.deployments),
            hosting=lambda: _ecs_hosting(fake),
            size="512/2048",
            promote_call="ecs RegisterTaskDefinition",
            builds_with_variables=False,
        )


def render(_: object = None) -> Generator[Rig]:
    with FakeRender() as fake:
        pauses = InProcess()
        code_host = GitHub(base_url=fake.github.url, pauses=pauses, patience=COMMON["patience"])
        yield Rig(
            RenderPlatform(base_url=fake.url, code_host=code_host, pauses=pauses, **COMMON),
            fake,
            begun=lambda: fake.begun,
            build_call="POST /v1/services(/[^/]+/deploys)?",
            restarts=lambda: fake.restarts,
            hosting=lambda: _render_hosting(fake),
            size="standard",
            refused=(Hosting(instances=2), "REFUSED"),
        )


def _heroku_hosting(fake: FakeHeroku) -> Hosting:
    (app,) = fake.apps.values()
    return Hosting(app.record["region"]["name"], app.size, app.web)


def _railway_hosting(fake: FakeRailway) -> Hosting:
    active = fake.projects[0].services[0].active
    assert active is not None
    return Hosting(active.hosting.get("region"), None, active.hosting.get("numReplicas"))


def _render_hosting(fake: FakeRender) -> Hosting:
    (service,) = fake.services.values()
    assert service.live is not None
    return Hosting(service.details["region"], service.live.settings.plan, service.live.settings.instances)


def _ecs_hosting(fake: FakeAws) -> Hosting:
    (service,) = fake.ecs.services.values()
    definition = fake.ecs.revisions[service["running"]]["taskDefinition"]
    task = next(each for each in fake.ecs.definitions if each["taskDefinitionArn"] == definition)
    scaling = service["scaling"]
    assert scaling["minTaskCount"] == scaling["maxTaskCount"]
    return Hosting(None, f"{task['cpu']}/{task['memory']}", scaling["minTaskCount"])


@pytest.fixture(params=[heroku, railway, vercel, aws_ecs, render])
def rig(request: pytest.FixtureRequest) -> Generator[Rig]:
    make: Callable[[pytest.FixtureRequest], Generator[Rig]] = request.param
    yield from make(request)


async def site(record: Record) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files and the environment of what answers."""
    assert record.url is not None
    async with httpx.AsyncClient(verify=trusted()) as client:
        files, environment = answered((await client.get(f"{record.url}/")).content)
    return dict(files), dict(environment)


def is_whole(record: Record) -> bool:
    """Say whether the build's lines are all there, once and in order."""
    said = [line.message for line in record.lines if line.stream is LogStream.BUILD]
    steps = [line.strip() for line in said if line.strip().startswith("step ")]
    return steps == [f"step {number}" for number in range(20)] and len(set(record.lines)) == len(record.lines)


async def test_a_deployment_builds_starts_and_answers(rig: Rig) -> None:
    order, record = rig.order({"server.js": "1"}, GREETING="hello there"), Record()
    await record.follow(rig.platform.deploy(order))
    files, environment = await site(record)
    assert files["server.js"] == "1"
    assert environment["GREETING"] == "hello there"
    assert is_whole(record)
    assert [event.phase for event in record.events if isinstance(event, PhaseChanged)] == [
        Phase.BUILDING,
        Phase.DEPLOYING,
    ]
    steps = [event for event in record.events if isinstance(event, StepChanged)]
    assert [each.step for each in steps if each.state is StepState.RUNNING] == [
        each.step for each in steps if each.state is StepState.SUCCEEDED
    ]
    assert record.progress.page is not None
    assert rig.begun() == 1


async def test_no_line_shows_a_variable_or_the_token(rig: Rig) -> None:
    order, record = rig.order(API_KEY="s3cret-of-alice", TOKEN=rig.fake.token), Record()
    await record.follow(rig.platform.deploy(order))
    text = "\n".join(event.message for event in record.events if isinstance(event, Line))
    assert ("API_KEY=***" in text) == rig.builds_with_variables
    assert "s3cret-of-alice" not in text
    assert rig.fake.token not in text


async def test_a_build_that_fails_shows_its_last_lines(rig: Rig) -> None:
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({"no-build": ""}, API_KEY="s3cret-of-alice")))
    assert failure.value.reason == "BUILD_FAILED"
    assert "npm error code E404" in failure.value.message
    assert "s3cret" not in failure.value.message
    assert failure.value.again_after is None
    assert record.events[-1] == StepChanged("build", StepState.FAILED)


async def test_a_backend_that_does_not_come_up_is_told_of(rig: Rig) -> None:
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({"no-start": ""})))
    assert failure.value.reason in {"CRASHED", "RELEASE_FAILED"}
    assert "Cannot find module" in failure.value.message


async def test_a_backend_that_is_not_well_fails_with_its_last_lines(rig: Rig) -> None:
    record = Record()
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({"no-health": ""})))
    assert failure.value.reason == "HEALTH_CHECK_FAILED"
    assert "500" in failure.value.message
    assert "GET /health" in failure.value.message
    said = [line.message for line in record.lines if line.stream is LogStream.RUNTIME]
    assert "GET /health" in said


async def test_a_second_deployment_updates_the_site_and_takes_variables_out(rig: Rig) -> None:
    first, second = Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"}, OLD="is gone later", BOTH="first one")))
    await second.follow(rig.platform.deploy(rig.order({"server.js": "2"}, id="deployment_2", BOTH="second one")))
    assert second.url == first.url
    files, environment = await site(second)
    assert files["server.js"] == "2"
    assert environment["BOTH"] == "second one"
    assert "OLD" not in environment


async def test_a_crash_after_any_event_begins_nothing_twice_and_tells_every_line_once(rig: Rig) -> None:
    whole = Record()
    await whole.follow(rig.platform.deploy(rig.order(id="deployment_0")))
    for number in _moments(whole):
        order, record, before = rig.order(id=f"deployment_{number}"), Record(), rig.begun()
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert rig.begun() - before == 1, number
        assert is_whole(record), (number, [line.message for line in record.lines])
        assert record.url == whole.url


async def test_crashes_over_and_over_begin_nothing_twice(rig: Rig) -> None:
    order, record, attempts = rig.order(), Record(), 0
    while record.url is None:
        with suppress(Crash):
            await record.follow(rig.platform.deploy(record.at(order)), crash_after=10)
        attempts += 1
        assert attempts < MOST_ATTEMPTS
    assert rig.begun() == 1
    assert is_whole(record)


async def test_a_build_begun_by_a_call_whose_answer_is_lost_is_found(rig: Rig) -> None:
    for fault in (Fault.LOST, Fault.CUT):
        before, record = rig.begun(), Record()
        rig.fake.awkward.append(Awkward(fault, rig.build_call))
        await record.follow(rig.platform.deploy(rig.order(id=f"deployment_{fault.value}")))
        assert rig.begun() - before == 1
        assert is_whole(record)


async def test_any_call_may_fail_once_in_any_way(rig: Rig) -> None:
    whole = Record()
    await whole.follow(rig.platform.deploy(rig.order(id="deployment_0")))
    patterns = sorted({_pattern(call) for call in rig.fake.calls})
    for start in range(0, len(patterns), AT_ONCE):
        failing = patterns[start : start + AT_ONCE]
        for faults in ((Fault.BROKEN, Fault.CUT, Fault.SLOW), (Fault.LOST, Fault.SLOW)):  # of a call and its repeats
            before, record = rig.begun(), Record()
            rig.fake.awkward.extend(Awkward(fault, pattern) for pattern in failing for fault in faults)
            await record.follow(rig.platform.deploy(rig.order(id=f"deployment_{start}_{faults[0].value}")))
            assert rig.begun() - before == 1, (faults, failing)
            assert is_whole(record), (faults, failing)
            rig.fake.awkward.clear()


async def test_who_is_asked_to_wait_waits(rig: Rig) -> None:
    record, began = Record(), asyncio.get_running_loop().time()
    rig.fake.awkward.append(Awkward(Fault.LIMITED, ".*", times=3))
    await record.follow(rig.platform.deploy(rig.order()))
    assert asyncio.get_running_loop().time() - began >= 3
    assert is_whole(record)


async def test_a_token_that_is_revoked_half_way_is_said_to_be(rig: Rig) -> None:
    record = Record()

    async def revoke() -> None:
        while not record.lines:  # noqa: ASYNC110 - the reader tells nobody
            await asyncio.sleep(0.01)
        rig.fake.is_revoked = True

    revoking = asyncio.create_task(revoke())
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order()))
    await revoking
    assert failure.value.reason == "CREDENTIALS_REFUSED"
    rig.fake.is_revoked = False
    await record.follow(rig.platform.deploy(record.at(rig.order())))
    assert is_whole(record)
    assert rig.begun() == 1


async def test_what_runs_stays_when_a_build_is_given_up(rig: Rig) -> None:
    first, second = Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"})))
    order = rig.order({"server.js": "2"}, id="deployment_2")
    with suppress(Crash):
        await second.follow(rig.platform.deploy(order), crash_after=12)
    assert not second.url
    for _ in range(2):  # may be repeated
        await rig.platform.cancel(second.placement(order), live=False)
    await asyncio.sleep(0.5)
    files, _ = await site(first)
    assert files["server.js"] == "1"


async def test_a_build_that_begins_only_when_it_is_given_up_is_found_and_given_up(rig: Rig) -> None:
    first, second = Record(), Record()
    await Record().follow(rig.platform.deploy(rig.order({"server.js": "2"}, id="deployment_0")))  # its files are known
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"})))
    order, before = rig.order({"server.js": "2"}, id="deployment_2"), rig.begun()
    rig.fake.awkward.append(Awkward(Fault.LATE, rig.build_call))
    deploying = asyncio.create_task(second.follow(rig.platform.deploy(order)))
    while rig.fake.awkward:
        assert not deploying.done()
        await asyncio.sleep(0)
    deploying.cancel()
    await asyncio.wait([deploying])
    await rig.platform.cancel(second.placement(order), live=False)
    assert rig.begun() == before + 1, "it began behind our back"
    await asyncio.sleep(1)
    files, _ = await site(first)
    assert files["server.js"] == "1"


async def test_what_runs_can_be_stopped(rig: Rig) -> None:
    order, record = rig.order(), Record()
    await record.follow(rig.platform.deploy(order))
    for _ in range(2):
        await rig.platform.cancel(record.placement(order), live=True)
    async with httpx.AsyncClient(verify=trusted()) as client:
        answer = await client.get(f"{record.url}/health")
    assert answer.status_code != httpx.codes.OK


async def test_a_rollback_brings_code_and_variables_back(rig: Rig) -> None:
    first, second, third = Record(), Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"}, GREETING="first words")))
    await second.follow(rig.platform.deploy(rig.order({"server.js": "2"}, id="deployment_2", GREETING="later words")))
    order = rig.order({"server.js": "1"}, id="deployment_3", GREETING="first words")
    order = _rolling_back(order, to=first)
    before = rig.begun()
    await third.follow(rig.platform.deploy(order))
    files, environment = await site(third)
    assert files["server.js"] == "1"
    assert environment["GREETING"] == "first words"
    assert third.url == first.url
    assert rig.begun() == before, "nothing was built"
    assert third.progress.page is not None, "nobody finds it there"
    again = Record()
    await again.follow(rig.platform.deploy(_rolling_back(rig.order(id="deployment_4"), to=third)))
    assert (await site(again))[0]["server.js"] == "1"


async def test_a_rollback_that_nobody_knows_the_answer_of_is_given_up(rig: Rig) -> None:
    first, second, third = Record(), Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"})))
    await second.follow(rig.platform.deploy(rig.order({"server.js": "2"}, id="deployment_2")))
    order = _rolling_back(rig.order({"server.js": "1"}, id="deployment_3"), to=first)
    await third.follow(rig.platform.deploy(order))
    calls = dict(third.progress.calls)
    for step in {"rollback", "service"} & calls.keys():  # the step that lets the earlier code run
        calls[step] = Call(calls[step].at)
    third.progress = Progress(calls)
    for _ in range(2):
        await rig.platform.cancel(third.placement(order), live=False)
    async with asyncio.timeout(20):
        while (await site(second))[0]["server.js"] != "2":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)


async def test_the_lines_of_what_runs_are_told_once_in_order(rig: Rig) -> None:
    order, record = rig.order(API_KEY="s3cret-of-alice"), Record()
    await record.follow(rig.platform.deploy(order))
    async with httpx.AsyncClient(verify=trusted()) as client:
        for number in range(30):
            await client.get(f"{record.url}/page{number}/s3cret-of-alice")
            if number % 7 == 0:
                await record.follow(rig.platform.look(record.placement(order)))
    for _ in range(3):
        await record.follow(rig.platform.look(record.placement(order)))
        await asyncio.sleep(0.05)  # logs may be a moment behind
    said = [line.message for line in record.lines if line.stream is LogStream.RUNTIME and "/page" in line.message]
    assert said == [f"GET /page{number}/***" for number in range(30)]


async def test_credentials_are_checked(rig: Rig) -> None:
    identity = await rig.platform.check(rig.fake.credentials)
    assert identity.name
    with pytest.raises(DeployFailed) as failure:
        await rig.platform.check(rig.fake.wrong_credentials)
    assert failure.value.reason == "CREDENTIALS_REFUSED"


async def test_a_restart_starts_the_same_again_and_waits_until_it_answers(rig: Rig) -> None:
    order, record = rig.order({"server.js": "1"}, GREETING="hello there"), Record()
    await record.follow(rig.platform.deploy(order))
    if rig.restarts is None:
        with pytest.raises(DeployFailed) as failure:
            await record.asked().follow(rig.platform.restart(record.running(order)))
        assert (failure.value.reason, failure.value.message) == ("NOT_OFFERED", rig.platform.offers.no_restart)
        return
    for number in (1, 2):
        asked, before, builds = record.asked(), rig.restarts(), rig.begun()
        await asked.follow(rig.platform.restart(asked.running(order, request=f"request_{number}")))
        assert (rig.restarts() - before, rig.begun() - builds) == (1, 0)
        files, environment = await site(record)
        assert (files["server.js"], environment["GREETING"]) == ("1", "hello there")
        steps = [
            (each.step, each.state) for each in asked.events[len(record.events) :] if isinstance(each, StepChanged)
        ]
        assert steps == [(name, state) for name in ("restart", "health") for state in STEPS]
        await asked.follow(rig.platform.restart(asked.running(order, request=f"request_{number}")))
        assert rig.restarts() - before == 1, "it was done before"
    await record.follow(rig.platform.look(record.placement(order)))
    said = [line.message for line in record.lines if line.stream is LogStream.RUNTIME]
    assert sum("Starting process with command" in line for line in said) == 3


async def test_a_crash_in_a_restart_repeats_at_most_the_restart(rig: Rig) -> None:
    if rig.restarts is None:
        return
    order, record = rig.order({"server.js": "1"}, GREETING="hello there"), Record()
    await record.follow(rig.platform.deploy(order))
    for number in range(1, 12):
        asked, before, builds = record.asked(), rig.restarts(), rig.begun()
        with suppress(Crash):
            await asked.follow(
                rig.platform.restart(asked.running(order, request=f"request_{number}")), crash_after=number
            )
        await asked.follow(rig.platform.restart(asked.running(order, request=f"request_{number}")))
        assert rig.restarts() - before in {1, 2}
        assert rig.begun() == builds
        assert (await site(record))[0]["server.js"] == "1"
        assert len(set(asked.lines)) == len(asked.lines)


async def test_any_call_of_a_restart_may_fail_once_in_any_way(rig: Rig) -> None:
    if rig.restarts is None:
        return
    order, record = rig.order({"server.js": "1"}), Record()
    await record.follow(rig.platform.deploy(order))
    known = rig.fake.calls.copy()
    await record.asked().follow(rig.platform.restart(record.running(order, request="request_0")))
    patterns = sorted({_pattern(call) for call in rig.fake.calls - known})
    for number, pattern in enumerate(patterns):
        for faults in ((Fault.BROKEN, Fault.CUT, Fault.SLOW), (Fault.LOST, Fault.LIMITED)):
            rig.fake.awkward.extend(Awkward(fault, pattern) for fault in faults)
            request = f"request_{number}_{faults[0].value}"
            await record.asked().follow(rig.platform.restart(record.running(order, request=request)))
            assert (await site(record))[0]["server.js"] == "1", pattern
            rig.fake.awkward.clear()


async def test_a_restart_with_a_token_that_is_revoked_leaves_what_runs(rig: Rig) -> None:
    if rig.restarts is None:
        return
    order, record = rig.order({"server.js": "1"}), Record()
    await record.follow(rig.platform.deploy(order))
    before, rig.fake.is_revoked = rig.restarts(), True
    with pytest.raises(DeployFailed) as failure:
        await record.asked().follow(rig.platform.restart(record.running(order)))
    assert (failure.value.reason, failure.value.again_after) == ("CREDENTIALS_REFUSED", None)
    assert rig.restarts() == before
    assert (await site(record))[0]["server.js"] == "1"


async def test_what_runs_is_scaled_without_a_build_and_later_deployments_have_as_much(rig: Rig) -> None:
    order, record = rig.order({"server.js": "1"}, GREETING="hello there"), Record()
    await record.follow(rig.platform.deploy(order))
    to = Hosting(None, rig.size, 3)
    if rig.hosting is None:
        with pytest.raises(DeployFailed) as failure:
            await record.asked().follow(rig.platform.scale(record.running(order), to))
        assert (failure.value.reason, failure.value.message) == ("NOT_OFFERED", rig.platform.offers.instances.refused)
        return
    builds, asked = rig.begun(), record.asked()
    await asked.follow(rig.platform.scale(asked.running(order), to))
    hosting = rig.hosting()
    assert (hosting.size, hosting.instances) == (rig.size, 3)
    files, environment = await site(record)
    assert (files["server.js"], environment["GREETING"], rig.begun()) == ("1", "hello there", builds)
    steps = [(each.step, each.state) for each in asked.events[len(record.events) :] if isinstance(each, StepChanged)]
    assert steps == [(name, state) for name in ("scale", "health") for state in STEPS]
    for number, given in ((2, Hosting(size=rig.size)), (3, Hosting(size=rig.size, instances=2))):
        later = replace(rig.order({"server.js": str(number)}, id=f"deployment_{number}"), hosting=given)
        await Record().follow(rig.platform.deploy(later))
        assert rig.hosting().instances == (given.instances or 3), "a deployment does not reset it"
        assert rig.hosting().size == rig.size
    with suppress(DeployFailed):  # it was superseded
        await record.follow(rig.platform.look(record.placement(order)))


async def test_a_crash_in_a_scaling_leaves_what_was_asked_for_to_the_next_attempt(rig: Rig) -> None:
    if rig.hosting is None:
        return
    order = replace(rig.order({"server.js": "1"}), hosting=Hosting(size=rig.size))
    record = Record()
    await record.follow(rig.platform.deploy(order))
    for number in range(1, 9):
        asked, to = record.asked(), Hosting(None, None, 1 + number % 3)
        with suppress(Crash):
            running = asked.running(order, request=f"request_{number}")
            await asked.follow(rig.platform.scale(running, to), crash_after=number)
        await asked.follow(rig.platform.scale(asked.running(order, request=f"request_{number}"), to))
        assert rig.hosting().instances == to.instances
        assert (await site(record))[0]["server.js"] == "1"


async def test_any_call_of_a_scaling_may_fail_once_in_any_way(rig: Rig) -> None:
    if rig.hosting is None:
        return
    order = replace(rig.order({"server.js": "1"}), hosting=Hosting(size=rig.size))
    record = Record()
    await record.follow(rig.platform.deploy(order))
    known = rig.fake.calls.copy()
    await record.asked().follow(rig.platform.scale(record.running(order, request="request_0"), Hosting(instances=2)))
    patterns = sorted({_pattern(call) for call in rig.fake.calls - known})
    for number, pattern in enumerate(patterns):
        for count, faults in ((1, (Fault.BROKEN, Fault.CUT, Fault.SLOW)), (2, (Fault.LOST, Fault.LIMITED))):
            rig.fake.awkward.extend(Awkward(fault, pattern) for fault in faults)
            running = record.running(order, request=f"request_{number}_{count}")
            await record.asked().follow(rig.platform.scale(running, Hosting(instances=count)))
            assert rig.hosting().instances == count, (pattern, faults)
            rig.fake.awkward.clear()


async def test_what_the_platform_does_not_scale_to_is_said_and_what_runs_goes_on(rig: Rig) -> None:
    if rig.hosting is None or rig.refused is None:
        return
    order, record, (to, reason) = rig.order({"server.js": "1"}), Record(), rig.refused
    await record.follow(rig.platform.deploy(order))
    before = rig.hosting()
    with pytest.raises(DeployFailed) as failure:
        await record.asked().follow(rig.platform.scale(record.running(order), to))
    assert (failure.value.reason, failure.value.again_after) == (reason, None)
    assert rig.hosting() == before
    assert (await site(record))[0]["server.js"] == "1"


async def test_what_is_chosen_holds_from_the_first_deployment_on(rig: Rig) -> None:
    regions = sorted(rig.platform.offers.region.among)
    wanted = Hosting(regions[0] if regions else None, rig.size, None if rig.hosting is None else 2)
    await Record().follow(rig.platform.deploy(replace(rig.order(), hosting=wanted)))
    if rig.hosting is not None:
        hosting = rig.hosting()
        assert (hosting.size, hosting.instances) == (wanted.size, 2)
        assert not wanted.region or hosting.region == wanted.region


def _moments(whole: Record) -> Iterator[int]:
    """Yield after how many events to crash: after each that is no line, after every fifth line, and a while later."""
    lines = 0
    for number, event in enumerate(whole.events, start=1):
        lines += isinstance(event, Line)
        if not isinstance(event, Line) or lines % 5 == 0:
            yield number
    yield from range(len(whole.events) + 1, len(whole.events) + 4)


async def test_what_was_built_for_one_place_runs_at_another_with_its_variables(rig: Rig) -> None:
    first, second = Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"}, GREETING="of the preview")))
    order, builds = _promoting(rig, first, id="deployment_2", GREETING="of production"), rig.begun()
    await second.follow(rig.platform.deploy(order))
    files, environment = await site(second)
    assert (files["server.js"], environment["GREETING"]) == ("1", "of production")
    assert second.url != first.url
    assert rig.begun() - builds == (0 if rig.platform.offers.promotes else 1)
    files, environment = await site(first)
    assert (files["server.js"], environment["GREETING"]) == ("1", "of the preview")

    third, fourth = Record(), Record()
    later = replace(rig.order({"server.js": "3"}, id="deployment_3", GREETING="later"), site=OTHER)
    await third.follow(rig.platform.deploy(later))
    back = replace(rig.order(id="deployment_4"), site=OTHER, built=Built(OTHER, second.progress))
    await fourth.follow(rig.platform.deploy(back))
    files, environment = await site(fourth)
    assert (files["server.js"], environment["GREETING"]) == ("1", "of production"), "a promotion can be gone back to"


async def test_a_crash_in_a_promotion_promotes_once(rig: Rig) -> None:
    if rig.promote_call is None:
        return
    first, whole = Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"}, GREETING="of the preview")))
    await whole.follow(rig.platform.deploy(_promoting(rig, first, id="deployment_0")))
    builds = rig.begun()
    for number in range(1, len(whole.events) + 4):
        order, record, calls = _promoting(rig, first, id=f"deployment_{number}_p"), Record(), _made(rig)
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert (await site(record))[0]["server.js"] == "1"
        assert (_made(rig) - calls, rig.begun() - builds) == (1, 0), number


async def test_a_promotion_whose_answer_is_lost_is_found(rig: Rig) -> None:
    if rig.promote_call is None:
        return
    first = Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"})))
    await Record().follow(rig.platform.deploy(_promoting(rig, first, id="deployment_0")))
    for fault in (Fault.LOST, Fault.CUT):
        record, calls = Record(), _made(rig)
        rig.fake.awkward.append(Awkward(fault, rig.promote_call))
        await record.follow(rig.platform.deploy(_promoting(rig, first, id=f"deployment_{fault.value}")))
        assert (await site(record))[0]["server.js"] == "1"
        assert _made(rig) - calls == 1


async def test_a_promotion_that_is_given_up_leaves_what_ran_there(rig: Rig) -> None:
    if rig.promote_call is None:
        return
    first, before, second = Record(), Record(), Record()
    await first.follow(rig.platform.deploy(rig.order({"server.js": "1"})))
    await before.follow(rig.platform.deploy(replace(rig.order({"server.js": "0"}, id="deployment_2"), site=OTHER)))
    order = _promoting(rig, first, id="deployment_3")
    rig.fake.awkward.append(Awkward(Fault.LATE, rig.promote_call))
    promoting = asyncio.create_task(second.follow(rig.platform.deploy(order)))
    while rig.fake.awkward:
        assert not promoting.done()
        await asyncio.sleep(0)
    promoting.cancel()
    await asyncio.wait([promoting])
    await rig.platform.cancel(second.placement(order), live=False)
    await asyncio.sleep(0.5)
    assert (await site(before))[0]["server.js"] == "0"


async def test_what_is_to_be_promoted_and_is_gone_is_built_again(rig: Rig) -> None:
    if rig.promote_call is None:
        return
    gone = Record(Progress({"build": Call(utc_now(), "gone"), "release": Call(utc_now(), "gone")}))
    record, builds = Record(), rig.begun()
    await record.follow(rig.platform.deploy(_promoting(rig, gone, id="deployment_1")))
    assert (await site(record))[0]["server.js"] == "1"
    assert rig.begun() - builds == 1
    assert any("built again" in event.message for event in record.events if isinstance(event, Line))


def _promoting(rig: Rig, source: Record, *, id: str, **variables: str) -> Order:
    order = rig.order({"server.js": "1"}, id=id, **variables)
    return replace(order, site=OTHER, built=Built(SITE, source.progress))


def _made(rig: Rig) -> int:
    """Count what promotions have made there."""
    if isinstance(rig.fake, FakeHeroku):
        app = rig.fake.apps.get(OTHER)
        return sum(each["description"].startswith("Promotion") for each in app.releases) if app else 0
    assert isinstance(rig.fake, FakeAws)
    return sum(each["family"] == f"snapinfra-{OTHER}" for each in rig.fake.ecs.definitions)


def _rolling_back(order: Order, *, to: Record) -> Order:
    return replace(order, built=Built(SITE, to.progress))


def _pattern(call: str) -> str:
    """Return the pattern of a call whatever its ids are."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(dpl|prj|env)_[A-Za-z0-9]+|(srv|dep)-[0-9a-f]+", "[^/]+", call)
