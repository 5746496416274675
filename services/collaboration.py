"""Working on a project together: what is done in it, and who is there, as it happens.

Whoever follows a project is present in it. Each follower says so in a stream of the project every ten seconds, and says
when it leaves; one that is silent for thirty, since its process or its network died, is no longer there.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from services.activity import Activity
from services.core.actor import Actor
from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import ProjectId, UserId
from services.foundation.events.follow import Following
from services.foundation.events.hub import Hub
from services.foundation.events.playback import Batch
from services.foundation.events.port import LogUnavailable
from services.foundation.events.shared import NoHistory, SharedStreams
from services.journal.model import ActivityEntry

BEAT: Final = 10.0
SILENCE: Final = timedelta(seconds=30)

T = TypeVar("T")


class Beat(msgspec.Struct, frozen=True, omit_defaults=True):
    """A follower says that it is there, or no longer is. `session` tells a user's windows apart."""

    session: str
    user_id: UserId
    gone: bool = False


@frozen
class Present:
    """Who is there now, in the order of their ids."""

    user_ids: Sequence[UserId]


Happening = Following[ActivityEntry] | Present


def beats_of(project_id: ProjectId) -> str:
    """Return the stream in which those present in a project say so."""
    return f"{project_id}/present"


def new_session() -> str:
    return uuid.uuid4().hex


@frozen(kw_only=True)
class Collaboration:
    activity: Activity
    streams: SharedStreams
    hub: Hub
    now: Clock
    beat: float = BEAT
    """Seconds between two beats."""

    @asynccontextmanager
    async def follow(
        self, project_id: ProjectId, *, after: str | None, by: Actor
    ) -> AsyncGenerator[AsyncIterator[Happening]]:
        """Follow a project, and be present in it meanwhile: who is there, and what is done after a cursor.

        Without a cursor, from now on. Who is there is told first, and again after each change.
        """
        stream, me = beats_of(project_id), Beat(new_session(), by.user_id)
        async with (
            self.activity.follow(team_id=None, project_id=project_id, after=after, by=by) as noted,
            self.hub.follow(stream, after=None, history=NoHistory()) as beats,
            self._beating(stream, me),
            aclosing(self._happenings(noted, beats)) as happenings,
        ):
            yield happenings

    @asynccontextmanager
    async def _beating(self, stream: str, me: Beat) -> AsyncGenerator[None]:
        """Be present for the length of the block."""
        task = asyncio.create_task(self._beat_on(stream, me), name=f"beat {stream}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await self._say(stream, Beat(me.session, me.user_id, gone=True))

    async def _beat_on(self, stream: str, me: Beat) -> None:
        while True:
            await self._say(stream, me)
            await asyncio.sleep(self.beat)

    async def _say(self, stream: str, beat: Beat) -> None:
        try:
            await self.streams.append(stream, msgspec.json.encode(beat))
        except LogUnavailable:
            return  # the next beat says the same, and silence the opposite

    async def _happenings(
        self, noted: AsyncIterator[Following[ActivityEntry]], beats: AsyncIterator[Batch]
    ) -> AsyncGenerator[Happening]:
        heard, shown = _Heard(), None
        next_noted, next_beats = _next(noted), _next(beats)
        try:
            while True:
                waiting = [next_noted, next_beats]
                await asyncio.wait(waiting, timeout=self.beat, return_when=asyncio.FIRST_COMPLETED)
                if next_noted.done():
                    yield next_noted.result()
                    next_noted = _next(noted)
                if next_beats.done():
                    heard.take(next_beats.result())
                    next_beats = _next(beats)
                if (present := heard.present(self.now())) not in (shown, Present(())):
                    shown = present
                    yield present
        finally:
            for task in (next_noted, next_beats):
                task.cancel()
            await asyncio.wait([next_noted, next_beats])


class _Heard:
    """When each session last said that it is there."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[UserId, datetime]] = {}

    def take(self, batch: Batch) -> None:
        for entry in batch.entries:
            beat = msgspec.json.decode(entry.data, type=Beat)
            if beat.gone:
                self._sessions.pop(beat.session, None)
            else:
                self._sessions[beat.session] = (beat.user_id, entry.at)

    def present(self, now: datetime) -> Present:
        kept = {session: said for session, said in self._sessions.items() if now - said[1] < SILENCE}
        self._sessions = kept
        return Present(tuple(sorted({user_id for user_id, _ in kept.values()})))


def _next(source: AsyncIterator[T]) -> "asyncio.Task[T]":
    """Begin to wait for the next thing; once the log is closed there is none, and then it is unavailable."""

    async def ask() -> T:
        try:
            return await anext(source)
        except StopAsyncIteration:
            raise LogUnavailable from None

    return asyncio.create_task(ask())
