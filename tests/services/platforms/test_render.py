"""What is special about Render: code in a repository, settings and variables, logs of a service."""

import asyncio
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.core.credentials import Token
from services.platforms.port import Built
from services.platforms.render.client import RenderClient
from services.platforms.render.site import OURS
from services.platforms.vendors.client import Answer
from tests.fakes.targets.render import FakeRender, owner
from tests.fakes.targets.server import Awkward, Fault
from tests.services.platforms.conformance import PATIENCE, SITE, InProcess, Record, Rig
from tests.services.platforms.rendered import deployed, failure, get, running, service
from tests.services.platforms.test_targets import is_whole
from tests.services.platforms.test_targets import render as render_rig


@pytest.fixture
def rig() -> Generator[Rig]:
    yield from render_rig()


@pytest.fixture
def fake(rig: Rig) -> FakeRender:
    assert isinstance(rig.fake, FakeRender)
    return rig.fake


async def test_each_deployment_is_a_commit_of_a_private_repository_that_deploys_nothing_by_itself(
    rig: Rig, fake: FakeRender
) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    second = await deployed(rig, rig.order({"server.js": "1"}, id="deployment_2"))
    (repository,) = fake.github.repositories.values()
    assert repository.full_name == f"octocat/{SITE}"
    assert repository.is_private
    assert repository.messages()[:2] == ["Deploy deployment_2", "Deploy deployment_1"]
    assert first.progress.id("commit") != second.progress.id("commit"), "though nothing has changed"
    assert [each.commit for each in service(fake).deploys] == [
        first.progress.id("commit"),
        second.progress.id("commit"),
    ]
    assert service(fake).record["autoDeploy"] == "no"
    assert (service(fake).details["plan"], service(fake).details["region"]) == ("free", "virginia")


async def test_a_repository_that_the_workspace_may_not_read_is_refused_with_what_to_do(
    rig: Rig, fake: FakeRender
) -> None:
    fake.knows_github = False
    refused = await failure(rig, rig.order())
    assert refused.reason == "REPOSITORY_UNREACHABLE"
    assert "GitHub app" in refused.message
    assert f"https://github.com/octocat/{SITE}. " in refused.message
    assert refused.again_after is None
    assert fake.services == {}


async def test_a_repository_that_can_not_be_cloned_is_told_of_with_what_to_do(rig: Rig, fake: FakeRender) -> None:
    fake.may_read = False
    refused = await failure(rig, rig.order())
    assert refused.reason == "REPOSITORY_UNREACHABLE"
    assert "github.com/settings/installations" in refused.message


async def test_a_repository_that_can_not_be_read_any_more_is_told_of_and_what_runs_goes_on(
    rig: Rig, fake: FakeRender
) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    fake.may_read = False
    order = rig.order({"server.js": "2"}, id="deployment_2", NEW="variable")
    for wanted in (order, replace(order, built=Built(SITE, first.progress))):
        assert (await failure(rig, wanted)).reason == "REPOSITORY_UNREACHABLE"
    assert fake.begun == 1
    assert running(fake) == "1"


async def test_without_credentials_of_the_code_host_nothing_is_begun(rig: Rig, fake: FakeRender) -> None:
    refused = await failure(rig, replace(rig.order(), code_host=None))
    assert refused.reason == "NO_CREDENTIALS"
    assert "GITHUB integration" in refused.message
    assert fake.services == {}
    assert fake.github.repositories == {}


async def test_a_call_of_the_code_host_may_fail_once_in_any_way(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order(id="deployment_0"))
    calls = sorted({f"{call.split()[0]} .*/{call.rpartition('/')[2][:4]}[^/]*" for call in fake.github.calls})
    for number, pattern in enumerate(calls):
        for fault in (Fault.BROKEN, Fault.LOST, Fault.CUT):
            before = fake.begun
            fake.github.awkward.append(Awkward(fault, pattern))
            record = await deployed(rig, rig.order(id=f"deployment_{number}_{fault.value}"))
            assert fake.begun == before + 1
            commits = next(iter(fake.github.repositories.values())).messages()
            assert commits.count(f"Deploy deployment_{number}_{fault.value}") == 1
            assert is_whole(record)
            fake.github.awkward.clear()


async def test_variables_of_the_user_stay_however_many_there_are(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order(OLD="is gone later"))
    own = {f"OWN_{number:03}": f"value {number}" for number in range(230)}
    service(fake).variables |= own
    await deployed(rig, rig.order(id="deployment_2", NEW="comes"))
    variables = dict(fake.running(SITE)[1])
    assert {name: variables[name] for name in own} == own
    assert variables["NEW"] == "comes"
    assert "OLD" not in variables
    assert variables[OURS] == "NEW"


