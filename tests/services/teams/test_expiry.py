"""What invitations and memberships promise over time, with a clock of the test's own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.api_keys.service import NewApiKey
from services.bootstrap import Services, opened
from services.core.actor import Actor, Role, Scope
from services.core.clock import utc_now
from services.core.errors import Invalid, Unauthenticated
from services.foundation.auth.tokens import Subject
from services.memberships.model import Team
from tests.fakes.clock import Clock
from tests.snapinfra import provisioned


@pytest.fixture
def clock() -> Clock:
    return Clock(utc_now())


@pytest.fixture
async def services(emulator: str, tmp_path: Path, clock: Clock) -> AsyncIterator[Services]:
    config = provisioned(emulator, SNAPINFRA_DATA=str(tmp_path))
    async with opened(config, dict(os.environ), now=clock) as process:  # noqa: TID251 - nothing of it is used here
        yield process.services


async def user(services: Services, name: str) -> Actor:
    return await services.users.actor(Subject(f"user_{name}"))


async def joined(services: Services, team: Team, role: Role) -> Actor:
    """Make bob a member."""
    owner = await user(services, "alice")
    _, token = await services.invitations.invite(team.id, "bob@example.com", role, by=owner)
    assert token is not None
    await services.invitations.accept(token, by=await user(services, "bob"))
    return await user(services, "bob")


async def test_an_invitation_ends_after_a_week(services: Services, clock: Clock) -> None:
    team = await services.teams.create("Crew", by=await user(services, "alice"))
    owner, bob = await user(services, "alice"), await user(services, "bob")
    _, token = await services.invitations.invite(team.id, "bob@example.com", Role.EDITOR, by=owner)
    assert token is not None
    clock.advance(days=7)

    with pytest.raises(Invalid) as refused:
        await services.invitations.accept(token, by=bob)

    assert refused.value.faults[0].field == ("token",)
    assert team.id not in (await user(services, "bob")).roles


async def test_a_role_taken_away_elsewhere_is_gone_within_five_seconds(services: Services, clock: Clock) -> None:
    team = await services.teams.create("Crew", by=await user(services, "alice"))
    bob = await joined(services, team, Role.EDITOR)
    membership = await services.teams.memberships.members.find(bob.user_id, sort=team.id)
    assert membership is not None
    await services.teams.memberships.members.delete(
        membership
    )  # as another process does, which this one does not hear of
    clock.advance(seconds=5)

    assert team.id not in (await user(services, "bob")).roles


async def test_a_key_of_somebody_who_has_left_is_dead_even_after_they_come_back(
    services: Services, clock: Clock
) -> None:
    team = await services.teams.create("Crew", by=await user(services, "alice"))
    bob = await joined(services, team, Role.ADMIN)
    _, text = await services.api_keys.create(NewApiKey("ci", (Scope.READ,), team_id=team.id), by=bob)
    assert text is not None
    _, works = await services.api_keys.enter(text)
    await services.members.leave(team.id, by=bob)
    clock.advance(seconds=1)
    with pytest.raises(Unauthenticated) as away:
        await services.api_keys.enter(text)

    await joined(services, team, Role.ADMIN)

    with pytest.raises(Unauthenticated):
        await services.api_keys.enter(text)
    assert works.roles == {team.id: Role.ADMIN}
    assert away.value.message == "Whoever made the API key has left its team."


async def test_a_key_has_the_role_that_its_maker_has_now(services: Services) -> None:
    team = await services.teams.create("Crew", by=await user(services, "alice"))
    bob = await joined(services, team, Role.ADMIN)
    _, text = await services.api_keys.create(NewApiKey("ci", (Scope.WRITE,), team_id=team.id), by=bob)
    assert text is not None

    await services.members.change_role(team.id, bob.user_id, Role.VIEWER, by=await user(services, "alice"))

    assert (await services.api_keys.enter(text))[1].roles == {team.id: Role.VIEWER}
