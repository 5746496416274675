"""The tests of what is special about ECS: what is made in the account, and how AWS says that something went wrong."""

import asyncio
import io
import json
import zipfile
from collections.abc import Generator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.core.clock import utc_now
from services.core.tls import trusted
from services.foundation.aws.accounts import Endpoints
from services.platforms.ecs.adapter import EcsPlatform
from services.platforms.ecs.source import packed
from services.platforms.port import Built, Called, Config, DeployFailed, LogStream, Order
from tests.fakes.targets.aws import FakeAws
from tests.fakes.targets.hosting import answered
from tests.services.platforms.conformance import COMMON, LIMITS, SITE, InProcess, Record, Rig

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "deploy-to-ecs.md"
FORBIDDEN = "User: arn:aws:iam::1:user/x is not authorized to perform: ecs:TagResource on resource: *"


@pytest.fixture
def fake(emulator: str) -> Generator[FakeAws]:
    with FakeAws(emulator=emulator) as running:
        yield running


@pytest.fixture
def rig(fake: FakeAws) -> Rig:
    return rigged(fake)


def rigged(fake: FakeAws) -> Rig:
    return Rig(platform(fake), fake, begun=lambda: len(fake.codebuild.builds), build_call="codebuild StartBuild")


def platform(fake: FakeAws, **more: Any) -> EcsPlatform:
    return EcsPlatform(endpoints=Endpoints(other=fake.url), pauses=InProcess(), **COMMON, **more)


async def deployed(rig: Rig, order: Order) -> Record:
    record = Record()
    await record.follow(rig.platform.deploy(order))
    return record


async def refused(rig: Rig, order: Order) -> DeployFailed:
    with pytest.raises(DeployFailed) as failure:
        await deployed(rig, order)
    return failure.value


async def server_js(record: Record) -> str:
    async with httpx.AsyncClient(verify=trusted()) as client:
        return answered((await client.get(f"{record.url}/")).content)[0]["server.js"]


def container(fake: FakeAws) -> dict[str, Any]:
    """Return the container of the newest task definition."""
    return fake.ecs.definitions[-1]["containerDefinitions"][0]


def files(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


async def test_what_ecs_rolls_back_by_itself_has_failed_though_the_service_is_stable(rig: Rig, fake: FakeAws) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))

    failure = await refused(rig, rig.order({"server.js": "2", "no-start": ""}, id="deployment_2"))

    assert failure.reason == "RELEASE_FAILED"
    assert "circuit breaker" in failure.message
    assert "Essential container in task exited, exit status 1." in failure.message
    assert "Cannot find module" in failure.message
    assert fake.ecs.deployments[-1]["status"] == "ROLLBACK_SUCCESSFUL"
    assert await server_js(first) == "1"


async def test_a_backend_runs_with_a_role_for_its_tables_and_without_keys(rig: Rig, fake: FakeAws) -> None:
    await deployed(rig, rig.order(GREETING="hello there"))

    task = fake.ecs.definitions[-1]
    (tag,) = fake.ecs.tags[task["taskDefinitionArn"]]
    assert tag == {"key": "snapinfra:deployment", "value": "deployment_1"}
    names = [variable["name"] for variable in container(fake)["environment"]]
    assert names == ["AWS_REGION", "GREETING", "PORT"]
    assert "@sha256:" in container(fake)["image"]
    role = task["taskRoleArn"].rpartition("/")[2]
    policy = fake.behind("iam").get_role_policy(RoleName=role, PolicyName="snapinfra")["PolicyDocument"]
    tables = f"arn:aws:dynamodb:us-east-1:{fake.account}:table/{SITE}-*"
    statements = json.loads(policy)["Statement"] if isinstance(policy, str) else policy["Statement"]
    topics = f"arn:aws:sns:us-east-1:{fake.account}:{SITE}-*"
    files = f"arn:aws:s3:::{SITE}-*"
    queues = f"arn:aws:sqs:us-east-1:{fake.account}:{SITE}-*"
    assert [each["Resource"] for each in statements] == [
        tables,
        f"{tables}/index/*",
        f"{files}/*",
        files,
        queues,
        topics,
    ]
    assert not any("Delete" in action for each in statements for action in each["Action"] if "Table" in action)


async def test_a_command_to_start_with_is_run_in_place_of_the_images(rig: Rig, fake: FakeAws) -> None:
    order = replace(rig.order(), config=Config(start_command="node server.js --quiet"))

    await deployed(rig, order)

    assert fake.toy.running[SITE][0].command == "node server.js --quiet"


