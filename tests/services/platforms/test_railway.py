"""What is special about Railway."""

import asyncio
import json
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from graphql import parse, validate

from services.core.clock import utc_now
from services.core.credentials import Token
from services.core.tls import trusted
from services.platforms.port import Built, Config, DeployFailed, Line, LogLevel, LogStream, Order, StepChanged
from services.platforms.railway.adapter import RailwayPlatform
from services.platforms.railway.documents import ALL, Document
from services.platforms.railway.site import OURS
from tests.fakes.targets.hosting import answered
from tests.fakes.targets.railway import FakeRailway
from tests.fakes.targets.railway_cloud import Project, Service, Written
from tests.fakes.targets.railway_schema import REDUCED, railway_schema, reduced
from tests.services.platforms.conformance import COMMON, SITE, Crash, InProcess, Record, Rig


@pytest.fixture
def fake() -> Generator[FakeRailway]:
    with FakeRailway() as running:
        yield running


@pytest.fixture
def rig(fake: FakeRailway) -> Rig:
    platform = RailwayPlatform(base_url=fake.url, pauses=InProcess(), **COMMON)
    return Rig(platform, fake, begun=lambda: fake.uploads, build_call="POST /project/.*/up")


async def deployed(rig: Rig, order: Order) -> Record:
    record = Record()
    await record.follow(rig.platform.deploy(order))
    return record


async def refusal(rig: Rig, order: Order) -> DeployFailed:
    with pytest.raises(DeployFailed) as failure:
        await deployed(rig, order)
    return failure.value


def service(fake: FakeRailway) -> Service:
    (found,) = (service for project in fake.projects for service in project.services)
    return found


async def code(record: Record) -> str | None:
    """Return the code that answers; None while nothing does, as between two deployments."""
    async with httpx.AsyncClient(verify=trusted()) as client:
        answer = await client.get(f"{record.url}/")
    return answered(answer.content)[0]["server.js"] if answer.is_success else None


@pytest.mark.parametrize("document", ALL, ids=[document.name for document in ALL])
def test_what_is_asked_is_valid_by_the_published_schema(document: Document) -> None:
    assert validate(railway_schema(), parse(document.text)) == []


def test_the_schema_holds_what_our_documents_reach_and_no_more() -> None:
    kept = json.loads(REDUCED.read_text())
    assert reduced(kept) == kept


