"""The permissions of each process are those of the calls that it makes, no more and no less."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, ClassVar

import httpx
import pytest
import uvicorn

from cli.rehearsal import Rehearsal
from graph.app import create_app
from services.bootstrap import Process as Parts
from services.bootstrap import opened, resources, table_name
from services.config import Config
from services.core.clock import utc_now
from services.core.credentials import AwsRole
from services.core.frozen import frozen
from services.core.ids import GenerationId, ProjectId, TeamId, UserId, new_id
from services.core.tls import trusted
from services.deployments.model import Deployment
from services.foundation.aws.clients import connect
from services.foundation.aws.emulator import free_port
from services.foundation.aws.permissions import PERMISSIONS, Process, Resource
from services.foundation.aws.provision import provision
from services.foundation.aws.roles import RoleRefused
from services.foundation.jobs.sweeper import Sweeper
from services.generations.model import Generation, GenerationKind
from services.lifecycle.purge import Purge
from services.platforms.port import DeploymentPlatform, Live, Order
from services.platforms.port import Event as Happening
from services.projects.model import PROJECTS
from tests.graph.test_app_webhooks import KEY, clerk_user, tell
from tests.permissions.calls import Call, Recorder
from tests.resolvers.test_authorization import built, outcome
from tests.services.foundation.events.redis_server import RedisServer
from tests.slice import Caller
from tests.snapinfra import Server, User, events, settings
from tests.tables import ENTRIES

ROLES = (Process.API, Process.WORKER, Process.PROVISION)
NOTIFY = """
mutation($team: ID!, $url: String!) {
  createWebhook(input: {teamId: $team, url: $url}) { userErrors { message } }
  createNotificationTarget(input: {teamId: $team, channel: SMS, address: "+14155550123"}) { userErrors { message } }
}"""


CONNECT = """
mutation($team: ID!) {
  createIntegration(input: {teamId: $team, type: HEROKU, name: "Ours", credentials: {token: "HRKU-0123456789"}}) {
    userErrors { message }
  }
}"""


@frozen
class Lasting(Rehearsal):
    """A rehearsal of a platform on which what runs goes on without us."""

    outlives: ClassVar[bool] = True

    async def deploy(self, order: Order) -> AsyncGenerator[Happening, None]:
        async with aclosing(Rehearsal.deploy(self, order)) as happened:
            async for event in happened:
                yield event
                if isinstance(event, Live):
                    return


@dataclass
class Stage:
    """A stage whose processes each have a recorder."""

    config: Config
    recorders: dict[Process, Recorder] = field(default_factory=lambda: {role: Recorder() for role in ROLES})

    @asynccontextmanager
    async def opened(self, role: Process, *, days: int = 0) -> AsyncGenerator[Parts]:
        """Open a process's parts, some days later, and record its calls."""
        platforms = {DeploymentPlatform.LOCAL: Rehearsal(utc_now), DeploymentPlatform.HEROKU: Lasting(utc_now)}
        clock = (lambda: utc_now() + timedelta(days=days)) if days else utc_now
        async with opened(self.config, {}, now=clock, platforms=platforms) as parts:
            self.recorders[role].listen(parts.services.projects.table.aws)
            yield parts

    def provision(self) -> None:
        aws = connect(region=self.config.aws_region, endpoint=self.config.aws_endpoint_url)
        self.recorders[Process.PROVISION].listen(aws)
        try:
            provision(aws, resources(self.config))
        finally:
            aws.close()

    @contextmanager
    def running(self) -> Generator[Server]:
        """Run an api in a thread of its own, and a worker in another."""
        done, threads = Event(), list[Thread]()
        for work in (self._serve, self._work):
            up = Event()
            threads.append(Thread(target=asyncio.run, args=[work(up, done)]))
            threads[-1].start()
            assert up.wait(30)
        try:
            yield Server(self.config)
        finally:
            done.set()
            for thread in threads:
                thread.join()

    async def _serve(self, up: Event, done: Event) -> None:
        async with self.opened(Process.API) as parts:
            server = uvicorn.Server(
                uvicorn.Config(
                    create_app(parts.services), port=self.config.port, ws="websockets-sansio", log_level="error"
                )
            )
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.02)
            up.set()
            await asyncio.to_thread(done.wait)
            server.should_exit = True
            await serving

    async def _work(self, up: Event, done: Event) -> None:
        async with self.opened(Process.WORKER) as parts:
            stop = asyncio.Event()
            working = asyncio.gather(*(worker.run(stop) for worker in parts.workers))
            await parts.services.health.report()
            up.set()
            await asyncio.to_thread(done.wait)
            stop.set()
            await working


