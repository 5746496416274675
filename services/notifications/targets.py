"""Notification targets: people of a team who are told by e-mail or text message, over the team's topic."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Final, Literal

from msgspec.structs import replace

from services.core.actor import Actor
from services.core.clock import Clock
from services.core.errors import Conflict, Fault, Invalid, NotFound
from services.core.frozen import frozen
from services.core.ids import TargetId, TeamId
from services.core.pages import Page, PageRequest
from services.core.policy import Action, of_team, require
from services.core.text import is_email
from services.foundation.aws.conditions import AlreadyExists
from services.foundation.aws.tables import Table
from services.foundation.aws.topic import Unacceptable
from services.foundation.limits.idempotency import Idempotency, Try
from services.journal.journal import InTeam, Journal
from services.notifications.confirmations import Confirmations
from services.notifications.model import Channel, NotificationEvent, NotificationTarget
from services.notifications.notifier import Notifier

MOST: Final = 20
"""Targets of a team, since each new address gets a message that asks its owner."""

_PROTOCOLS: Final[Mapping[Channel, Literal["email", "sms"]]] = {Channel.EMAIL: "email", Channel.SMS: "sms"}
_TELEPHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_FORMS: Final[Mapping[Channel, tuple[Callable[[str], object], str]]] = {
    Channel.EMAIL: (is_email, "name@example.com"),
    Channel.SMS: (_TELEPHONE.fullmatch, "+14155550123"),
}


class TargetState(Enum):
    """Whether a target is notified of anything."""

    PENDING = "PENDING"
    """Its owner was asked, by a mail or by a code to the telephone, and has not agreed yet."""
    CONFIRMED = "CONFIRMED"
    """It is notified."""
    ENDED = "ENDED"
    """Its owner has unsubscribed, or did not agree in time: within days, or 15 minutes for a telephone."""


@frozen
class NewTarget:
    channel: Channel
    address: str
    events: Sequence[NotificationEvent]
    team_id: TeamId | None = None
    """None means the actor's personal team."""
    client_mutation_id: str | None = None


