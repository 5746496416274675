"""What settings promise to the rest of the product, and to the roles in a team."""

from collections.abc import AsyncIterator
from secrets import randbits

import pytest

from services.bootstrap import table_name
from services.core.actor import Actor, Role
from services.core.clock import utc_now
from services.core.errors import Forbidden, NotFound
from services.core.ids import TeamId, UserId, new_id
from services.foundation.aws.clients import connect
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.events.shared import SharedStreams
from services.journal.journal import Journal
from services.journal.model import ACTIVITY
from services.llm.port import Options
from services.settings import SETTINGS, TEAM_SETTINGS, Settings, SettingsChange
from tests.snapinfra import Server


@pytest.fixture
async def settings(server: Server) -> AsyncIterator[Settings]:
    config = server.config
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    users = Table(aws=aws, spec=SETTINGS, name=table_name(config, SETTINGS), now=utc_now)
    teams = Table(aws=aws, spec=TEAM_SETTINGS, name=table_name(config, TEAM_SETTINGS), now=utc_now)
    activity = Table(aws=aws, spec=ACTIVITY, name=table_name(config, ACTIVITY), now=utc_now)
    journal = Journal(table=activity, streams=SharedStreams(MemoryLog(utc_now), randbits), now=utc_now)
    yield Settings(
        users=users,
        teams=teams,
        models=frozenset({"small", "large"}),
        platforms=frozenset(),
        journal=journal,
        now=utc_now,
    )
    aws.close()


def member(team_id: TeamId, role: Role) -> Actor:
    return Actor(UserId("user_x"), {team_id: role}, TeamId(new_id("team")))


async def test_a_generation_that_names_no_model_gets_the_teams(settings: Settings) -> None:
    team_id = TeamId(new_id("team"))
    await settings.update_team(team_id, SettingsChange({"default_model": "large"}), by=member(team_id, Role.ADMIN))

    assert await settings.completed(Options(temperature=1), team_id=team_id) == Options("large", 1)
    assert await settings.completed(Options("small"), team_id=team_id) == Options("small")
    assert await settings.completed(Options(), team_id=TeamId(new_id("team"))) == Options()


async def test_only_owners_and_administrators_change_a_teams_settings(settings: Settings) -> None:
    team_id = TeamId(new_id("team"))
    change = SettingsChange({"default_model": "large"})

    for role in (Role.EDITOR, Role.VIEWER):
        with pytest.raises(Forbidden):
            await settings.update_team(team_id, change, by=member(team_id, role))
    with pytest.raises(NotFound):
        await settings.update_team(team_id, change, by=member(TeamId(new_id("team")), Role.OWNER))

    assert (await settings.of_team(team_id, by=member(team_id, Role.VIEWER))).default_model is None