async def everything_a_user_does(server: Server) -> None:
    """Use every root field as the owner of a team, and let the worker do what comes of it."""
    things = await built(server)
    owner, ids = things.owner, things.ids
    await tell(server, "user.created", clerk_user(ids["owner"], 1))
    await owner.ask(NOTIFY, team=ids["team"], url=f"http://127.0.0.1:{free_port()}/")
    async with httpx.AsyncClient(verify=trusted(), timeout=30) as http:
        await http.get(f"{server.origin}/api/health")
        for field_name, entry in ENTRIES.items():
            found = await outcome(http, things, entry, Caller.OWNER)
            assert found is entry.outcomes[Caller.OWNER], field_name


async def every_kind_of_job(server: Server) -> None:
    """Generate every kind, deploy and replace, and cancel; the last project is deleted with all of it."""
    user = server.user()
    project_id = (await user.project())["id"]
    generation_id = deployment_id = ""
    for kind in ("SCHEMA", "ARCHITECTURE", "DOCUMENTATION", "CHAT", "CODE"):
        generation_id = await user.generate(project_id, kind, prompt="A shop with orders")
        assert (await events(user, generation_id))[-1]["status"] == "COMPLETED", kind
    changed = await user.generate(project_id, "CODE", prompt="Rename it", baseGenerationId=generation_id)
    await events(user, changed)
    for _ in range(2):
        deployment_id = await user.deploy(project_id, generation_id)
        async with asyncio.timeout(30):
            while (await deployment(user, deployment_id))["status"] != "SUCCESS":  # noqa: ASYNC110 - its reading is recorded
                await asyncio.sleep(0.1)
    seen = await user.ask("query($id: ID!) { generation(id: $id) { downloadUrl text files { content } } }", id=changed)
    assert seen["generation"]["downloadUrl"]
    await user.ask(
        "mutation($id: ID!) { cancelDeployment(input: {deploymentId: $id}) { userErrors { code } } }", id=deployment_id
    )
    async with asyncio.timeout(30):
        while (await deployment(user, deployment_id))["status"] != "CANCELED":  # noqa: ASYNC110 - same
            await asyncio.sleep(0.1)
    await user.ask(
        "mutation($deployment: ID!, $generation: ID!) {"
        " deleteDeployment(input: {deploymentId: $deployment}) { userErrors { message } }"
        " deleteGeneration(input: {generationId: $generation}) { userErrors { message } } }",
        deployment=deployment_id,
        generation=changed,
    )
    viewer = (await user.ask("{ viewer { teams { nodes { id } } } }"))["viewer"]
    connected = await user.ask(CONNECT, team=viewer["teams"]["nodes"][0]["id"])
    assert connected["createIntegration"]["userErrors"] == []
    lasting = await user.deploy(project_id, generation_id, platform="HEROKU")
    async with asyncio.timeout(30):
        while (await deployment(user, lasting))["status"] != "SUCCESS":  # noqa: ASYNC110 - same
            await asyncio.sleep(0.1)
    deployment_id = await user.deploy(project_id, generation_id)
    await user.ask("mutation($id: ID!) { deleteProject(input: {projectId: $id}) { deletedProjectId } }", id=project_id)
    async with asyncio.timeout(30):
        while (await deployment_of_deleted(server, deployment_id)).finished_at is None:  # noqa: ASYNC110 - its reading is recorded
            await asyncio.sleep(0.1)


async def deployment(user: User, deployment_id: str) -> Any:
    query = "query($id: ID!) { deployment(id: $id) { status logs(first: 5) { nodes { message } } } }"
    return (await user.ask(query, id=deployment_id))["deployment"]


async def deployment_of_deleted(server: Server, deployment_id: str) -> Deployment:
    async with opened(server.config, {}) as parts:
        found = await parts.services.deployments.table.find(deployment_id)
    assert found is not None
    return found