async def test_a_bucket_is_made_in_its_region(emulator: str) -> None:
    with FakeAws(emulator=emulator, region="eu-central-1") as fake:
        order = rigged(fake).order()
        await Record().follow(platform(fake, region="eu-central-1").deploy(order))

        bucket = f"snapinfra-{SITE}-{fake.account}"
        assert fake.behind("s3").get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-central-1"


@pytest.mark.parametrize(
    ("call", "refusal", "reason", "words"),
    [
        ("ecs CreateCluster", ("AccessDeniedException", FORBIDDEN), "NOT_PERMITTED", "may not call ecs:TagResource"),
        ("iam CreateRole", ("AccessDenied", "No."), "NOT_PERMITTED", "may not call iam:CreateRole"),
        ("iam CreateRole", ("LimitExceeded", "Cannot exceed 1000"), "PLAN_LIMIT", "Cannot exceed 1000"),
        ("codebuild StartBuild", ("AccountLimitExceededException", "1 build"), "PLAN_LIMIT", "1 build"),
        ("ecs CreateExpressGatewayService", ("UnsupportedFeatureException", "No"), "REGION_UNAVAILABLE", "region"),
        ("ecr CreateRepository", ("ExpiredTokenException", "Expired"), "CREDENTIALS_REFUSED", "access key"),
        ("s3 PUT bucket", ("ExpiredToken", "Expired"), "CREDENTIALS_REFUSED", "access key"),
        ("s3 PUT bucket", ("BucketAlreadyExists", "Not yours"), "NAME_TAKEN", "Somebody else"),
        ("ecs RegisterTaskDefinition", ("ClientException", "Too big"), "REFUSED", "Too big"),
    ],
)
async def test_a_refusal_says_what_to_do(
    call: str, refusal: tuple[str, str], reason: str, words: str, rig: Rig
) -> None:
    assert isinstance(rig.fake, FakeAws)
    rig.fake.refusals[call] = refusal

    failure = await refused(rig, rig.order())

    assert failure.reason == reason
    assert words in failure.message
    assert failure.again_after is None


async def test_the_documented_policy_of_the_key_has_every_call(rig: Rig, fake: FakeAws) -> None:
    first, again = rig.order(), rig.order(id="deployment_2")
    record = await deployed(rig, first)
    await rig.platform.cancel((await deployed(rig, again)).placement(again), live=False)
    await refused(rig, rig.order({"no-start": ""}, id="deployment_3"))
    given_up = rig.order(id="deployment_4")
    begun = await _under_way(rig, given_up, step="build")
    await rig.platform.cancel(begun.placement(given_up), live=False)
    fake.ecs.is_held = True
    held = rig.order(id="deployment_5")
    await rig.platform.cancel((await _under_way(rig, held)).placement(held), live=False)
    await rig.platform.cancel(record.placement(first), live=True)

    text = HOW_TO.read_text().partition("```json")[2].partition("```")[0]
    allowed = {action for each in json.loads(text)["Statement"] for action in each["Action"]}
    called = {call.replace(" ", ":") for call in fake.calls if not call.startswith("s3 ")}
    assert {"ecs:StopServiceDeployment", "codebuild:StopBuild", "ecs:ListTasks"} <= called
    assert called <= allowed


async def test_a_line_that_was_cut_inside_an_emoji_is_told(rig: Rig, fake: FakeAws) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    fake.logs.put(f"/snapinfra/{SITE}/service", "deployment_1/Main/a", "half \ud83d of it")
    await record.follow(rig.platform.look(record.placement(order)))

    assert record.lines[-1].message == "half \ufffd of it"


async def test_a_line_that_comes_late_is_told_once(rig: Rig, fake: FakeAws) -> None:
    order = rig.order()
    record = await deployed(rig, order)
    now = int(utc_now().timestamp() * 1000)
    group = f"/snapinfra/{SITE}/service"
    for stream, at, line in [("a", now, "later"), ("b", now - 3000, "earlier"), ("a", now, "at that moment")]:
        fake.logs.put(group, f"deployment_1/Main/{stream}", f"{line}\n", at=at)
        await record.follow(rig.platform.look(record.placement(order)))
    fake.logs.put(group, "deployment_2/Main/c", "of another deployment")
    await record.follow(rig.platform.look(record.placement(order)))

    said = [line.message for line in record.lines if line.stream is LogStream.RUNTIME]
    assert said[-3:] == ["later", "earlier", "at that moment"]