async def test_of_several_workspaces_none_is_guessed(rig: Rig, fake: FakeRender) -> None:
    fake.owners.append(owner("Team of Alice"))
    refused = await failure(rig, rig.order())
    assert refused.reason == "WORKSPACE_UNKNOWN"
    assert "Team of Alice (tea-" in refused.message
    assert fake.services == {}


async def test_a_service_is_made_and_found_in_the_workspace_that_is_meant(rig: Rig, fake: FakeRender) -> None:
    team = owner("Team of Alice")
    fake.owners.append(team)
    for number, workspace in enumerate(("Team of Alice", team["id"])):
        order = replace(rig.order(id=f"deployment_{number}"), credentials=Token(fake.token, workspace))
        await deployed(rig, order)
        assert service(fake).record["ownerId"] == team["id"]
    assert (await rig.platform.check(Token(fake.token, team["id"]))).name == "Team of Alice"
    order = replace(rig.order(id="deployment_2"), credentials=Token(fake.token, "Team of Bob"))
    assert (await failure(rig, order)).reason == "WORKSPACE_UNKNOWN"
    assert fake.begun == 2


async def test_a_plan_that_must_be_paid_is_said_to_be(rig: Rig, fake: FakeRender) -> None:
    fake.wants_payment = True
    refused = await failure(rig, rig.order())
    assert refused.reason == "PLAN_LIMIT"
    assert "Payment information" in refused.message


async def test_settings_follow_the_deployment_but_plan_and_scale_stay(rig: Rig, fake: FakeRender) -> None:
    await deployed(rig, rig.order())
    service(fake).details.update(plan="standard", numInstances=3)
    order = rig.order({"server.js": "2"}, id="deployment_2")
    chosen = replace(order.config, start_command="node server.js", build_command="npm run compile", health_path="/well")
    await deployed(rig, replace(order, config=chosen))
    assert fake.toy.running[service(fake).deploys[-1].site][0].command == "node server.js"
    assert service(fake).details["envSpecificDetails"]["buildCommand"].endswith("&& npm run compile")
    assert service(fake).details["healthCheckPath"] == "/well"
    assert (service(fake).details["plan"], service(fake).details["numInstances"]) == ("standard", 3)
    patches = fake.calls[f"PATCH /v1/services/{service(fake).id}"]
    await deployed(rig, replace(rig.order(id="deployment_3"), config=chosen))
    assert fake.calls[f"PATCH /v1/services/{service(fake).id}"] == patches, "nothing to change"


async def test_lines_of_what_ran_before_are_not_of_the_deployment(rig: Rig, fake: FakeRender) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    second = Record()
    deploying = asyncio.create_task(second.follow(rig.platform.deploy(rig.order(id="deployment_2"))))
    while not deploying.done():
        await get(first, "of-the-first")
        await asyncio.sleep(0.01)
    await deploying
    assert "/of-the-first" in "".join(line.message for line in service(fake).log.lines)
    assert not [line for line in second.lines if line.message == "GET /of-the-first" and line.at < live_at(fake)]


async def test_many_lines_come_in_pages_once_and_in_order(rig: Rig, fake: FakeRender) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    live = service(fake).live
    assert live is not None
    for number in range(350):
        await service(fake).log.write("app", f"line {number}", instance=live.instance)
    await asyncio.sleep(0.05)
    for _ in range(2):
        await record.follow(rig.platform.look(record.placement(order)))
    said = [line.message for line in record.lines if line.message.startswith("line ")]
    assert said == [f"line {number}" for number in range(350)]


async def test_a_service_that_was_deleted_at_render_is_made_anew(rig: Rig, fake: FakeRender) -> None:
    order = rig.order({"server.js": "1"})
    first = await deployed(rig, order)
    fake.services.clear()
    await rig.platform.cancel(first.placement(order), live=True)
    second = await deployed(
        rig, replace(rig.order({"server.js": "1"}, id="deployment_2"), built=Built(SITE, first.progress))
    )
    assert running(fake) == "1"
    assert second.url == first.url


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-reset": "45"}, 45),
        ({"ratelimit-reset": "1795985400", "date": "Sat, 28 Nov 2026 20:50:00 GMT"}, 86_400),
        ({"ratelimit-reset": "1595985400", "date": "Sat, 28 Nov 2026 20:50:00 GMT"}, 0),
        ({"ratelimit-reset": "1795985400"}, None),
        ({"ratelimit-reset": "45", "retry-after": "7"}, 7),
        ({"ratelimit-reset": "-5"}, 0),
        ({"ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_limit(headers: dict[str, str], seconds: float | None) -> None:
    client = RenderClient(name="Render", base_url="http://127.0.0.1", token="t", pauses=InProcess(), patience=PATIENCE)
    assert client.pause(Answer(429, headers, b"")) == seconds


def live_at(fake: FakeRender) -> datetime:
    finished = service(fake).deploys[-1].finished
    assert finished is not None
    return finished - timedelta(milliseconds=25)
