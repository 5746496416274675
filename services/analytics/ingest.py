"""Storing events so that each counts once, whoever repeats it and whoever dies on the way.

One transaction writes some events, that their ids are taken, and everything that they add to rollups and sessions: all
of it or nothing. An id that is taken already takes its event out of the transaction, which is then tried again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from services.analytics.model import EVENTS_KEPT, AnalyticsEvent
from services.analytics.names import Counted, Names
from services.analytics.rollups import Rollups, places_of, tallied
from services.analytics.sessions import Session, with_events
from services.core.clock import Clock
from services.core.errors import Unavailable
from services.core.ids import SessionId
from services.foundation.aws.items import from_item, to_item
from services.foundation.aws.tables import Table
from services.foundation.limits.idempotency import IdempotencyKey

ACTIONS: Final = 100
"""Most actions of a transaction (DynamoDB Developer Guide, TransactWriteItems)."""
_READS: Final = 100
"""Most items of a BatchGetItem."""
_TRIES: Final = 15
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5

_CONDITION: Final = "ConditionalCheckFailed"
_PASSING: Final = {"None", _CONDITION, "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}

Known = dict[SessionId, Session]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    events: Table[AnalyticsEvent]
    sessions: Table[Session]
    taken: Table[IdempotencyKey]
    """The ids of events that are recorded."""
    rollups: Rollups
    names: Names
    now: Clock

    async def store(self, events: Sequence[AnalyticsEvent]) -> set[str]:
        """Store events, no two with one id, and return the ids of those that had been stored before.

        Raises Unavailable where others keep getting in the way; some are stored then, and storing all again is safe.
        """
        repeated: set[str] = set()
        known = await self._load({event.session_id for event in events if event.session_id})
        counted = await self.names.counted(events)
        for some in packed(events, counted):
            repeated |= await self._commit(some, known, counted)
        return repeated

    async def _commit(self, events: Sequence[AnalyticsEvent], known: Known, counted: Counted) -> set[str]:
        left, pause = list(events), _FIRST_PAUSE
        for _ in range(_TRIES):
            sessions = self._sessions(left, known)
            reasons = await self.events.aws.run(self._write, left, sessions, known, counted) if left else ()
            if not reasons:
                known |= sessions
                return {event.event_id for event in events} - {event.event_id for event in left}
            fresh = [event for event, why in zip(left, reasons, strict=False) if why != _CONDITION]
            stale = {found for found, why in zip(sessions, reasons[len(left) :], strict=False) if why == _CONDITION}
            for session_id in stale:
                known.pop(session_id, None)  # it may have expired
            known |= await self._load(stale)
            if len(fresh) == len(left) and not stale:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            left = fresh
        raise Unavailable("Too many events at once for one team; send the batch again, nothing counts twice.")

    def _sessions(self, events: Sequence[AnalyticsEvent], known: Known) -> Known:
        """Return the sessions of these events as they will be."""
        by_session: defaultdict[SessionId, list[AnalyticsEvent]] = defaultdict(list)
        for event in events:
            if event.session_id:
                by_session[event.session_id].append(event)
        return {
            session_id: with_events(known.get(session_id), theirs, now=self.now())
            for session_id, theirs in by_session.items()
        }

    def _write(
        self, events: Sequence[AnalyticsEvent], sessions: Known, known: Known, counted: Counted
    ) -> Sequence[str]:
        """Write all or nothing; return why nothing was written, for each action: ids first, then sessions. Blocks."""
        parts = [
            *(self.taken.creation(self._key(event)) for event in events),
            *(self._session_part(known.get(session.id), session) for session in sessions.values()),
            *({"Put": {"TableName": self.events.name, "Item": to_item(event)}} for event in events),
            *(self.rollups.addition(place, tally) for place, tally in tallied(events, counted).items()),
        ]
        try:
            self.events.aws.dynamodb.transact_write_items(TransactItems=parts)  # pyright: ignore[reportArgumentType] - built above
        except ClientError as error:
            reasons = _reasons(error)
            if not reasons or not set(reasons) <= _PASSING:
                raise
            return reasons
        return ()

    def _session_part(self, old: Session | None, new: Session) -> dict[str, Any]:
        return self.sessions.creation(new) if old is None else self.sessions.replacement(old, new)

    def _key(self, event: AnalyticsEvent) -> IdempotencyKey:
        now = self.now()
        return IdempotencyKey(
            id=f"{event.team_id}#recordEvents#{event.event_id}",
            object_id=event.id,
            created_at=now,
            updated_at=now,
            expires_at=int((now + EVENTS_KEPT).timestamp()),
        )

    async def _load(self, session_ids: set[SessionId]) -> Known:
        ids = sorted(session_ids)
        parts = [ids[start : start + _READS] for start in range(0, len(ids), _READS)]
        found = await asyncio.gather(*(self.sessions.aws.run(self._load_blocking, part) for part in parts))
        return {session.id: session for some in found for session in some}

    def _load_blocking(self, ids: Sequence[SessionId]) -> list[Session]:
        name = self.sessions.name
        asked: Mapping[str, Any] = {name: {"Keys": [{"id": {"S": it}} for it in ids], "ConsistentRead": True}}
        sessions: list[Session] = []
        while asked:
            answer = self.sessions.aws.dynamodb.batch_get_item(RequestItems=asked)
            sessions += [from_item(item, Session) for item in answer["Responses"].get(name, [])]
            asked = answer.get("UnprocessedKeys", {})
        return sessions


def packed(events: Sequence[AnalyticsEvent], counted: Counted) -> Iterator[list[AnalyticsEvent]]:
    """Divide events so that each part fits into one transaction; those of a session and of an hour stay together."""
    some: list[AnalyticsEvent] = []
    shared: set[object] = set()
    for event in _in_order(events):
        touched = {*places_of(event, counted), *([event.session_id] if event.session_id else [])}
        if 2 * (len(some) + 1) + len(shared | touched) > ACTIONS:
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


def _reasons(error: ClientError) -> Sequence[str]:
    if error.response.get("Error", {}).get("Code") != "TransactionCanceledException":
        return ()
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
