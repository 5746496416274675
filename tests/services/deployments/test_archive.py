"""What the archive of deployment streams promises: what the log had, for when the log is gone."""

import uuid
from datetime import UTC, datetime

import pytest

from services.core.clock import utc_now
from services.core.ids import DeploymentId, GenerationId, ProjectId, TeamId, UserId
from services.deployments.archive import LogArchive
from services.deployments.events import LogFilter, LogLine, LogLines, encode, merging
from services.deployments.history import DeploymentHistory
from services.deployments.model import DEPLOYMENT_LOGS, DEPLOYMENTS, Deployment, DeploymentStatus
from services.foundation.aws.clients import Aws
from services.foundation.aws.provision import Resources, provision
from services.foundation.aws.tables import Table
from services.foundation.events.follow import follow
from services.foundation.events.hub import Hub
from services.foundation.events.memory import MemoryLog
from services.foundation.events.port import Entry
from services.foundation.events.stream import StreamEvent, StreamGap
from services.platforms.port import DeploymentPlatform, LogLevel, LogStream

NOW = datetime(2026, 1, 31, tzinfo=UTC)
ID = DeploymentId("deployment_1")


@pytest.fixture
def history(aws: Aws) -> DeploymentHistory:
    name = uuid.uuid4().hex
    tables = [(f"deployments-{name}", DEPLOYMENTS), (f"logs-{name}", DEPLOYMENT_LOGS)]
    provision(aws, Resources(tables, [], f"bucket-{name}", f"topic-{name}"))
    archive = LogArchive(Table(aws=aws, spec=DEPLOYMENT_LOGS, name=f"logs-{name}", now=utc_now), utc_now)
    return DeploymentHistory(Table(aws=aws, spec=DEPLOYMENTS, name=f"deployments-{name}", now=utc_now), archive)


def line(number: int, *, length: int = 0) -> bytes:
    message = f"line {number}".ljust(length, ".")
    return encode(LogLine(NOW, LogLevel.INFO, LogStream.BUILD, message))


async def written(log: MemoryLog, count: int, *, length: int = 0, close: bool = False) -> list[Entry]:
    lines = [line(number, length=length) for number in range(count)]
    await log.append(ID, lines, attempt=1, producer_seq=1, close=close)
    return list((await log.read(ID, after=0, limit=count)).entries)


async def end(history: DeploymentHistory) -> None:
    await history.table.put_new(
        Deployment(
            id=ID,
            project_id=ProjectId("p"),
            user_id=UserId("u"),
            team_id=TeamId("t"),
            generation_id=GenerationId("g"),
            platform=DeploymentPlatform.LOCAL,
            status=DeploymentStatus.CANCELED,
            created_at=NOW,
            updated_at=NOW,
            finished_at=NOW,
        )
    )


async def test_what_was_archived_reads_as_the_log_did(history: DeploymentHistory) -> None:
    log = MemoryLog(utc_now)
    entries = await written(log, 450)

    last = await history.archive.catch_up(log, ID, after=0)

    assert last == 450
    assert await history.archive.read(ID, after=0, limit=1000) == entries
    assert await history.archive.read(ID, after=199, limit=3) == entries[199:202]


async def test_archiving_again_changes_nothing(history: DeploymentHistory) -> None:
    log = MemoryLog(utc_now)
    entries = await written(log, 10)

    await history.archive.catch_up(log, ID, after=0)
    await history.archive.catch_up(log, ID, after=0)
    await history.archive.catch_up(log, ID, after=4)

    assert await history.archive.read(ID, after=0, limit=100) == entries


async def test_long_lines_are_cut_into_items_that_dynamodb_takes(history: DeploymentHistory) -> None:
    log = MemoryLog(utc_now)
    entries = await written(log, 30, length=60_000)

    await history.archive.catch_up(log, ID, after=0)

    assert await history.archive.read(ID, after=0, limit=100) == entries


async def test_a_follower_of_a_stream_that_the_log_has_lost_gets_it_from_the_archive(
    history: DeploymentHistory,
) -> None:
    log = MemoryLog(utc_now)
    await written(log, 5)
    await history.archive.catch_up(log, ID, after=0)
    log.lose(ID)
    await end(history)

    async with follow(Hub(log), ID, after=None, history=history, merged=merging(LogFilter())) as followed:
        happened = [event async for event in followed]

    assert not any(isinstance(event, StreamGap) for event in happened)
    first = happened[0]
    assert isinstance(first, StreamEvent)
    assert isinstance(first.event, LogLines)
    assert [numbered.line.message for numbered in first.event.lines] == [f"line {number}" for number in range(5)]
    assert [event.seq for event in happened] == [5, 6]


async def test_an_end_that_was_not_archived_is_told_from_the_record(history: DeploymentHistory) -> None:
    await end(history)

    (only,) = await history.read(ID, after=0, limit=10)

    assert (only.seq, only.terminal) == (1, True)
    assert await history.read(ID, after=1, limit=10) == []
    assert await history.has_ended(ID)


async def test_a_stream_goes_on_where_its_archive_ends(history: DeploymentHistory) -> None:
    log = MemoryLog(utc_now)
    await written(log, 3)
    last = await history.archive.catch_up(log, ID, after=0)
    log.lose(ID)

    await log.append(ID, [line(3)], attempt=2, producer_seq=1, base=last)
    await history.archive.catch_up(log, ID, after=last)

    stored = await history.archive.read(ID, after=0, limit=10)
    assert [entry.seq for entry in stored] == [1, 2, 3, 4]
