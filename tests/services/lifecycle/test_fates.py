"""What is left of projects, teams and users once they are deleted: of every table, what its declaration says."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from graph.schema import schema
from resolvers.context import Context
from services.analytics.validation import NewEvent
from services.api_keys.service import NewApiKey
from services.bootstrap import TABLES, resources
from services.bootstrap.resources import table_name
from services.config import Config
from services.core.actor import Actor, Role, Scope
from services.core.credentials import Token
from services.core.errors import NotFound
from services.core.ids import TeamId
from services.deployments.model import DeploymentStatus
from services.foundation.auth.tokens import Subject
from services.foundation.aws.items import Entity
from services.foundation.aws.spec import EXPIRES, GoesWith, Index, Owner, Stays, TableSpec
from services.foundation.aws.tables import Table
from services.foundation.jobs.record import OPEN, Lease
from services.foundation.limits.pauses import PAUSES, Pauses
from services.generations.model import GenerationKind
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.lifecycle.purge import Purge
from services.notifications.model import Channel, NotificationEvent
from services.notifications.service import NewWebhook
from services.notifications.targets import NewTarget
from services.platforms.port import DeploymentPlatform
from services.projects.service import NewProject
from services.settings import SettingsChange
from tests.records import domain_of, push_of
from tests.services.site import Site
from tests.snapinfra import provisioned
from tests.tables import CREATES

EVENTS = (NotificationEvent.GENERATION_FINISHED,)
INDEX = (Index("TeamIdIndex", "teamId"),)


@pytest.fixture
def config(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Provision a stage for one test, which looks at everything in it."""
    data = tmp_path_factory.mktemp("data")
    return provisioned(emulator, SNAPINFRA_DATA=str(data), AI_REQUESTS_PER_MINUTE="10")


async def test_nothing_is_left_but_what_stays_or_expires(site: Site, config: Config) -> None:
    services, owner = site.services, site.actor
    await of_project(site)
    team_id, other = await of_team(site)
    await services.settings.update_user(SettingsChange({"timezone": "Europe/Berlin"}), by=owner)
    made = {spec.name for spec in TABLES if items_of(site, config, spec)}

    await services.deletion.delete_project(site.project.id, by=owner)
    await services.teams.delete(team_id, by=await again(site, owner))
    site.clock.set(site.clock() + timedelta(days=31))
    await purge(site)
    for user in (owner, other):
        await services.accounts.close(user.user_id)
    await purge(site)

    assert sorted({spec.name for spec in TABLES} - made) == [], "nothing here makes an item of these tables"
    assert left(site, config) == {}
    for spec in TABLES:
        stays = any(isinstance(fate, Stays) for fate in spec.fate)
        for item in [] if stays else items_of(site, config, spec):
            assert int(item[spec.ttl or ""]["N"]) > 0, f"an item of {spec.name} expires"
    assert not stored_files(site, config)
    assert team_topics(site, team_id) == []


async def of_project(site: Site) -> None:
    """Give a project one of everything."""
    services, by, project_id = site.services, site.actor, site.project.id
    aws = services.projects.table.aws
    pauses = Table(aws=aws, spec=PAUSES, name=table_name(services.config, PAUSES), now=site.clock)
    await Pauses(table=pauses, now=site.clock).extend("heroku#0123", 10)
    code = await site.made(GenerationKind.CODE)
    ended = await site.deployment(code, status=DeploymentStatus.FAILED, finished_at=site.clock())
    await services.pushes.table.put_new(push_of(code))
    await services.domains.table.put_new(domain_of(ended))
    await services.deployments.event_log.append(ended.id, [b"{}"], attempt=1, producer_seq=1)
    await services.deployments.archive.catch_up(services.deployments.event_log, ended.id, after=0)
    for name, create in CREATES.items():
        if create.input.get("projectId") == "{project}" and create.thing not in {"generation", "deployment"}:
            await asked(site, name, {**create.input, "projectId": project_id, "clientMutationId": "c1"})
    secret = Token("some-token")
    await services.integrations.create(NewIntegration(IntegrationType.VERCEL, secret, project_id=project_id), by=by)


async def asked(site: Site, mutation: str, given: dict[str, Any]) -> None:
    """Make something by its mutation."""
    kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
    text = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}"
    answer = await schema().execute(text, {"input": given}, Context(site.services, signed_in=site.actor))
    assert (answer.errors, answer.data) == (None, {mutation: {"userErrors": []}})


async def of_team(site: Site) -> tuple[TeamId, Actor]:
    """Make a team of two with one of everything; return it and the other one."""
    services, other = site.services, await site.services.users.actor(Subject(f"{site.actor.user_id}2"))
    team_id = (await services.teams.create("Crew", by=site.actor)).id
    owner = await again(site, site.actor)
    _, token = await services.invitations.invite(team_id, "bob@example.com", Role.EDITOR, by=owner)
    await services.invitations.accept(token or "", by=other)
    await services.invitations.invite(team_id, "carol@example.com", Role.EDITOR, by=owner)
    webhook, _ = await services.webhooks.create(NewWebhook("https://example.com", EVENTS, team_id=team_id), by=owner)
    await services.webhooks.test(webhook.id, by=owner)
    await services.targets.create(NewTarget(Channel.EMAIL, "a@example.com", EVENTS, team_id=team_id), by=owner)
    vercel = NewIntegration(IntegrationType.VERCEL, Token("tok_0123456789"), team_id=team_id)
    await services.integrations.create(vercel, by=owner)
    _, text = await services.api_keys.create(NewApiKey("ci", (Scope.ANALYTICS,), team_id=team_id), by=owner)
    _, key = await services.api_keys.enter(text or "")
    event = NewEvent(id="e1", type="REQUEST", timestamp=site.clock().isoformat(), session_id="s1", user_id="u1")
    assert [outcome.code.value for outcome in await services.analytics.record([event], by=key)] == ["ACCEPTED"]
    change = SettingsChange({"default_platform": DeploymentPlatform.LOCAL})
    await services.settings.update_team(team_id, change, by=owner)
    return team_id, other


