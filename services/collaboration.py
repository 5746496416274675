"""Working on a project together: what is done in it, and who is there, as it happens.

Whoever follows a project is present in it (services.presence).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from services.activity import Activity
from services.core.actor import Actor
from services.core.frozen import frozen
from services.core.ids import ProjectId
from services.foundation.events.follow import Following
from services.foundation.events.port import LogUnavailable
from services.journal.model import ActivityEntry
from services.presence import Present, Room, Rooms

T = TypeVar("T")

Happening = Following[ActivityEntry] | Present


@frozen(kw_only=True)
class Collaboration:
    activity: Activity
    rooms: Rooms

    @asynccontextmanager
    async def follow(
        self, project_id: ProjectId, *, after: str | None, by: Actor
    ) -> AsyncGenerator[AsyncIterator[Happening]]:
        """Follow a project, and be present in it meanwhile: who is there, and what is done after a cursor.

        Without a cursor, from now on. Who is there is told first, and again after each change.
        """
        async with (
            self.activity.follow(team_id=None, project_id=project_id, after=after, by=by) as noted,
            self.rooms.joined(project_id, by.user_id) as room,
            aclosing(_happenings(noted, room)) as happenings,
        ):
            yield happenings


async def _happenings(noted: AsyncIterator[Following[ActivityEntry]], room: Room) -> AsyncGenerator[Happening]:
    shown, next_noted = None, _next(noted)
    changed: asyncio.Task[bool] | None = None
    try:
        while True:
            change = room.pulse.next  # before looking, so that none is missed
            if room.present not in (shown, None):
                shown = room.present
                yield shown
            changed = asyncio.create_task(change.wait())
            await asyncio.wait([next_noted, changed], return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if next_noted.done():
                yield next_noted.result()
                next_noted = _next(noted)
    finally:
        waiting = [task for task in (next_noted, changed) if task is not None]
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)


def _next(source: AsyncIterator[T]) -> "asyncio.Task[T]":
    """Begin to wait for the next thing; once the log is closed there is none, and then it is unavailable."""

    async def ask() -> T:
        try:
            return await anext(source)
        except StopAsyncIteration:
            raise LogUnavailable from None

    return asyncio.create_task(ask())
