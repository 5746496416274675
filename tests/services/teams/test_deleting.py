"""What deleting a team promises of everything that belongs to it."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from services.api_keys.service import NewApiKey
from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor, Role, Scope
from services.core.credentials import Token
from services.core.errors import NotFound, Unauthenticated
from services.core.ids import TeamId, UserId
from services.core.pages import PageRequest
from services.foundation.auth.tokens import Subject
from services.foundation.aws.spec import GoesWith, Owner
from services.integrations.model import IntegrationType
from services.integrations.service import NewIntegration
from services.notifications.model import Channel, DeliveryState, NotificationEvent
from services.notifications.service import NewWebhook
from services.notifications.targets import NewTarget
from services.notifications.webhook_dispatcher import WebhookDispatcher
from services.platforms.port import DeploymentPlatform
from services.settings import SettingsChange
from tests.services.notifications.stage import notice
from tests.wires import listening

EVENTS = (NotificationEvent.GENERATION_FINISHED,)


class CutShort(Exception):
    pass


async def somebody(services: Services, user_id: str = "") -> Actor:
    return await services.users.actor(Subject(user_id or f"user_{uuid.uuid4().hex}"), anew=True)


async def own(services: Services, team_id: TeamId, owner: Actor) -> None:
    """Make one of everything that a team can have."""
    await services.webhooks.create(NewWebhook("https://example.com", EVENTS, team_id=team_id), by=owner)
    await services.targets.create(
        NewTarget(Channel.EMAIL, f"{uuid.uuid4().hex}@example.com", EVENTS, team_id=team_id), by=owner
    )
    vercel = NewIntegration(IntegrationType.VERCEL, Token("tok_0123456789"), team_id=team_id)
    await services.integrations.create(vercel, by=owner)
    await services.api_keys.create(NewApiKey("ci", (Scope.READ,), team_id=team_id), by=owner)
    change = SettingsChange({"default_platform": DeploymentPlatform.LOCAL})
    await services.settings.update_team(team_id, change, by=owner)


async def crew(services: Services) -> tuple[Actor, TeamId]:
    """Make a team with a second member, an open invitation, and one of everything."""
    owner, other = await somebody(services), await somebody(services)
    team_id = (await services.teams.create("Crew", by=owner)).id
    owner = await somebody(services, owner.user_id)
    _, token = await services.invitations.invite(team_id, "bob@example.com", Role.EDITOR, by=owner)
    assert token is not None
    await services.invitations.accept(token, by=other)
    await services.invitations.invite(team_id, "carol@example.com", Role.EDITOR, by=owner)
    await own(services, team_id, owner)
    return owner, team_id


async def left(services: Services, team_id: TeamId) -> dict[str, int]:
    """Count what there is of a team, where there is any."""
    memberships, found = services.teams.memberships, dict[str, int]()
    for table in services.accounts.own.tables:
        for fate in table.spec.fate:
            if isinstance(fate, GoesWith) and fate.owner is Owner.TEAM and fate.index:
                found[table.spec.name] = await table.count(fate.index, team_id)
            elif isinstance(fate, GoesWith) and fate.owner is Owner.TEAM:
                found[table.spec.name] = int(await table.find(team_id) is not None)
    topics = memberships.teams.aws.sns.get_paginator("list_topics").paginate()
    found["topics"] = sum(team_id in topic.get("TopicArn", "") for page in topics for topic in page["Topics"])
    return {name: count for name, count in found.items() if count}


@contextmanager
def cut_after(services: Services, calls: int) -> Generator[None]:
    """Let every call to AWS fail after the first ones, as for a process that is killed."""
    done = 0

    def call(*_: Any, **__: Any) -> None:
        nonlocal done
        done += 1
        if done > calls:
            raise CutShort

    aws = services.projects.table.aws
    topics: Any = aws.sns.meta.events
    topics.register_first("before-call", call)
    try:
        with listening(aws.tables, before=call):
            yield
    finally:
        topics.unregister("before-call", call)


async def test_everything_of_a_deleted_team_goes_with_it(services: Services) -> None:
    owner, team_id = await crew(services)
    other_owner, other_id = await crew(services)
    before = await left(services, team_id)

    await services.teams.delete(team_id, by=owner)

    assert before == {
        "webhook-endpoints": 1,
        "notification-targets": 1,
        "integrations": 1,
        "api-keys": 1,
        "invitations": 1,
        "team-members": 2,
        "teams": 1,
        "team-settings": 1,
        "topics": 1,
    }
    assert await left(services, team_id) == {}
    assert await left(services, other_id) == before
    await services.teams.delete(other_id, by=other_owner)


async def test_a_delete_cut_short_anywhere_can_be_done_again(services: Services) -> None:
    calls, finished = 0, False

    while not finished:
        owner, team_id = await crew(services)
        try:
            with cut_after(services, calls):
                await services.teams.delete(team_id, by=owner)
            finished = True
        except CutShort:
            try:
                await services.teams.delete(team_id, by=await somebody(services, owner.user_id))
            except NotFound:
                assert (
                    await services.teams.memberships.teams.find(team_id) is None
                )  # only the second look was cut short
        assert await left(services, team_id) == {}, calls
        calls += 2

    assert calls > 20


async def test_the_key_of_a_deleted_team_opens_nothing(services: Services) -> None:
    owner, team_id = await crew(services)
    _, text = await services.api_keys.create(NewApiKey("other", (Scope.READ,), team_id=team_id), by=owner)
    _, before = await services.api_keys.enter(text or "")

    await services.teams.delete(team_id, by=owner)

    assert before.roles == {team_id: Role.OWNER}
    with pytest.raises(Unauthenticated):
        await services.api_keys.enter(text or "")


async def test_a_delivery_under_way_ends_with_its_team(config: Config) -> None:
    async with opened(config, {}) as process:
        services = process.services
        dispatcher = next(worker for worker in process.workers if isinstance(worker, WebhookDispatcher))
        owner, team_id = await crew(services)
        webhook = (await services.webhooks.list(PageRequest(), team_id=team_id, by=owner)).items[0]
        delivery = await dispatcher.fanout.begin(webhook, notice(team_id))

        await services.teams.delete(team_id, by=owner)
        await dispatcher.attempts.make(delivery.id)

        ended = await dispatcher.attempts.deliveries.find(delivery.id)
        assert ended is not None
        assert (ended.state, ended.response_status) == (DeliveryState.FAILED, None)


async def test_what_belongs_to_the_personal_team_goes_with_the_account(services: Services) -> None:
    owner = await somebody(services)
    await own(services, owner.personal_team_id, owner)

    await services.accounts.close(UserId(owner.user_id))

    assert await left(services, owner.personal_team_id) == {}
