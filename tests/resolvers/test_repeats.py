"""What a repeated `clientMutationId` may do, for every create of the SDL: show what was made, to whom may see it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from cli.serving import provision_stage
from graph.schema import schema
from resolvers.context import Context
from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor, Role, Scope
from services.core.clock import utc_now
from services.core.credentials import Token
from services.core.errors import Unavailable
from services.core.ids import ApiKeyId, GenerationId, TeamId, UserId, new_id
from services.deployments.model import DeploymentStatus
from services.environments.model import EnvironmentKind
from services.environments.service import NewEnvironment
from services.foundation.auth.tokens import Subject
from services.foundation.aws.queue import Queue
from services.foundation.jobs.record import OPEN
from services.foundation.limits.idempotency import KEY_LIFETIME
from services.generations import artifact
from services.generations.artifact import Artifact, FileContent
from services.generations.model import GenerationStatus
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.memberships.model import Membership
from services.platforms.port import DeploymentPlatform
from services.projects.model import Project
from services.projects.service import NewProject
from tests.fakes.targets.github import FakeGitHub
from tests.fakes.targets.heroku import FakeHeroku
from tests.records import deployment_of, generation_of
from tests.resolvers.test_creates import texts_of
from tests.services.site import MODEL
from tests.snapinfra import provisioned
from tests.tables import CREATES
from tests.wires import listening

ARTIFACT = "generations/of-all"
APP = "users-0123abcd"
READS = {"Query", "GetItem", "BatchGetItem", "GetQueueUrl", "GetSubscriptionAttributes"}
pytestmark = pytest.mark.asyncio(loop_scope="module")
each_create = pytest.mark.parametrize("name", CREATES)


@dataclass
class Ground:
    """A team with a project, of which the maker is an administrator. Nothing takes jobs."""

    services: Services
    owner: Actor
    maker: Actor
    things: dict[str, str] = field(default_factory=dict[str, str])
    calls: list[str] = field(default_factory=list[str])
    """What the last question did besides reading: names of AWS's operations."""

    async def ask(self, operation: str, actor: Actor | None = None, **variables: Any) -> dict[str, Any]:
        self.calls.clear()
        signed_in = actor or self.maker
        answer = await schema().execute(operation, variables, Context(self.services, signed_in=signed_in))
        return {"data": answer.data, "errors": [error.extensions for error in answer.errors or ()]}

    async def create(
        self, name: str, client_mutation_id: str | None, *, other: bool = False, actor: Actor | None = None
    ) -> dict[str, Any]:
        """Make something, or what its other request asks for."""
        create = CREATES[name]
        given = {**create.input, **(create.other if other else {}), "clientMutationId": client_mutation_id}
        answer = await self.ask(operation_of(name), actor, input=self._filled(given))
        data: dict[str, Any] = answer["data"] or {}
        answer["made"] = data.get(name) or {}
        return answer

    def note(self, model: Any, **_: Any) -> None:
        """Note a call of boto3's that does more than read."""
        self.heard(model.name, {})

    def heard(self, operation: str, _: Any) -> None:
        """Note a call that does more than read."""
        if operation not in READS:
            self.calls.append(operation)

    async def now(self, actor: Actor) -> Actor:
        """Return somebody with the roles that they have now."""
        return await self.services.users.actor(Subject(actor.user_id), anew=True)

    async def remove_maker(self, team_id: str) -> None:
        membership = await self.services.members.memberships.members.find(self.maker.user_id, sort=team_id)
        assert membership is not None
        await self.services.members.memberships.members.delete(membership)
        self.maker = await self.now(self.maker)

    def key_of_another_team(self) -> Actor:
        """Return the maker as an API key of their personal team, with every scope."""
        team_id, key_id = self.maker.personal_team_id, ApiKeyId(new_id("key"))
        return Actor(self.maker.user_id, {team_id: Role.OWNER}, team_id, scopes=frozenset(Scope), key_id=key_id)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.format_map(self.things)
        if isinstance(value, dict):
            return {key: self._filled(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType] - any JSON
        return [self._filled(inner) for inner in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType] - any JSON


def operation_of(name: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    shown = " ".join([f"{CREATES[name].thing} {{ id }}", *texts_of(name), "userErrors { code message }"])
    return f"mutation($input: {kind}) {{ {name}(input: $input) {{ {shown} }} }}"


def id_of(answer: dict[str, Any], name: str) -> str | None:
    thing = answer["made"].get(CREATES[name].thing)
    return thing and thing["id"]


def refusals(answer: dict[str, Any]) -> list[str]:
    return [error["code"] for error in (*answer["errors"], *answer["made"].get("userErrors", []))]


@pytest.fixture(scope="module")
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


@pytest.fixture(scope="module")
def heroku() -> Iterator[FakeHeroku]:
    with FakeHeroku() as fake:
        fake.add(APP)
        yield fake


@pytest.fixture(scope="module")
def config(emulator: str, github: FakeGitHub, heroku: FakeHeroku, tmp_path_factory: pytest.TempPathFactory) -> Config:
    data = str(tmp_path_factory.mktemp("data"))
    return provisioned(emulator, SNAPINFRA_DATA=data, GITHUB_API_URL=github.url, HEROKU_API_URL=heroku.url)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services(config: Config) -> AsyncIterator[Services]:
    async with opened(config, {}) as process:
        yield process.services


@pytest_asyncio.fixture(loop_scope="module")
async def ground(services: Services, github: FakeGitHub, heroku: FakeHeroku) -> AsyncIterator[Ground]:
    owner, maker = [await services.users.actor(Subject(f"user_{uuid.uuid4().hex}")) for _ in range(2)]
    team = await services.teams.create("Crew", by=owner)
    now = utc_now()
    member = Membership(id=maker.user_id, team_id=team.id, role=Role.ADMIN, created_at=now, updated_at=now)
    await services.members.memberships.members.put_new(member)
    ground = Ground(services, owner, maker)
    ground.owner, ground.maker = await ground.now(owner), await ground.now(maker)
    project = await services.projects.create(NewProject("Users", team_id=team.id), by=ground.owner)
    await services.schemas.save(project.id, MODEL, expected_version=None, by=ground.owner)
    ground.things = {
        "team": team.id,
        "project": project.id,
        "address": f"{uuid.uuid4().hex}@example.com",
        "code": await stored(services, project, GenerationStatus.COMPLETED),
        "incomplete": await stored(services, project, GenerationStatus.INCOMPLETE),
        "incomplete2": await stored(services, project, GenerationStatus.INCOMPLETE),
    }
    for deployment in ("deployment", "deployment2"):
        ground.things[deployment] = await deployed(services, project, ground.things["code"])
    token = NewIntegration(IntegrationType.GITHUB, Token(github.token), team_id=team.id)
    await services.integrations.create(token, by=ground.owner)
    staging = NewEnvironment(project.id, "staging", EnvironmentKind.PREVIEW, DeploymentPlatform.LOCAL)
    ground.things["staging"] = (await services.environments.create(staging, by=ground.owner)).id
    for kind, token in ((IntegrationType.GITHUB, github.token), (IntegrationType.HEROKU, heroku.token)):
        await services.integrations.create(NewIntegration(kind, Token(token), team_id=team.id), by=ground.owner)
    lives = {"status": DeploymentStatus.SUCCESS, "finished_at": None, "open": OPEN}
    for deployment in ("live", "live2"):
        ground.things[deployment] = await deployed(services, project, ground.things["code"], **lives)
    at_heroku = {"platform": DeploymentPlatform.HEROKU, "site": APP}
    ground.things["elsewhere"] = await deployed(services, project, ground.things["code"], **lives, **at_heroku)
    aws = services.projects.table.aws
    clients: list[Any] = [aws.dynamodb, aws.sqs, aws.sns, aws.s3, aws.ses, aws.kms]
    for client in clients:
        client.meta.events.register("before-call", ground.note, unique_id="ground")
    with listening(aws.tables, aws.queues, before=ground.heard):
        yield ground
    for client in clients:
        client.meta.events.unregister("before-call", ground.note, unique_id="ground")


async def stored(services: Services, project: Project, status: GenerationStatus) -> str:
    """Store a generation as a worker leaves it."""
    generation = generation_of(
        project,
        prompt="a shop",
        status=status,
        schema_id=project.schema_id,
        artifact=ARTIFACT,
        finished_at=utc_now(),
    )
    await services.generations.table.put_new(generation)
    await artifact.store(services.generations.bucket, ARTIFACT, Artifact("", (FileContent("a.ts", "", "export {};"),)))
    return generation.id


async def deployed(services: Services, project: Project, generation_id: str, **fields: object) -> str:
    code = GenerationId(generation_id)
    lived = {"status": DeploymentStatus.CANCELED, "live_at": utc_now(), "finished_at": utc_now()}
    deployment = deployment_of(project, code, **lived | fields)
    await services.deployments.table.put_new(deployment)
    return deployment.id


@each_create
async def test_a_repeat_shows_what_was_made_without_its_secret_and_does_nothing(ground: Ground, name: str) -> None:
    first = await ground.create(name, "c1")
    secrets = [first["made"][text] for text in texts_of(name)]
    assert refusals(first) == []
    assert all(secrets)

    again = await ground.create(name, "c1")

    assert (id_of(again, name), refusals(again)) == (id_of(first, name), [])
    assert [again["made"][text] for text in texts_of(name)] == [None] * len(secrets)
    assert ground.calls == []


@each_create
async def test_the_same_id_with_another_request_is_a_conflict(ground: Ground, name: str) -> None:
    await ground.create(name, "c1")

    other = await ground.create(name, "c1", other=True)

    assert (refusals(other), id_of(other, name)) == (["CONFLICT"], None)
    assert "clientMutationId" in other["made"]["userErrors"][0]["message"]
    assert ground.calls == []


@each_create
async def test_of_two_different_requests_at_once_with_one_id_one_is_made(ground: Ground, name: str) -> None:
    both = await asyncio.gather(ground.create(name, "c1"), ground.create(name, "c1", other=True))

    assert sorted(refusals(answer) for answer in both) == [[], ["CONFLICT"]]


@each_create
async def test_five_tries_at_once_make_one_thing(ground: Ground, name: str) -> None:
    tries = await asyncio.gather(*(ground.create(name, "c1") for _ in range(5)))

    assert len({id_of(answer, name) for answer in tries}) == 1
    assert [refusals(answer) for answer in tries] == [[]] * 5


@each_create
async def test_who_has_left_the_team_is_not_shown_what_they_made(ground: Ground, name: str) -> None:
    first = await ground.create(name, "c1")
    made = id_of(first, name)
    assert made is not None
    if name == "createTeam":
        await given_away(ground, TeamId(made))
        await ground.remove_maker(made)
    await ground.remove_maker(ground.things["team"])

    again = await ground.create(name, "c1")

    assert refusals(again) == ["NOT_FOUND"]
    assert ground.calls == []


@each_create
async def test_an_api_key_of_another_team_is_shown_nothing_of_what_its_maker_made(ground: Ground, name: str) -> None:
    first = await ground.create(name, "c1")

    again = await ground.create(name, "c1", actor=ground.key_of_another_team())

    assert refusals(again) == ["FORBIDDEN" if name == "createTeam" else "NOT_FOUND"]
    assert str(id_of(first, name)) not in str(again["data"])
    assert ground.calls == []


async def test_an_api_keys_ids_are_its_own(ground: Ground) -> None:
    mine = await ground.create("createDocumentationPage", "c1")
    key = Actor(
        ground.maker.user_id,
        {TeamId(ground.things["team"]): Role.ADMIN},
        TeamId(ground.things["team"]),
        scopes=frozenset(Scope),
        key_id=ApiKeyId(new_id("key")),
    )

    its = await ground.create("createDocumentationPage", "c1", other=True, actor=key)

    assert refusals(its) == []
    assert id_of(its, "createDocumentationPage") != id_of(mine, "createDocumentationPage")


@pytest.mark.parametrize("name", ["createWebhook", "createDocumentationPage", "createProject"])
async def test_a_repeat_does_not_bring_back_what_was_deleted(ground: Ground, name: str) -> None:
    made = id_of(await ground.create(name, "c1"), name)
    delete = {
        "createWebhook": "deleteWebhook(input: {webhookId: $id}) { deletedWebhookId }",
        "createDocumentationPage": "deleteDocumentationPage(input: {pageId: $id}) { deletedPageId }",
        "createProject": "deleteProject(input: {projectId: $id}) { deletedProjectId }",
    }[name]
    assert (await ground.ask(f"mutation($id: ID!) {{ {delete} }}", id=made))["errors"] == []

    again = await ground.create(name, "c1")

    assert refusals(again) == ["NOT_FOUND"]
    assert ground.calls == []


@pytest.mark.parametrize("name", ["generate", "createDeployment"])
async def test_a_try_that_was_cut_short_before_the_queue_is_gone_on_with_once(ground: Ground, name: str) -> None:
    services = ground.services
    queue = (services.generations if name == "generate" else services.deployments).queue
    await queue.aws.run(queue.aws.sqs.delete_queue, QueueUrl=await queue.url())
    with pytest.raises(Unavailable):
        await (services.generations if name == "generate" else services.deployments).queue.depth()
    cut_short = await ground.create(name, "c1")
    provision_stage(services.config)

    again = await ground.create(name, "c1")
    queued = await messages(queue)
    third = await ground.create(name, "c1")

    assert refusals(cut_short) == ["UNAVAILABLE"]
    assert queued == [id_of(again, name)]
    assert id_of(third, name) == id_of(again, name)
    assert await messages(queue) == []
    assert (await ground.ask(ACTIVITY, project=ground.things["project"]))["data"]["project"]["activity"]["nodes"].count(
        {"entityId": id_of(again, name), "verb": "CREATED"}
    ) == 1


ACTIVITY = "query($project: ID!) { project(id: $project) { activity(first: 100) { nodes { entityId verb } } } }"


async def messages(queue: Queue) -> list[str]:
    """Take what is in a queue."""
    return [delivery.body for delivery in await queue.receive_now(10, 60)]


async def given_away(ground: Ground, team_id: TeamId) -> None:
    """Make the owner of the ground the owner of a team that the maker has made."""
    services, now = ground.services, utc_now()
    heir = Membership(id=ground.owner.user_id, team_id=team_id, role=Role.ADMIN, created_at=now, updated_at=now)
    await services.members.memberships.members.put_new(heir)
    ground.maker = await ground.now(ground.maker)
    await services.teams.transfer(team_id, UserId(ground.owner.user_id), by=ground.maker)


async def test_a_key_says_nothing_of_what_was_asked_for(ground: Ground) -> None:
    await ground.create("createIntegration", "c1")
    table = ground.services.projects.idempotency.table

    key = await table.find(f"{ground.maker.user_id}#createIntegration#c1")

    assert key is not None
    assert key.arguments is not None
    assert (len(key.arguments), key.expires_at) == (64, int((key.created_at + KEY_LIFETIME).timestamp()))
    assert key.done_at is not None


async def test_a_key_from_before_arguments_were_kept_shows_what_was_made(ground: Ground) -> None:
    made = id_of(await ground.create("createProject", "c1"), "createProject")
    table = ground.services.projects.idempotency.table
    await table.update(
        f"{ground.maker.user_id}#createProject#c1", lambda old: replace(old, arguments=None, done_at=None)
    )

    again = await ground.create("createProject", "c1", other=True)

    assert (id_of(again, "createProject"), ground.calls) == (made, [])