async def test_a_service_deployment_under_way_is_rolled_back_when_it_is_given_up(rig: Rig, fake: FakeAws) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    fake.ecs.is_held = True
    order = rig.order({"server.js": "2"}, id="deployment_2")
    second = await _under_way(rig, order)

    await rig.platform.cancel(second.placement(order), live=False)
    await _until_ended(fake)

    assert fake.ecs.deployments[-1]["status"] == "ROLLBACK_SUCCESSFUL"
    assert await server_js(first) == "1"
    await rig.platform.cancel(second.placement(order), live=False)
    assert len(fake.ecs.deployments) == 2


async def test_a_first_deployment_that_is_given_up_leaves_no_service(rig: Rig, fake: FakeAws) -> None:
    fake.ecs.is_held = True
    order = rig.order()
    record = await _under_way(rig, order)

    await rig.platform.cancel(record.placement(order), live=False)

    assert fake.ecs.services[SITE]["status"] in {"DRAINING", "INACTIVE"}
    assert SITE not in fake.toy.running


async def test_what_has_succeeded_but_is_given_up_goes_back_to_what_ran_before(rig: Rig, fake: FakeAws) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    order = rig.order({"server.js": "2"}, id="deployment_2")
    second = await deployed(rig, order)

    for _ in range(2):
        await rig.platform.cancel(second.placement(order), live=False)
    await _until_ended(fake)

    assert await server_js(first) == "1"
    assert len(fake.ecs.deployments) == 3


async def test_what_ecs_finds_well_and_nobody_reaches_gives_way_to_what_ran_before(rig: Rig, fake: FakeAws) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    fake.ecs.is_checked = False

    failure = await refused(rig, rig.order({"server.js": "2", "no-health": ""}, id="deployment_2"))
    await _until_ended(fake)

    assert failure.reason == "HEALTH_CHECK_FAILED"
    assert len(fake.ecs.deployments) == 3
    assert await server_js(first) == "1"


async def test_what_takes_too_long_is_rolled_back(rig: Rig, fake: FakeAws) -> None:
    first = await deployed(rig, rig.order({"server.js": "1"}))
    fake.ecs.is_held = True
    hurried = replace(platform(fake), limits=replace(LIMITS, release=1))

    with pytest.raises(DeployFailed) as failure:
        await Record().follow(hurried.deploy(rig.order({"server.js": "2"}, id="deployment_2")))
    await _until_ended(fake)

    assert failure.value.reason == "RELEASE_TIMED_OUT"
    assert fake.ecs.deployments[-1]["status"] == "ROLLBACK_SUCCESSFUL"
    assert await server_js(first) == "1"


async def test_a_service_that_was_stopped_is_made_again(rig: Rig, fake: FakeAws) -> None:
    order = rig.order({"server.js": "1"})
    first = await deployed(rig, order)
    await rig.platform.cancel(first.placement(order), live=True)
    assert fake.ecs.services[SITE]["status"] == "DRAINING"

    back = replace(rig.order(id="deployment_2"), built=Built(SITE, first.progress))
    second = await deployed(rig, back)

    assert await server_js(second) == "1"


def test_a_source_gets_a_dockerfile_where_it_has_none() -> None:
    added = files(packed({"package.json": b"{}"}, build_command=None))["Dockerfile"]
    assert "npm run build --if-present" in added
    assert "PORT=3000" in added

    own = {"Dockerfile": b"FROM scratch\n"}
    assert files(packed(own, build_command=None)) == {"Dockerfile": "FROM scratch\n"}
    assert "RUN sh -c 'make it'" in files(packed(own, build_command="make it"))["Dockerfile"]


def test_the_same_files_make_the_same_source() -> None:
    given = {"b": b"2", "a": b"1"}

    assert packed(given, build_command=None) == packed(dict(sorted(given.items())), build_command=None)


async def _under_way(rig: Rig, order: Order, *, step: str = "service") -> Record:
    """Deploy until a step has begun at AWS, and lose the worker."""
    record = Record()
    async with aclosing(rig.platform.deploy(order)) as events:
        async for event in events:
            record.store(event)
            if isinstance(event, Called) and event.step == step:
                return record
    raise AssertionError(record.events)


async def _until_ended(fake: FakeAws) -> None:
    ended = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL"}
    async with asyncio.timeout(10):
        while fake.ecs.deployments[-1]["status"] not in ended:  # noqa: ASYNC110 - the fake is in another thread
            await asyncio.sleep(0.01)
