"""What deliveries to webhooks promise: signed, at least once, with pauses, and not for ever."""

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from services.config import Config
from services.core.clock import iso
from services.foundation.aws.topic import Topic
from services.notifications.attempt import LEASE, SCHEDULE
from services.notifications.model import DeliveryState, DisabledReason, NotificationEvent
from services.notifications.notice import Notice
from services.notifications.notifier import Due
from services.notifications.service import WebhookChange
from services.notifications.signing import signature
from services.notifications.webhook_dispatcher import FORGOTTEN
from tests.fakes.receiver import Received, Receiver, Reply
from tests.services.notifications.stage import Stage, Ticking, notice, staged


@pytest.fixture
async def stage(config: Config) -> AsyncGenerator[Stage]:
    async with staged(config, Ticking()) as opened:
        yield opened


def holds(message: Received, secret: str) -> bool:
    """Check a message as its receiver does."""
    expected = signature(
        secret,
        message_id=message.headers["webhook-id"],
        timestamp=int(message.headers["webhook-timestamp"]),
        body=message.body,
    )
    return any(hmac.compare_digest(expected, each) for each in message.headers["webhook-signature"].split(" "))


async def test_a_delivery_is_signed_and_carries_its_notice(stage: Stage) -> None:
    with Receiver(usual=Reply(200, body=b"y" * 5000)) as receiver:
        webhook, secret = await stage.webhook(receiver.url)
        told = notice(webhook.team_id)
        delivery = await stage.dispatcher.fanout.begin(webhook, told)
        ended = await stage.made(delivery)

    (message,) = receiver.received
    assert (ended.state, ended.attempts, ended.response_status) == (DeliveryState.DELIVERED, 1, 200)
    assert ended.response_body == "y" * 1024
    assert holds(message, secret)
    assert not holds(message, "whsec_AAAA")
    assert message.headers["webhook-id"] == delivery.id
    assert message.headers["content-type"] == "application/json"
    assert json.loads(message.body) == {"type": "generation.finished", "timestamp": iso(told.at), "data": told.data}


async def test_a_failing_delivery_is_tried_after_each_pause_and_then_given_up(stage: Stage) -> None:
    with Receiver(usual=Reply(500)) as receiver:
        webhook, _ = await stage.webhook(receiver.url)
        delivery, begin = await stage.begun(webhook), stage.clock()
        ended = await stage.made(delivery)

    times = [int(message.headers["webhook-timestamp"]) for message in receiver.received]
    assert len(receiver.received) == len(SCHEDULE) + 1 == ended.attempts
    assert [after - before for before, after in pairwise(times)] == [pause.total_seconds() for pause in SCHEDULE]
    assert {message.headers["webhook-id"] for message in receiver.received} == {delivery.id}
    assert {message.body for message in receiver.received} == {delivery.payload}
    assert (ended.state, ended.error) == (DeliveryState.FAILED, "It answered with status 500.")
    assert ended.finished_at == begin + sum(SCHEDULE, timedelta())
    assert (ended.due, ended.next_attempt_at) == (None, None)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(302, {"location": "/"}), "It answered with a redirect (302); these are not followed."),
        (Reply(404), "It answered with status 404."),
    ],
)
async def test_only_a_2xx_counts_as_delivered(stage: Stage, reply: Reply, error: str) -> None:
    with Receiver() as receiver:
        receiver.replies.append(reply)
        webhook, _ = await stage.webhook(receiver.url)
        delivery = await stage.begun(webhook)
        again = await stage.make(delivery)
        waiting = await stage.now(delivery)

    assert again == stage.clock() + SCHEDULE[0]
    assert (waiting.state, waiting.error) == (DeliveryState.PENDING, error)


async def test_a_receivers_retry_after_is_heeded_up_to_an_hour(stage: Stage) -> None:
    with Receiver() as receiver:
        receiver.replies.extend([Reply(429, {"retry-after": "90"}), Reply(503, {"retry-after": "999999"})])
        webhook, _ = await stage.webhook(receiver.url)
        delivery = await stage.begun(webhook)
        first = await stage.make(delivery)
        assert first == stage.clock() + timedelta(seconds=90)
        stage.clock.move(timedelta(seconds=90))
        second = await stage.make(delivery)

    assert second == stage.clock() + timedelta(hours=1)


