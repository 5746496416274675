"""The promise that a stream closed without its run ends in the stored text, whatever the run had told."""

from datetime import UTC, datetime

from services.core.clock import utc_now
from services.core.ids import GenerationId, ProjectId, TeamId, UserId, new_id
from services.foundation.events.memory import MemoryLog
from services.generations import events
from services.generations.artifact import Artifact
from services.generations.history import close_stream
from services.generations.model import Generation, GenerationKind, GenerationStatus

AT = datetime(2026, 1, 1, tzinfo=UTC)
ENDED = Generation(
    id=GenerationId(new_id("generation")),
    project_id=ProjectId(new_id("project")),
    user_id=UserId(new_id("user")),
    team_id=TeamId(new_id("team")),
    kind=GenerationKind.SCHEMA,
    prompt="Notes",
    status=GenerationStatus.COMPLETED,
    provider="p",
    model="m",
    attempt=1,
    finished_at=AT,
    created_at=AT,
    updated_at=AT,
)
STARTED = events.AttemptStarted(attempt=1, provider="p", model="m", resets_text=True)
FINISHED = events.GenerationFinished(GenerationStatus.COMPLETED)


async def told(log: MemoryLog) -> list[events.GenerationEvent]:
    entries = (await log.read(ENDED.id, after=0)).entries
    return [event.event for event in events.merged("epoch", entries)]


async def test_a_run_that_was_lost_between_its_record_and_the_end_of_its_text_does_not_shorten_the_stream() -> None:
    log = MemoryLog(utc_now)
    begun = [STARTED, events.TokenDelta("hel", offset=0)]
    await log.append(ENDED.id, [events.encode(event) for event in begun], attempt=1, producer_seq=1)

    await close_stream(log, ENDED, Artifact("hello"))

    assert await told(log) == [*begun, STARTED, events.TokenDelta("hello", offset=0), FINISHED]


async def test_a_stream_that_has_ended_stays_as_it_is() -> None:
    log = MemoryLog(utc_now)
    await close_stream(log, ENDED, Artifact("hello"))

    await close_stream(log, ENDED, Artifact("hello"))

    assert await told(log) == [STARTED, events.TokenDelta("hello", offset=0), FINISHED]