@frozen(kw_only=True)
class NotificationTargets:
    table: Table[NotificationTarget]
    notifier: Notifier
    confirmations: Confirmations
    idempotency: Idempotency
    journal: Journal
    now: Clock

    async def create(self, new: NewTarget, *, by: Actor) -> NotificationTarget:
        """Tell somebody what happens to a team. The record comes first, so that no subscription is without one."""
        async with self.idempotency.trying("createNotificationTarget", new, new.client_mutation_id, by=by) as attempt:
            if attempt.done is not None:
                return await self.get(TargetId(attempt.done), by=by)
            return await self._create(new, attempt, by=by)

    async def _create(self, new: NewTarget, attempt: Try, *, by: Actor) -> NotificationTarget:
        _check(new)
        team_id = of_team(Action.MANAGE_INTEGRATIONS, new.team_id, by=by)
        object_id = await attempt.take_id("target")
        await self._room(team_id, new, object_id)
        now = self.now()
        target = NotificationTarget(
            id=TargetId(object_id),
            user_id=by.user_id,
            team_id=team_id,
            channel=new.channel,
            address=new.address,
            events=tuple(dict.fromkeys(new.events)),
            created_at=now,
            updated_at=now,
        )
        await self.confirmations.admit(target, by=by)
        try:
            await self.table.put_new(target)
        except AlreadyExists:
            target = await self.get(target.id, by=by)
        if not target.subscription:
            target = await self._ask(target)
        await self.journal.created(target, target.channel.value, place=InTeam(team_id), by=by.user_id)
        return target

    async def get(self, target_id: TargetId, *, by: Actor) -> NotificationTarget:
        """Return a target of a team that the actor administers."""
        target = await self.table.find(target_id)
        return require(by, Action.MANAGE_INTEGRATIONS, target, missing=NotFound("target", target_id))

    async def list(self, page: PageRequest, *, team_id: TeamId | None, by: Actor) -> Page[NotificationTarget]:
        """Return a team's targets, newest first; None means the actor's personal team."""
        return await self.table.query("TeamIdIndex", of_team(Action.MANAGE_INTEGRATIONS, team_id, by=by), page)

    async def state(self, target: NotificationTarget) -> TargetState:
        """Say whether a target that the caller was given has agreed; asks SNS."""
        if target.code is not None:
            return TargetState.PENDING if target.code.expires_at > self.now() else TargetState.ENDED
        topic = self.notifier.topic_of(target.team_id)
        agreed = await topic.is_confirmed(target.subscription) if target.subscription else None
        if agreed is None:
            return TargetState.ENDED
        return TargetState.CONFIRMED if agreed else TargetState.PENDING

    async def confirm(self, target_id: TargetId, code: str, *, by: Actor) -> NotificationTarget:
        """Have a telephone told, by the code that it was sent. One that is confirmed already stays so.

        Raises Invalid for a wrong code, and Conflict once there were too many, or the code is too old.
        """
        before = await self.get(target_id, by=by)
        target = await self.table.update(target_id, lambda old: self.confirmations.entered(old, code))
        if target is None:
            raise NotFound("target", target_id)
        if target.code is not None:
            raise Invalid.one("That is not the code that was sent.", "code")
        if target.subscription is None:
            target = await self._subscribe(target)
        if before.code is not None:
            await self.journal.updated(target, target.channel.value, place=InTeam(target.team_id), by=by.user_id)
        return target

    async def delete(self, target_id: TargetId, *, by: Actor) -> NotificationTarget:
        """Tell a target nothing more."""
        target = await self.get(target_id, by=by)
        if target.subscription:
            with suppress(Unacceptable):  # its owner never agreed: SNS forgets it
                await self.notifier.topic_of(target.team_id).unsubscribe(target.subscription)
        await self.table.remove(target)
        await self.journal.deleted(target, target.channel.value, place=InTeam(target.team_id), by=by.user_id)
        return target

    async def _ask(self, target: NotificationTarget) -> NotificationTarget:
        """Ask the owner of an address: SNS does by mail, and we send a telephone a code."""
        if target.channel is Channel.EMAIL:
            return await self._subscribe(target)
        code, sent = self.confirmations.code_for(target.id)
        asked = await self.table.update(target.id, lambda old: replace(old, code=sent))
        try:
            await self.notifier.topic.text(target.address, _text(code))
        except Unacceptable:
            await self.table.remove(target)
            raise Invalid.one("address is not accepted.", "address") from None
        return asked or target

    async def _subscribe(self, target: NotificationTarget) -> NotificationTarget:
        topic, events = self.notifier.topic_of(target.team_id), [event.value for event in target.events]
        try:
            arn = await topic.subscribe(_PROTOCOLS[target.channel], target.address, only={"event": events})
        except Unacceptable:
            await self.table.remove(target)
            raise Invalid.one("address is not accepted, or is still subscribed otherwise.", "address") from None
        stored = await self.table.update(target.id, lambda old: replace(old, subscription=arn))
        return stored or target

    async def _room(self, team_id: TeamId, new: NewTarget, object_id: str) -> None:
        others = [each async for each in self.table.every("TeamIdIndex", team_id) if each.id != object_id]
        same = (each for each in others if each.channel is new.channel and each.address == new.address)
        if (twin := next(same, None)) is not None:
            raise Conflict("The team has this target already.", current=twin)
        if len(others) >= MOST:
            raise Conflict(f"A team can have at most {MOST} notification targets.")


def _text(code: str) -> str:
    """Write the message with a code. Nothing in it is chosen by whoever has it sent."""
    return f"{code} is the code to be told of your team's work on Snapinfra. If you did not expect it, ignore it."


def _check(new: NewTarget) -> None:
    faults: list[Fault] = []
    is_one, example = _FORMS[new.channel]
    if not is_one(new.address):
        faults.append(Fault(f"address must look like {example}.", ("address",)))
    if not new.events:
        faults.append(Fault("events must not be empty.", ("events",)))
    if faults:
        raise Invalid(faults)