async def again(site: Site, actor: Actor) -> Actor:
    return await site.services.users.actor(Subject(actor.user_id), anew=True)


async def purge(site: Site) -> None:
    (worker,) = [worker for worker in site.process.workers if isinstance(worker, Purge)]
    await worker.sweep()


def items_of(site: Site, config: Config, spec: TableSpec[Any]) -> list[dict[str, Any]]:
    """Return everything in a table."""
    name = next(name for name, one in resources(config).tables if one is spec)
    pages = site.services.projects.table.aws.dynamodb.get_paginator("scan").paginate(TableName=name)
    return [item for page in pages for item in page["Items"]]


def left(site: Site, config: Config) -> dict[str, int]:
    """Count what is left in the tables of which everything is to go with something."""
    counts = {
        spec.name: len(items_of(site, config, spec))
        for spec in TABLES
        if all(isinstance(fate, GoesWith) for fate in spec.fate)
    }
    return {name: count for name, count in counts.items() if count}


def stored_files(site: Site, config: Config) -> list[str]:
    answer = site.services.projects.table.aws.s3.list_objects_v2(Bucket=config.name_of(config.bucket))
    return [str(file.get("Key")) for file in answer.get("Contents", [])]


def team_topics(site: Site, team_id: TeamId) -> list[str]:
    pages = site.services.projects.table.aws.sns.get_paginator("list_topics").paginate()
    arns = [topic.get("TopicArn", "") for page in pages for topic in page["Topics"]]
    return [arn for arn in arns if team_id in arn]


@pytest.mark.parametrize(
    ("fate", "message"),
    [
        ((), "does not say what its items go with"),
        ((EXPIRES,), "has no ttl"),
        ((GoesWith(Owner.PROJECT, "ProjectIdIndex"),), "no such index"),
    ],
)
def test_a_table_that_does_not_say_what_becomes_of_its_items_does_not_start(fate: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TableSpec("things", Entity, fate=fate, indexes=INDEX)


def test_a_table_needs_to_declare_a_fate() -> None:
    with pytest.raises(TypeError, match="fate"):
        TableSpec("things", Entity)  # pyright: ignore[reportCallIssue] - what is to be seen


async def test_everything_of_a_project_with_more_jobs_than_a_page_is_stopped_and_purged(site: Site) -> None:
    code = await site.made(GenerationKind.CODE)
    ended = {"status": DeploymentStatus.FAILED, "finished_at": site.clock()}
    live = await site.deployment(code, status=DeploymentStatus.SUCCESS, open=OPEN)
    waiting = await site.ask()
    for _ in range(120):
        site.clock.set(site.clock() + timedelta(milliseconds=1))
        await site.deployment(code, **ended)
        old = replace(code, id=f"generation_{len(site.deployed):026}", created_at=site.clock())
        await site.services.generations.table.put_new(old)

    await site.services.deletion.delete_project(site.project.id, by=site.actor)
    stopped = await site.services.deployments.table.find(live.id)
    canceled = await site.services.generations.table.find(waiting.id)
    site.clock.set(site.clock() + timedelta(days=31))
    await purge(site)

    assert stopped is not None
    assert canceled is not None
    assert (stopped.status, canceled.status.value) == (DeploymentStatus.CANCELED, "CANCELED")
    for table in (site.services.deployments.table, site.services.generations.table):
        assert await table.count("ProjectIdIndex", site.project.id) == 0
    assert await site.services.projects.table.find(site.project.id) is None


async def test_a_project_that_can_not_be_purged_keeps_no_other_from_it(site: Site) -> None:
    services = site.services
    stuck, lease = site.project.id, Lease("worker", site.clock() + timedelta(days=40))
    code = await site.made(GenerationKind.CODE)
    await services.deletion.delete_project(stuck, by=site.actor)
    held = await site.deployment(code, status=DeploymentStatus.CANCELING, open=OPEN, lease=lease)
    others = [await services.projects.create(NewProject("Shop"), by=site.actor) for _ in range(3)]
    for project in others:
        await services.deletion.delete_project(project.id, by=site.actor)
    site.clock.set(site.clock() + timedelta(days=31))

    await purge(site)

    assert await services.deployments.table.find(held.id) is not None
    assert await services.projects.table.find(stuck) is not None
    assert [await services.projects.table.find(project.id) for project in others] == [None] * 3
    with pytest.raises(NotFound):
        await services.deleted_projects.restore(stuck, by=site.actor)
