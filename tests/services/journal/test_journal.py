"""What the journal promises to the services that note in it."""

from datetime import timedelta
from secrets import randbits

import pytest
from msgspec.structs import replace

from services.bootstrap import table_name
from services.core.clock import utc_now
from services.core.ids import ProjectId, TeamId, UserId, new_id
from services.core.pages import PageRequest
from services.foundation.aws.clients import Aws
from services.foundation.aws.tables import Table
from services.foundation.events.memory import MemoryLog
from services.foundation.events.shared import SharedStreams
from services.journal.journal import Journal
from services.journal.model import ACTIVITY, ENTRY_LIFETIME, ActivityEntry
from services.projects.model import Project
from tests.snapinfra import Server


@pytest.fixture
def table(server: Server, aws: Aws) -> Table[ActivityEntry]:
    return Table(aws=aws, spec=ACTIVITY, name=table_name(server.config, ACTIVITY), now=utc_now)


@pytest.fixture
def project() -> Project:
    return Project(
        id=ProjectId(new_id("project")),
        team_id=TeamId(new_id("team")),
        user_id=UserId("user_x"),
        name="Shop",
        created_at=utc_now(),
        updated_at=utc_now(),
    )


def journal(table: Table[ActivityEntry]) -> Journal:
    return Journal(table=table, streams=SharedStreams(MemoryLog(utc_now), randbits), now=utc_now)


async def test_each_version_is_noted_once_whatever_its_time(table: Table[ActivityEntry], project: Project) -> None:
    later = replace(project, updated_at=project.updated_at + timedelta(seconds=1))

    for changed in (project, project, later, replace(later, version=2)):
        await journal(table).updated(changed, changed.name, place=changed, by=changed.user_id)

    page = await table.query("ProjectIdIndex", project.id, PageRequest())
    assert [entry.created_at for entry in page.items] == [later.updated_at, project.updated_at]


async def test_an_entry_expires_after_90_days(table: Table[ActivityEntry], project: Project) -> None:
    await journal(table).created(project, project.name, place=project, by=project.user_id)

    entry = (await table.query("ProjectIdIndex", project.id, PageRequest())).items[0]
    assert entry.expires_at == int((project.created_at + ENTRY_LIFETIME).timestamp())


async def test_what_can_not_be_noted_does_not_fail_the_change(
    aws: Aws, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    missing = Table(aws=aws, spec=ACTIVITY, name="no-such-table", now=utc_now)

    await journal(missing).created(project, project.name, place=project, by=project.user_id)

    assert f"CREATED of {project.id} is not noted" in caplog.text