async def test_more_lines_than_are_asked_for_at_once_are_all_told_in_order(rig: Rig, fake: FakeRailway) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    began = utc_now() + timedelta(seconds=1)
    log = service(fake).deployments[-1].runtime
    log.lines += [
        Written(
            began + timedelta(milliseconds=10 * (number // 40)), began - timedelta(hours=1), f"line {number}", "info"
        )
        for number in range(1_800)
    ]
    await record.follow(rig.platform.look(record.placement(order)))
    await record.follow(rig.platform.look(record.placement(order)))
    said = [line.message for line in record.lines if line.message.startswith("line ")]
    assert said == [f"line {number}" for number in range(1_800)]


async def test_equal_lines_of_one_time_are_each_told_once(rig: Rig, fake: FakeRailway) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    at = utc_now() + timedelta(seconds=1)
    same = Written(at, at - timedelta(hours=1), "again", "warn")
    for count in (1, 2, 3, 3):
        log = service(fake).deployments[-1].runtime
        log.lines += [same] * (count - sum(line is same for line in log.lines))
        await record.follow(rig.platform.look(record.placement(order)))
    said = [line for line in record.lines if line.message == "again"]
    assert len(said) == 3
    assert {line.level for line in said} == {LogLevel.WARN}


async def test_a_line_that_comes_after_later_ones_is_told(rig: Rig, fake: FakeRailway) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    began = utc_now() + timedelta(seconds=1)
    log = service(fake).deployments[-1].runtime
    for milliseconds in (0, 900, 2_000, 100, 1_999):
        at = began + timedelta(milliseconds=milliseconds)
        log.lines.append(Written(at, began - timedelta(hours=1), f"line {milliseconds}", "info"))
        log.lines.sort(key=lambda line: line.at)
        await record.follow(rig.platform.look(record.placement(order)))
    said = [line.message for line in record.lines if line.message.startswith("line ")]
    assert said == ["line 0", "line 900", "line 2000", "line 100", "line 1999"]


async def test_a_line_of_json_is_told_with_all_that_it_has(rig: Rig, fake: FakeRailway) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    at = utc_now() + timedelta(seconds=1)
    content = json.dumps({"level": "error", "message": "it broke", "status": 500, "path": "/a"})
    service(fake).deployments[-1].runtime.lines.append(Written(at, at - timedelta(hours=1), content, "info"))
    await record.follow(rig.platform.look(record.placement(order)))
    assert [(line.message, line.level) for line in record.lines if "broke" in line.message] == [
        ('it broke path="/a" status=500', LogLevel.ERROR)
    ]


async def test_the_users_own_variables_stay_and_nothing_is_deployed_for_ours(rig: Rig, fake: FakeRailway) -> None:
    await deployed(rig, rig.order(OLD="old value"))
    service(fake).variables |= {"THEIRS": "${{Postgres.URL}}"}
    await deployed(rig, rig.order(id="deployment_2", NEW="new value"))
    assert service(fake).variables == {"THEIRS": "${{Postgres.URL}}", "NEW": "new value", OURS: "NEW"}
    assert len(service(fake).deployments) == 2


async def test_a_sealed_variable_of_the_user_stays_where_ours_is_taken_out(rig: Rig, fake: FakeRailway) -> None:
    await deployed(rig, rig.order(OLD="old value"))
    service(fake).variables["SEALED"] = None
    record = await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    assert service(fake).variables == {"SEALED": None, OURS: ""}
    assert await code(record) == "2"


async def test_the_project_is_found_on_any_page_of_any_workspace(rig: Rig, fake: FakeRailway) -> None:
    first, second = fake.workspaces
    long_ago = utc_now() - timedelta(days=1)
    fake.projects += [Project(f"other-{number}", first, created=long_ago) for number in range(5)]
    fake.projects += [Project(f"more-{number}", second, created=long_ago) for number in range(3)]
    fake.projects.append(Project(SITE, second, created=long_ago))
    await deployed(rig, rig.order())
    assert [project.name for project in fake.projects].count(SITE) == 1
    assert service(fake).project is fake.projects[-1]


async def test_creates_whose_answer_says_nothing_are_made_once(rig: Rig, fake: FakeRailway) -> None:
    for operation in ("ProjectCreate", "ServiceCreate", "DomainCreate"):
        fake.refusals[operation] = ["Problem processing request"]
    await deployed(rig, rig.order())
    assert len(fake.projects) == 1
    assert len(service(fake).domains) == 1


async def test_a_deployment_that_waits_for_approval_says_so_and_goes_on(rig: Rig, fake: FakeRailway) -> None:
    fake.cloud.wants_approval = True
    record = Record()

    async def approve() -> None:
        while not any("approves" in line.message for line in record.events if isinstance(line, Line)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        fake.cloud.wants_approval = False

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(approve())
        group.create_task(record.follow(rig.platform.deploy(rig.order())))
    assert record.url


async def test_a_deployment_that_nobody_approves_fails_and_says_why(fake: FakeRailway) -> None:
    limits = replace(COMMON["limits"], build=0.5)
    platform = RailwayPlatform(base_url=fake.url, pauses=InProcess(), **{**COMMON, "limits": limits})
    rig = Rig(platform, fake, begun=lambda: fake.uploads, build_call="")
    fake.cloud.wants_approval = True
    failure = await refusal(rig, rig.order())
    fake.cloud.wants_approval = False
    assert failure.reason == "NEEDS_APPROVAL"


async def test_what_is_canceled_at_railway_is_said_to_be(rig: Rig, fake: FakeRailway) -> None:
    fake.cloud.wants_approval = True
    record = Record()

    async def cancel() -> None:
        while not any("approves" in line.message for line in record.events if isinstance(line, Line)):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        service(fake).deployments[-1].status = "REMOVED"
        fake.cloud.wants_approval = False

    canceling = asyncio.create_task(cancel())
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order()))
    await canceling
    assert failure.value.reason == "CANCELED"


async def test_what_is_removed_before_it_answers_is_said_to_be(rig: Rig, fake: FakeRailway) -> None:
    fake.cloud.is_checked = False
    record = Record()

    async def remove() -> None:
        while not any(isinstance(event, StepChanged) and event.step == "health" for event in record.events):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        service(fake).deployments[-1].status = "REMOVED"

    removing = asyncio.create_task(remove())
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.deploy(rig.order({"no-health": ""})))
    await removing
    assert failure.value.reason == "CANCELED"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Not Authorized", "NOT_PERMITTED"),
        ("Free plan resource provision limit exceeded. Please upgrade to provision more resources!", "PLAN_LIMIT"),
        ("You are creating projects too quickly", "RATE_LIMITED"),
        ("Something else", "REFUSED"),
    ],
)
async def test_refusals_say_what_to_do(rig: Rig, fake: FakeRailway, words: str, reason: str) -> None:
    fake.refusals["ProjectCreate"] = [words]
    failure = await refusal(rig, rig.order())
    assert failure.reason == reason
    assert (failure.again_after is not None) == (reason == "RATE_LIMITED")
    assert not fake.projects


