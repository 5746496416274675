"""How those who are to be told are asked: a telephone by a code, and nobody more often than the rates allow."""

import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from services.bootstrap import Services, opened
from services.config import Config
from services.core.actor import Actor
from services.core.errors import Conflict, Invalid, Limited
from services.foundation.auth.tokens import Subject
from services.foundation.aws.topic import Topic
from services.notifications.confirmations import CODE_LIFETIME, CODE_TRIES, OF_ADDRESS, OF_TEAM, OF_USER
from services.notifications.model import Channel, NotificationEvent, NotificationTarget
from services.notifications.targets import NewTarget, TargetState
from tests.services.usage.books import SetClock

MINUTES = timedelta(minutes=2)
EVENTS = (NotificationEvent.GENERATION_FINISHED,)


@dataclass
class Desk:
    """A stage, somebody with a team, and the text messages that were sent."""

    services: Services
    clock: SetClock
    by: Actor
    texts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def add(self, address: str = "", channel: Channel = Channel.EMAIL) -> NotificationTarget:
        address = address or f"{uuid.uuid4().hex}@example.com"
        return await self.services.targets.create(NewTarget(channel, address, EVENTS), by=self.by)

    async def confirm(self, target: NotificationTarget, code: str) -> NotificationTarget:
        return await self.services.targets.confirm(target.id, code, by=self.by)

    async def state(self, target: NotificationTarget) -> TargetState:
        return await self.services.targets.state(await self.services.targets.get(target.id, by=self.by))

    async def else_(self) -> "Desk":
        """Return the desk of somebody else, in the same stage."""
        return Desk(self.services, self.clock, await somebody(self.services), self.texts)

    async def room(self) -> None:
        """Delete all targets of the team."""
        async for target in self.services.targets.table.every("TeamIdIndex", self.by.personal_team_id):
            await self.services.targets.delete(target.id, by=self.by)

    def topic(self) -> Topic:
        return self.services.targets.notifier.topic_of(self.by.personal_team_id)

    def subscribed(self) -> list[str]:
        listed = self.topic().aws.sns.list_subscriptions_by_topic(TopicArn=self.topic().arn)["Subscriptions"]
        return [each.get("Endpoint", "") for each in listed]

    def code(self) -> str:
        match = re.match(r"(\d{6}) is the code", self.texts[-1]["Message"])
        assert match is not None
        return match[1]

    def note(self, params: dict[str, Any], **_: Any) -> None:
        if "PhoneNumber" in params:
            self.texts.append(dict(params))


async def somebody(services: Services) -> Actor:
    return await services.users.actor(Subject(f"user_{uuid.uuid4().hex}"))


def number() -> str:
    return f"+1415{uuid.uuid4().int % 10**7:07}"


@pytest.fixture
async def desk(config: Config) -> AsyncIterator[Desk]:
    clock = SetClock()
    async with opened(config, {}, now=clock) as process:
        desk = Desk(process.services, clock, await somebody(process.services))
        events: Any = process.services.projects.table.aws.sns.meta.events
        events.register("before-parameter-build.sns.Publish", desk.note)
        yield desk


async def test_a_telephone_is_told_once_its_code_was_entered(desk: Desk) -> None:
    telephone = number()
    target = await desk.add(telephone, Channel.SMS)
    (text,) = desk.texts
    before = (await desk.state(target), desk.subscribed())

    confirmed = await desk.confirm(target, f" {desk.code()} ")
    again = await desk.confirm(target, "000000")

    assert text["PhoneNumber"] == telephone
    assert before == (TargetState.PENDING, [])
    assert (await desk.state(target), desk.subscribed()) == (TargetState.CONFIRMED, [telephone])
    assert (confirmed.code, again) == (None, confirmed)
    assert desk.code() not in str(target)


async def test_a_wrong_code_confirms_nothing_and_after_five_none_is_right(desk: Desk) -> None:
    target = await desk.add(number(), Channel.SMS)
    wrong = f"{(int(desk.code()) + 1) % 10**6:06}"

    for code in (wrong, "", "x" * 10_000, "\ud800", desk.code()[:5]):
        with pytest.raises(Invalid, match="not the code"):
            await desk.confirm(target, code)
    with pytest.raises(Conflict, match="not valid any more"):
        await desk.confirm(target, desk.code())

    assert CODE_TRIES == 5
    assert desk.subscribed() == []


async def test_a_code_ends_after_a_quarter_of_an_hour(desk: Desk) -> None:
    target = await desk.add(number(), Channel.SMS)
    desk.clock.ahead += CODE_LIFETIME

    with pytest.raises(Conflict, match="not valid any more"):
        await desk.confirm(target, desk.code())

    assert (await desk.state(target), desk.subscribed()) == (TargetState.ENDED, [])


async def test_an_address_is_asked_three_times_an_hour_whoever_asks(desk: Desk) -> None:
    telephone, address = number(), f"{uuid.uuid4().hex}@example.com"
    for _ in range(OF_ADDRESS):
        other = await desk.else_()
        await other.add(telephone, Channel.SMS)
        await other.add(address)
    last = await desk.else_()

    with pytest.raises(Limited, match="within an hour"):
        await last.add(telephone, Channel.SMS)
    with pytest.raises(Limited):
        await last.add(address.upper())

    assert len([text for text in desk.texts if text["PhoneNumber"] == telephone]) == OF_ADDRESS
    assert last.subscribed() == []
    assert await last.services.targets.table.count("TeamIdIndex", last.by.personal_team_id) == 0


async def test_a_user_adds_twenty_within_a_minute_however_many_they_delete(desk: Desk) -> None:
    for _ in range(OF_USER):
        await desk.add()
        await desk.room()

    with pytest.raises(Limited, match="within a minute"):
        await desk.add()


async def test_a_team_adds_forty_within_an_hour(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(OF_TEAM // 2):
            await desk.add()
            await desk.room()
        desk.clock.ahead += MINUTES

    with pytest.raises(Limited, match="within an hour"):
        await desk.add()
