"""Who may see and change webhooks, targets and integrations of a team."""

import uuid

import pytest

from services.bootstrap import Services
from services.core.actor import Actor, Role
from services.core.credentials import Token
from services.core.errors import Forbidden
from services.core.pages import PageRequest
from services.foundation.auth.tokens import Subject
from services.integrations.model import IntegrationType
from services.integrations.service import IntegrationChange, NewIntegration
from services.notifications.model import Channel, NotificationEvent
from services.notifications.service import NewWebhook, WebhookChange
from services.notifications.targets import NewTarget

EVENTS = (NotificationEvent.GENERATION_FINISHED,)
PAGE = PageRequest()


@pytest.fixture
async def owner(services: Services) -> Actor:
    return await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))


async def member(services: Services, owner: Actor, role: Role) -> Actor:
    """Return somebody with that role in the owner's team."""
    other = await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))
    return Actor(other.user_id, {**other.roles, owner.personal_team_id: role}, other.personal_team_id)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_members_who_do_not_administer_a_team_change_nothing(
    services: Services, owner: Actor, role: Role
) -> None:
    team, by = owner.personal_team_id, await member(services, owner, role)
    webhook, _ = await services.webhooks.create(NewWebhook("https://example.com", EVENTS), by=owner)
    vercel = NewIntegration(IntegrationType.VERCEL, Token("tok_0123456789"), team_id=team)
    kept = await services.integrations.create(vercel, by=owner)
    new_webhook = NewWebhook("https://example.com", EVENTS, team_id=team)
    new_target = NewTarget(Channel.EMAIL, f"{uuid.uuid4().hex}@example.com", EVENTS, team_id=team)

    for refused in (
        services.webhooks.get(webhook.id, by=by),
        services.webhooks.list(PAGE, team_id=team, by=by),
        services.webhooks.create(new_webhook, by=by),
        services.webhooks.update(webhook.id, WebhookChange(enabled=False), by=by),
        services.webhooks.delete(webhook.id, by=by),
        services.webhooks.rotate_secret(webhook.id, by=by),
        services.webhooks.test(webhook.id, by=by),
        services.targets.create(new_target, by=by),
        services.targets.list(PAGE, team_id=team, by=by),
        services.integrations.create(vercel, by=by),
        services.integrations.update(kept.id, IntegrationChange(enabled=False), by=by),
        services.integrations.replace_credentials(kept.id, Token("tok_another"), base_url=None, by=by),
        services.integrations.rotate_key(kept.id, by=by),
        services.integrations.test(kept.id, by=by),
        services.integrations.delete(kept.id, by=by),
    ):
        with pytest.raises(Forbidden):
            await refused

    assert await services.webhooks.get(webhook.id, by=owner) == webhook
    assert await services.integrations.get(kept.id, by=by) == kept
    assert len((await services.webhooks.list(PAGE, team_id=team, by=owner)).items) == 1
    assert len((await services.integrations.list(PAGE, team_id=team, type=None, by=by)).items) == 1
    assert (await services.targets.list(PAGE, team_id=team, by=owner)).items == []


async def test_an_admin_of_a_team_may_do_what_its_owner_may(services: Services, owner: Actor) -> None:
    by = await member(services, owner, Role.ADMIN)
    new = NewWebhook("https://example.com", EVENTS, team_id=owner.personal_team_id)

    webhook, _ = await services.webhooks.create(new, by=by)

    assert await services.webhooks.get(webhook.id, by=owner) == webhook