async def test_what_runs_answers_until_the_later_one_is_well(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    failure = await refusal(rig, rig.order({"server.js": "2", "no-health": ""}, id="deployment_2"))
    assert failure.reason == "HEALTH_CHECK_FAILED"
    assert await code(first) == "1"
    assert [each.status for each in service(fake).deployments] == ["SUCCESS", "FAILED"]


async def test_what_does_not_answer_from_outside_gives_way_to_what_ran_before(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}, GREETING="first words"))
    fake.cloud.is_checked = False
    failure = await refusal(rig, rig.order({"no-health": ""}, id="deployment_2", GREETING="later words"))
    assert failure.reason == "HEALTH_CHECK_FAILED"
    async with asyncio.timeout(20):
        while service(fake).deployments[1].status != "REMOVED":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)
    assert await code(first) == "1"
    assert service(fake).variables["GREETING"] == "first words"


async def test_giving_up_what_runs_already_brings_back_what_ran_before(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    order, second = rig.order({"server.js": "2"}, id="deployment_2"), Record()
    with suppress(Crash):
        await second.follow(rig.platform.deploy(order), crash_after=12)
    async with asyncio.timeout(20):
        while await code(first) != "2":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)
    for _ in range(2):
        await rig.platform.cancel(second.placement(order), live=False)
    async with asyncio.timeout(20):
        while await code(first) != "1":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)
    assert len(service(fake).deployments) == 3


async def test_a_rollback_that_crashes_anywhere_is_begun_once(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    for number in range(1, 12):
        order = replace(rig.order(id=f"deployment_{number}_back"), built=Built(SITE, first.progress))
        record, before = Record(), len(service(fake).deployments)
        with suppress(Crash):
            await record.follow(rig.platform.deploy(order), crash_after=number)
        await record.follow(rig.platform.deploy(record.at(order)))
        assert len(service(fake).deployments) - before == 1, number
        assert await code(record) == "1"


async def test_an_image_that_is_not_kept_is_built_anew(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}, GREETING="first words"))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2", GREETING="later words"))
    service(fake).deployments[0].is_kept = False
    order = rig.order({"server.js": "1"}, id="deployment_3", GREETING="first words")
    third = await deployed(rig, replace(order, built=Built(SITE, first.progress)))
    assert await code(third) == "1"
    assert service(fake).variables["GREETING"] == "first words"
    assert fake.uploads == 3


async def test_each_line_is_in_the_log_of_the_deployment_that_wrote_it(rig: Rig, fake: FakeRailway) -> None:
    orders = (rig.order({"server.js": "1"}), rig.order({"server.js": "2"}, id="deployment_2"))
    first, second = await deployed(rig, orders[0]), await deployed(rig, orders[1])
    fake.cloud.redeploy(service(fake).deployments[1])  # which is of the second, too
    async with asyncio.timeout(20):
        while service(fake).deployments[1].status != "REMOVED":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)
    await service(fake).deployments[0].runtime.emit("of the first")
    await service(fake).deployments[2].runtime.emit("of the second")
    await asyncio.sleep(0.1)
    before = len([line for line in first.lines if line.stream is LogStream.BUILD])
    for record, order in zip((first, second), orders, strict=True):
        await record.follow(rig.platform.look(record.placement(order)))

    told = [[line.message for line in record.lines if line.message.startswith("of the")] for record in (first, second)]
    assert told == [["of the first"], ["of the second"]]
    assert len([line for line in first.lines if line.stream is LogStream.BUILD]) == before


async def test_what_another_deployment_has_replaced_is_not_restarted_as_if_it_ran(rig: Rig, fake: FakeRailway) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    await deployed(rig, rig.order(id="deployment_2"))
    with pytest.raises(DeployFailed) as failure:
        await record.follow(rig.platform.restart(record.running(order)))
    assert failure.value.reason == "GONE"
    assert fake.restarts == 0


