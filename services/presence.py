"""Who is at a project: in every process, as a stream of the project tells.

A process has one room for each project that is followed by it. The room says who is in it, all of them, when that
changes and every ten seconds. One that is silent for thirty, since its process or its network died, is empty.
"""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.core.clock import Clock
from services.core.frozen import frozen
from services.core.ids import ProjectId, UserId
from services.foundation.events.bell import Pulse
from services.foundation.events.hub import Hub
from services.foundation.events.port import Entry, LogUnavailable
from services.foundation.events.shared import NoHistory, SharedStreams

BEAT: Final = 10.0
SILENCE: Final = timedelta(seconds=30)

MERGED: Final = 0.05
"""Seconds in which those who come and go are told of together."""


log = logging.getLogger(__name__)


class InRoom(msgspec.Struct, frozen=True):
    """A room says who is in it."""

    room: str
    user_ids: Sequence[UserId]


@frozen
class Present:
    """Who is there now, in the order of their ids."""

    user_ids: Sequence[UserId]


def rooms_of(project_id: ProjectId) -> str:
    """Return the stream in which the rooms of a project say who is in them."""
    return f"{project_id}/rooms"


@dataclass(slots=True, kw_only=True)
class Rooms:
    """The rooms of a process."""

    streams: SharedStreams
    hub: Hub
    now: Clock
    beat: float = BEAT
    """Seconds between two beats."""
    _open: "dict[ProjectId, Room]" = field(default_factory=dict[ProjectId, "Room"])

    @asynccontextmanager
    async def joined(self, project_id: ProjectId, user_id: UserId) -> AsyncGenerator["Room"]:
        """Be in the room of a project for the length of the block."""
        room = self._open.get(project_id)
        if room is None or room.is_over:
            room = self._open[project_id] = Room(self, rooms_of(project_id))
        room.enter(user_id)
        try:
            yield room
        finally:
            room.leave(user_id)
            if room.is_empty:
                if self._open.get(project_id) is room:
                    del self._open[project_id]
                await room.close()


class Room:
    """Those who are at a project by this process, and what is heard of other rooms."""

    def __init__(self, rooms: Rooms, stream: str) -> None:
        self.pulse = Pulse()
        """Beats when somebody has come or gone, and when the room is over."""
        self._rooms = rooms
        self._stream = stream
        self._id = uuid.uuid4().hex
        self._here = Counter[UserId]()
        """By user, how many of their windows are here."""
        self._elsewhere: dict[str, tuple[Sequence[UserId], datetime]] = {}
        self._is_heard = False
        self._present: Present | None = None
        self._changed = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(), name=f"room {stream}")
        self._listening.add_done_callback(lambda _: self.pulse.beat())
        self._speaking = asyncio.create_task(self._speak(), name=f"beat {stream}")

    @property
    def present(self) -> Present | None:
        """Who is there; None until the other rooms have been heard. Raises LogUnavailable once the room is over."""
        if self.is_over:
            raise LogUnavailable
        return self._present

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be heard: the log was closed."""
        return self._listening.done()

    @property
    def is_empty(self) -> bool:
        return not self._here

    def enter(self, user_id: UserId) -> None:
        self._here[user_id] += 1
        if self._here[user_id] == 1:
            self._changed.set()
            self._look()

    def leave(self, user_id: UserId) -> None:
        self._here[user_id] -= 1
        if not self._here[user_id]:
            del self._here[user_id]
            self._changed.set()
            self._look()

    async def close(self) -> None:
        """End the room, and say so."""
        for task in (self._listening, self._speaking):
            task.cancel()
        await asyncio.gather(self._listening, self._speaking, return_exceptions=True)
        await self._say()

    def _look(self) -> None:
        """Tell those who are here where it has changed who is there."""
        if not self._is_heard:
            return
        now = self._rooms.now()
        self._elsewhere = {room: said for room, said in self._elsewhere.items() if now - said[1] < SILENCE}
        ids = set(self._here).union(*(said[0] for said in self._elsewhere.values()))
        present = Present(tuple(sorted(ids)))
        if present != self._present:
            self._present = present
            self.pulse.beat()

    async def _speak(self) -> None:
        while True:
            self._changed.clear()
            await self._say()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rooms.beat):
                    await self._changed.wait()
                await asyncio.sleep(MERGED)
            self._look()

    async def _say(self) -> None:
        said = InRoom(self._id, tuple(sorted(self._here)))
        try:
            await self._rooms.streams.append(self._stream, msgspec.json.encode(said))
        except LogUnavailable:
            return  # the next beat says the same, and silence the opposite
        except Exception:
            log.exception("who is at %s could not be said", self._stream)

    async def _listen(self) -> None:
        async with self._rooms.hub.follow(self._stream, after=None, history=NoHistory()) as batches:
            async for batch in batches:
                for entry in batch.entries:
                    self._hear(entry)
                self._look()

    def _hear(self, entry: Entry) -> None:
        try:
            said = msgspec.json.decode(entry.data, type=InRoom)
        except msgspec.DecodeError:  # of another version
            return
        if said.room == self._id:
            self._is_heard = True
        elif said.user_ids:
            self._elsewhere[said.room] = (said.user_ids, entry.at)
        else:
            self._elsewhere.pop(said.room, None)
