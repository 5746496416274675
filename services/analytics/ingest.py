"""Storing events so that each counts once, whoever repeats it and whoever dies on the way.

One transaction writes some events, that their ids are taken, and everything that they add to rollups and sessions: all
of it or nothing. An id that is taken already takes its event out of the transaction, which is then tried again.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from services.analytics.model import EVENTS_KEPT, AnalyticsEvent, Session
from services.analytics.names import Counted, Names
from services.analytics.rollups import Rollups, places_of, tallied
from services.analytics.sessions import with_events
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.core.frozen import frozen
from services.core.ids import SessionId
from services.foundation.aws.tables import Table
from services.foundation.aws.transactions import MOST_PARTS, Contended, Part, write_together
from services.foundation.limits.once import Once

_TRIES: Final = 15
"""How often events are written anew, without those that were taken and on top of what others have counted."""

Sessions = dict[SessionId, Session]


@frozen(kw_only=True)
class Ingest:
    events: Table[AnalyticsEvent]
    sessions: Table[Session]
    once: Once
    """Of the events that are recorded."""
    rollups: Rollups
    names: Names
    now: Clock

    async def store(self, events: Sequence[AnalyticsEvent]) -> set[str]:
        """Store events, no two with one id, and return the ids of those that had been stored before.

        Raises Unavailable where others keep getting in the way; some are stored then, and storing all again is safe.
        """
        repeated: set[str] = set()
        sessions = await self._load({event.session_id for event in events if event.session_id})
        counted = await self.names.counted(events)
        for some in packed(events, counted):
            repeated |= await self._commit(some, sessions, counted)
        return repeated

    async def _commit(self, events: Sequence[AnalyticsEvent], stored: Sessions, counted: Counted) -> set[str]:
        left = list(events)
        for _ in range(_TRIES):
            sessions = self._sessions(left, stored)
            taking = {event.event_id: self._taking(event) for event in left}
            counting = {each.id: self._session_part(stored.get(each.id), each) for each in sessions.values()}
            failed = await self._write([*taking.values(), *counting.values()], left, counted)
            if not failed:
                stored |= sessions
                return {event.event_id for event in events} - {event.event_id for event in left}
            left = [event for event in left if taking[event.event_id] not in failed]
            stale = {session_id for session_id, part in counting.items() if part in failed}
            for session_id in stale:
                stored.pop(session_id, None)  # it may have expired
            stored |= await self._load(stale)
        raise _too_many()

    async def _write(
        self, conditions: Sequence[Part], events: Sequence[AnalyticsEvent], counted: Counted
    ) -> frozenset[Part]:
        """Write all or nothing; return which conditions did not hold."""
        if not events:
            return frozenset()
        tallies = tallied(events, counted)
        parts = [
            *conditions,
            *map(self.events.storing, events),
            *(self.rollups.addition(place, tally) for place, tally in tallies.items()),
        ]
        try:
            return await write_together(parts)
        except Contended:
            raise _too_many() from None

    def _sessions(self, events: Sequence[AnalyticsEvent], stored: Sessions) -> Sessions:
        """Return the sessions of these events as they will be."""
        by_session: defaultdict[SessionId, list[AnalyticsEvent]] = defaultdict(list)
        for event in events:
            if event.session_id:
                by_session[event.session_id].append(event)
        return {
            session_id: with_events(stored.get(session_id), theirs, now=self.now())
            for session_id, theirs in by_session.items()
        }

    def _session_part(self, old: Session | None, new: Session) -> Part:
        return self.sessions.creation(new) if old is None else self.sessions.replacement(old, new)

    def _taking(self, event: AnalyticsEvent) -> Part:
        """Return the part that takes an event's id; it fails where the event is recorded already."""
        return self.once.noting(f"{event.team_id}#recordEvents#{event.event_id}", event.id, lifetime=EVENTS_KEPT)

    async def _load(self, session_ids: set[SessionId]) -> Sessions:
        sessions = await self.sessions.find_many([(session_id,) for session_id in sorted(session_ids)])
        return {session.id: session for session in sessions if session is not None}


def packed(events: Sequence[AnalyticsEvent], counted: Counted) -> Iterator[list[AnalyticsEvent]]:
    """Divide events so that each part fits into one transaction; those of a session and of an hour stay together."""
    some: list[AnalyticsEvent] = []
    shared: set[object] = set()
    for event in _in_order(events):
        touched = {*places_of(event, counted), *([event.session_id] if event.session_id else [])}
        if 2 * (len(some) + 1) + len(shared | touched) > MOST_PARTS:
            yield some
            some, shared = [], set()
        some.append(event)
        shared |= touched
    if some:
        yield some


def _in_order(events: Sequence[AnalyticsEvent]) -> Sequence[AnalyticsEvent]:
    """Return events by project and time, those of a session in one piece."""
    begin: dict[str, datetime] = {}
    for event in events:
        name = event.session_id or event.id
        begin[name] = min(begin.get(name, event.timestamp), event.timestamp)

    def place(event: AnalyticsEvent) -> tuple[str, datetime, str, datetime]:
        name = event.session_id or event.id
        return event.project_id or "", begin[name], name, event.timestamp

    return sorted(events, key=place)


def _too_many() -> Unavailable:
    return Unavailable("Too many events at once for one team; send the batch again, nothing counts twice.")