async def test_a_rollback_has_lines_though_it_has_none_of_a_build(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    order = replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress))
    record = await deployed(rig, order)
    assert not service(fake).deployments[-1].build.lines
    await service(fake).deployments[-1].runtime.emit("back again")
    await asyncio.sleep(0.1)
    await record.follow(rig.platform.look(record.placement(order)))
    said = [line.message for line in record.lines if line.stream is LogStream.RUNTIME]
    assert said[:2] == ["Starting process with command `npm start`", "Listening"]
    assert "back again" in said


async def test_a_crash_of_what_was_not_built_is_told_with_its_last_lines(rig: Rig, fake: FakeRailway) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    await deployed(rig, rig.order({"server.js": "2"}, id="deployment_2"))
    service(fake).deployments[0].files = {**service(fake).deployments[0].files, "no-start": b""}
    with pytest.raises(DeployFailed) as failure:
        await deployed(rig, replace(rig.order(id="deployment_3"), built=Built(SITE, first.progress)))
    assert failure.value.reason == "CRASHED"
    assert "Cannot find module 'express'" in failure.value.message


async def test_what_railway_moved_to_another_machine_goes_on_being_told_and_can_be_stopped(
    rig: Rig, fake: FakeRailway
) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    fake.cloud.build(service(fake), service(fake).deployments[0].files, {"reason": "migrate"})
    async with asyncio.timeout(20):
        while service(fake).deployments[0].status != "REMOVED":  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0.02)
    async with httpx.AsyncClient(verify=trusted()) as client:
        await client.get(f"{record.url}/page")
    await asyncio.sleep(0.1)
    await record.follow(rig.platform.look(record.placement(order)))
    assert "GET /page" in [line.message for line in record.lines if line.stream is LogStream.RUNTIME]
    await rig.platform.cancel(record.placement(order), live=True)
    assert service(fake).active is None


@pytest.mark.parametrize(
    "given", [{}, {"railway.json": '{"deploy": {"numReplicas": 2}}'}, {"railway.toml": "[deploy]\nnumReplicas = 2"}]
)
async def test_what_was_chosen_becomes_railways_configuration(
    rig: Rig, fake: FakeRailway, given: dict[str, str]
) -> None:
    order = rig.order(given)
    config = Config(build_command="make it", start_command="node it.js", health_path="/well")
    await deployed(rig, replace(order, config=config))
    files = service(fake).deployments[-1].files
    written = json.loads(files["railway.json"])
    assert "railway.toml" not in files
    assert written["build"] == {"buildCommand": "make it"}
    chosen = {"startCommand": "node it.js", "healthcheckPath": "/well", "healthcheckTimeout": 4}
    assert written["deploy"] == ({"numReplicas": 2, **chosen} if given else chosen)


async def test_a_configuration_that_is_not_readable_is_said_to_be(rig: Rig, fake: FakeRailway) -> None:
    for files in ({"railway.json": "[]"}, {"railway.toml": "= 1"}):
        assert (await refusal(rig, rig.order(files, id=f"deployment_{files}"))).reason == "BAD_ARCHIVE"
    assert fake.uploads == 0


async def test_a_token_of_no_workspace_is_said_to_be_of_no_use(rig: Rig, fake: FakeRailway) -> None:
    fake.workspaces = {}
    assert (await refusal(rig, rig.order())).reason == "NOT_PERMITTED"


async def test_a_project_is_made_in_the_workspace_that_is_meant(rig: Rig, fake: FakeRailway) -> None:
    for number, workspace in enumerate(("Team of Alice", list(fake.workspaces)[1])):
        fake.projects.clear()
        order = replace(rig.order(id=f"deployment_{number}"), credentials=Token(fake.token, workspace))
        await deployed(rig, order)
        assert [fake.workspaces[project.workspace_id] for project in fake.projects] == ["Team of Alice"]
    fake.projects.clear()
    order = replace(rig.order(id="deployment_2"), credentials=Token(fake.token, "Team of Bob"))
    refused = await refusal(rig, order)
    assert refused.reason == "WORKSPACE_UNKNOWN"
    assert "'Team of Bob'" in refused.message
    assert fake.projects == []


async def test_whose_token_it_is(rig: Rig, fake: FakeRailway) -> None:
    assert (await rig.platform.check(Token(fake.token))).name == "Alice's, Team of Alice"
    assert (await rig.platform.check(Token(fake.token, "Team of Alice"))).name == "Team of Alice"