async def test_a_message_that_comes_early_or_twice_sends_nothing_more(stage: Stage) -> None:
    with Receiver() as receiver:
        receiver.replies.append(Reply(500))
        webhook, _ = await stage.webhook(receiver.url)
        delivery = await stage.begun(webhook)
        due = await stage.make(delivery)
        early = await stage.make(delivery)
        assert early == due
        assert len(receiver.received) == 1

        stage.clock.move(SCHEDULE[0])
        await asyncio.gather(*(stage.make(delivery) for _ in range(5)))
        await stage.make(delivery)

    assert len(receiver.received) == 2
    assert (await stage.now(delivery)).state is DeliveryState.DELIVERED


async def test_an_attempt_whose_worker_is_lost_is_made_again_after_its_lease(stage: Stage) -> None:
    with Receiver() as receiver:
        receiver.replies.append(Reply(silent=True))
        webhook, _ = await stage.webhook(receiver.url)
        delivery = await stage.begun(webhook)
        lost = asyncio.create_task(stage.make(delivery))
        await receiver.until(1)
        lost.cancel()
        await asyncio.wait([lost])

        assert await stage.make(delivery) == stage.clock() + LEASE
        stage.clock.move(LEASE)
        await stage.make(delivery)

    assert len(receiver.received) == 2
    assert (await stage.now(delivery)).state is DeliveryState.DELIVERED


async def test_a_notice_that_comes_twice_is_delivered_once_and_only_to_those_who_want_it(stage: Stage) -> None:
    with Receiver() as receiver:
        wanting, _ = await stage.webhook(receiver.url)
        other, _ = await stage.webhook(receiver.url, NotificationEvent.DEPLOYMENT_FINISHED)
        off, _ = await stage.webhook(receiver.url)
        await stage.webhooks.update(off.id, WebhookChange(enabled=False), by=stage.by)
        body = msgspec.json.encode(notice(wanting.team_id)).decode()
        for _ in range(3):
            await stage.dispatcher.handle(body, group=wanting.team_id)
        (delivery,) = await stage.listed(wanting)
        await stage.made(delivery)
        await stage.dispatcher.handle(body, group=wanting.team_id)
        await stage.make(delivery)

    assert len(receiver.received) == 1
    assert len(await stage.listed(wanting)) == 1
    assert await stage.listed(other) == await stage.listed(off) == []


async def test_a_webhook_that_is_gone_is_disabled_at_once_and_the_team_is_told(stage: Stage) -> None:
    with Receiver(usual=Reply(410)) as gone, Receiver() as receiver:
        webhook, _ = await stage.webhook(gone.url)
        watching, _ = await stage.webhook(receiver.url, NotificationEvent.WEBHOOK_DISABLED)
        ended = await stage.made(await stage.begun(webhook))
        disabled = await stage.webhooks.get(webhook.id, by=stage.by)
        await _spread(stage)
        (told,) = await stage.listed(watching)

    assert (ended.state, ended.attempts) == (DeliveryState.FAILED, 1)
    assert (disabled.enabled, disabled.disabled_reason) == (False, DisabledReason.GONE)
    assert json.loads(told.payload)["data"] == {
        "teamId": webhook.team_id,
        "webhookId": webhook.id,
        "reason": "GONE",
    }


async def _spread(stage: Stage) -> None:
    """Handle the notices that wait in the queue."""
    for body in await _emptied(stage):
        if isinstance(msgspec.json.decode(body, type=Notice | Due), Notice):
            await stage.dispatcher.handle(body, group="")


async def test_five_deliveries_in_a_row_that_fail_for_good_disable_a_webhook(stage: Stage) -> None:
    with Receiver(usual=Reply(500)) as receiver:
        webhook, _ = await stage.webhook(receiver.url)
        for _ in range(4):
            await stage.made(await stage.begun(webhook))
        receiver.replies.append(Reply(204))
        await stage.made(await stage.begun(webhook))
        healed = await stage.webhooks.get(webhook.id, by=stage.by)
        for _ in range(4):
            await stage.made(await stage.begun(webhook))
        waiting = await stage.begun(webhook)
        still = await stage.webhooks.get(webhook.id, by=stage.by)
        await stage.made(await stage.begun(webhook))
        disabled = await stage.webhooks.get(webhook.id, by=stage.by)
        count = len(receiver.received)
        given_up = await stage.made(waiting)
        enabled = await stage.webhooks.update(webhook.id, WebhookChange(enabled=True), by=stage.by)

    assert (healed.failures, still.failures, still.enabled) == (0, 4, True)
    assert (disabled.enabled, disabled.disabled_reason) == (False, DisabledReason.PERSISTENT_FAILURE)
    assert (given_up.state, len(receiver.received)) == (DeliveryState.FAILED, count)
    assert (enabled.enabled, enabled.failures, enabled.disabled_reason) == (True, 0, None)