async def what_administrators_do(stage: Stage, server: Server) -> None:
    """A job that loses each of its workers is buried; an administrator looks for it, and puts it back."""
    user, root = server.user(), server.user("root")
    project_id = (await user.project())["id"]
    viewer = (await user.ask("{ viewer { id teams { nodes { id } } } }"))["viewer"]
    await tell(server, "user.created", clerk_user(viewer["id"], 1))  # whose address gets a mail
    moment = utc_now()
    poison = Generation(
        id=GenerationId(new_id("generation")),
        kind=GenerationKind.SCHEMA,
        prompt="A shop",
        crashes=3,
        project_id=ProjectId(project_id),
        user_id=UserId(viewer["id"]),
        team_id=TeamId(viewer["teams"]["nodes"][0]["id"]),
        created_at=moment,
        updated_at=moment,
    )
    async with opened(stage.config, {}) as parts:
        await parts.services.generations.table.put_new(poison)
        await parts.services.generations.queue.send(poison.id, group=poison.team_id)
        async with asyncio.timeout(30):
            while not await is_ended(parts, poison.id):  # noqa: ASYNC110 - a buried job tells nobody
                await asyncio.sleep(0.1)
            mails = stage.recorders[Process.WORKER].calls
            while (Resource.SENDER, "ses:SendEmail") not in mails:  # noqa: ASYNC110 - a mail tells nobody
                await asyncio.sleep(0.1)
    redrive = "mutation($id: ID!) { redriveJob(input: {generationId: $id}) { userErrors { message } } }"
    await root.ask(redrive, id=poison.id)
    await root.ask("{ queueStatus { name } deadJobs { jobId } }")


async def what_a_cut_export_does(stage: Stage) -> None:
    """An upload that is cut short takes back what it had sent."""

    async def parts_that_end_early() -> AsyncGenerator[bytes]:
        yield b"half of it"
        raise ConnectionAbortedError

    async with stage.opened(Process.API) as parts:
        with pytest.raises(ConnectionAbortedError):
            await parts.services.analytics_events.bucket.put_parts(
                "exports/x", parts_that_end_early(), media_type="text/plain"
            )


async def what_a_role_of_a_team_takes(stage: Stage) -> None:
    """An api tests a role, a worker deploys by one."""
    for process in (Process.API, Process.WORKER):
        async with stage.opened(process) as parts:
            with pytest.raises(RoleRefused, match="demand the external id"):  # the emulator's can be assumed by all
                await parts.services.integrations.roles.keys(AwsRole("arn:aws:iam::123456789012:role/x", "team_x"))


async def what_time_does(stage: Stage) -> None:
    """A month later deleted projects go for good, and jobs that nobody has heard of are looked at."""
    async with stage.opened(Process.WORKER, days=40) as parts:
        for worker in parts.workers:
            if isinstance(worker, Purge | Sweeper):
                await worker.sweep()


@pytest.fixture
async def stage(emulator: str, tmp_path: Path) -> AsyncGenerator[Stage]:
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        yield Stage(
            settings(
                emulator,
                SNAPINFRA_DATA=str(tmp_path / "data"),
                EVENTS_URL=redis.url,
                KMS_KEY_ALIAS="alias/snapinfra-secrets",
                MAIL_FROM="no-reply@example.com",
                APP_URL="https://app.example",
                CLERK_WEBHOOK_SECRET=f"whsec_{base64.b64encode(KEY).decode()}",
                SCAFFOLD_TOKENS_PER_SECOND="8000",
                JOB_LEASE_SECONDS="3",  # so that it is extended
            )
        )
    finally:
        redis.kill()


async def test_each_process_may_do_what_it_does_and_nothing_more(stage: Stage) -> None:
    await asyncio.to_thread(stage.provision)
    await asyncio.to_thread(switch_off_a_stream, stage.config)
    await asyncio.to_thread(stage.provision)
    with stage.running() as server:
        await everything_a_user_does(server)
        await every_kind_of_job(server)
        await what_administrators_do(stage, server)
        gone = server.user()
        await tell(server, "user.deleted", {"id": (await gone.ask("{ viewer { id } }"))["viewer"]["id"]})
    await what_a_cut_export_does(stage)
    await what_a_role_of_a_team_takes(stage)
    await what_time_does(stage)

    for role, recorder in stage.recorders.items():
        allowed = {(resource, action) for resource, actions in PERMISSIONS[role].items() for action in actions}
        assert worded(recorder.calls - allowed) == [], f"calls of {role.value} that its permissions lack"
        assert worded(allowed - recorder.calls) == [], f"permissions of {role.value} that no call needs"


async def is_ended(parts: Parts, generation_id: GenerationId) -> bool:
    generation = await parts.services.generations.table.find(generation_id)
    return generation is not None and generation.finished_at is not None


def switch_off_a_stream(config: Config) -> None:
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    off: Any = {"StreamEnabled": False}
    aws.dynamodb.update_table(TableName=table_name(config, PROJECTS), StreamSpecification=off)
    aws.close()


def worded(calls: set[Call]) -> list[str]:
    return sorted(f"{resource.name} {action}" for resource, action in calls)