async def test_a_test_is_tried_once_also_on_a_disabled_webhook_and_says_nothing_about_it(stage: Stage) -> None:
    with Receiver(usual=Reply(500)) as receiver:
        webhook, _ = await stage.webhook(receiver.url)
        await stage.webhooks.update(webhook.id, WebhookChange(enabled=False), by=stage.by)
        ended = await stage.made(await stage.webhooks.test(webhook.id, by=stage.by))

    assert (ended.state, ended.attempts, len(receiver.received)) == (DeliveryState.FAILED, 1, 1)
    assert json.loads(receiver.received[0].body)["type"] == "webhook.test"
    assert (await stage.webhooks.get(webhook.id, by=stage.by)).failures == 0


async def test_a_replaced_secret_signs_for_a_day_more(stage: Stage) -> None:
    with Receiver() as receiver:
        webhook, first = await stage.webhook(receiver.url)
        webhook, second = await stage.webhooks.rotate_secret(webhook.id, by=stage.by)
        await stage.made(await stage.begun(webhook))
        stage.clock.move(timedelta(days=1))
        await stage.made(await stage.begun(webhook))

    during, after = receiver.received
    assert first != second
    assert holds(during, first)
    assert holds(during, second)
    assert holds(after, second)
    assert not holds(after, first)


async def test_secrets_are_sealed_where_they_are_stored(stage: Stage) -> None:
    webhook, secret = await stage.webhook("http://127.0.0.1:9999/")

    stored = repr(await stage.webhooks.table.find(webhook.id))

    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored


async def test_a_delivery_that_has_lost_its_message_gets_another_one(stage: Stage) -> None:
    with Receiver() as receiver:
        webhook, _ = await stage.webhook(receiver.url)
        late = msgspec.json.encode(Due((await stage.begun(webhook)).id)).decode()
        await _emptied(stage)
        await stage.dispatcher.sweep()
        assert late not in await _emptied(stage)

        stage.clock.move(FORGOTTEN)
        await asyncio.gather(*(stage.dispatcher.sweep() for _ in range(3)))

    assert (await _emptied(stage)).count(late) == 1


async def _emptied(stage: Stage) -> list[str]:
    """Take every message that waits out of the queue."""
    found: list[str] = []
    while deliveries := await stage.dispatcher.queue.receive(most=10, lease=60):
        for delivery in deliveries:
            found.append(delivery.body)
            await stage.dispatcher.queue.delete(delivery.receipt)
    return found


async def test_a_team_whose_receiver_hangs_does_not_delay_another_team(stage: Stage, config: Config) -> None:
    async with staged(config, stage.clock) as other:
        with Receiver(usual=Reply(silent=True)) as hanging, Receiver() as receiver:
            slow, _ = await stage.webhook(hanging.url)
            for _ in range(10):
                await stage.begun(slow)
            stop = asyncio.Event()
            running = asyncio.create_task(stage.dispatcher.run(stop))
            await hanging.until(2)
            quick, _ = await other.webhook(receiver.url)
            await other.begun(quick)
            await receiver.until(1)
            assert len(hanging.received) == 2
            stop.set()
        await running


def test_the_local_keys_lie_in_the_data_folder(config: Config) -> None:
    assert Path(config.data / "vault-keys").is_file()


async def test_the_topic_is_told_with_attributes_to_filter_by(stage: Stage, config: Config) -> None:
    notifier = stage.dispatcher.attempts.notifier
    aws, name = notifier.queue.aws, f"told-{config.stage}"
    url = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = Topic(aws, notifier.topic.name)
    aws.sns.subscribe(
        TopicArn=topic.arn,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": json.dumps({"teamId": ["team_1"]})},
    )

    await notifier.publish(notice(stage.by.personal_team_id))
    told = notice(stage.by.personal_team_id)
    await notifier.publish(msgspec.structs.replace(told, team_id="team_1"))

    message = aws.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    envelope = json.loads(message.get("Body", ""))
    assert (envelope["Subject"], envelope["Message"]) == (told.subject, told.text)
    assert {key: value["Value"] for key, value in envelope["MessageAttributes"].items()} == {
        "event": "generation.finished",
        "status": "COMPLETED",
        "teamId": "team_1",
    }
