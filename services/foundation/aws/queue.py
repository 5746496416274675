"""One SQS queue: jobs out, jobs in, each with a receipt until it is deleted."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from services.core.complaint import Complaint
from services.core.frozen import frozen
from services.foundation.aws.clients import LONG_POLL, Aws

if TYPE_CHECKING:
    from types_boto3_sqs.literals import QueueAttributeNameType

BATCH: Final = 10
"""Messages of one receive; SQS's maximum."""

LONGEST_DELAY: Final = 900
"""Seconds for which a message may be held back when it is sent; SQS's maximum."""

LONGEST_HIDDEN: Final = 43_200
"""Seconds for which a message that was received may be hidden from others; SQS's maximum."""


@frozen
class Delivery:
    """One delivery of a message. Another delivery of the same message has another receipt."""

    body: str
    receipt: str
    count: int
    """How often the message has been received, this time included."""
    group: str
    """The tenant that it was sent for."""


@frozen
class Depth:
    """Approximate counts of messages."""

    waiting: int
    in_flight: int
    """Received and not yet deleted."""


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue that delivers at least once, in any order."""

    aws: Aws
    name: str
    wait: int = LONG_POLL
    """Seconds that a receive waits for a message; a worker that stops waits as long for its last one."""

    @cached_property
    def url(self) -> str:
        """Where the queue is; looked up once (a blocking call)."""
        return self.aws.sqs.get_queue_url(QueueName=self.name)["QueueUrl"]

    async def send(self, body: str, *, group: str, after: int = 0) -> None:
        """Put a message in, to be received after that many seconds, LONGEST_DELAY at most.

        `group` is the tenant: SQS serves groups fairly (SQS Developer Guide, fair queues).
        """
        await self.aws.run(self._send, body, group, after)

    async def receive(self, *, most: int, lease: int) -> Sequence[Delivery]:
        """Wait for messages; each is hidden from others for `lease` seconds."""
        return await self.aws.poll(self.receive_now, most, lease, self.wait)

    async def receive_or_complain(self, complaint: Complaint, *, most: int, lease: int) -> Sequence[Delivery]:
        """Do as `receive`. While the queue can't be read, complain, and return nothing after a second."""
        try:
            deliveries = await self.receive(most=most, lease=lease)
        except Exception as error:  # noqa: BLE001 - told of
            complaint.tell(error, "the queue %s can't be read", self.name)
            await asyncio.sleep(1)  # an outage must not become a busy loop
            return []
        complaint.settle()
        return deliveries

    async def delete(self, receipt: str) -> None:
        """Take a message out for good. With a lost receipt it stays, and comes again."""
        await self.aws.run(self._delete, receipt)

    async def bury(self, body: str) -> None:
        """Put a message into the dead-letter queue."""
        await self.dead.send(body, group="dead")

    async def unbury(self, body: str) -> None:
        """Take a message out of the dead-letter queue, where it is among the first hundred."""
        for _ in range(10):
            deliveries = await self.aws.run(self.dead.receive_now, BATCH, 5)
            for delivery in deliveries:
                if delivery.body == body:
                    await self.dead.delete(delivery.receipt)
                    return
            if not deliveries:
                return

    async def bodies(self, *, most: int) -> list[str]:
        """Look at messages without taking them: for dead-letter queues. Others do not see them for two seconds."""
        bodies: dict[str, None] = {}
        while len(bodies) < most:
            seen = await self.aws.run(self.receive_now, BATCH, 2)
            if not seen or all(delivery.body in bodies for delivery in seen):
                break
            bodies |= dict.fromkeys(delivery.body for delivery in seen)
        return list(bodies)[:most]

    @property
    def dead(self) -> "Queue":
        """The dead-letter queue."""
        return Queue(aws=self.aws, name=f"{self.name}-dlq", wait=self.wait)

    async def depth(self) -> Depth:
        """Say how many messages there are, as far as SQS can tell."""
        return await self.aws.run(self._depth)

    def extend(self, receipt: str, seconds: int) -> bool:
        """Hide a message for that long from now (0 gives it back); return False where the receipt is lost. Blocks."""
        try:
            self.aws.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") in _LOST_RECEIPT:
                return False
            raise
        return True

    async def give_back(self, receipt: str, *, after: int = 0) -> None:
        """Let others receive the message again after that many seconds, LONGEST_HIDDEN at most."""
        await self.aws.run(self.extend, receipt, min(after, LONGEST_HIDDEN))

    def _delete(self, receipt: str) -> None:
        try:
            self.aws.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") not in _LOST_RECEIPT:
                raise

    def _send(self, body: str, group: str, after: int) -> None:
        self.aws.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=group, DelaySeconds=after)

    def _depth(self) -> Depth:
        names: tuple[QueueAttributeNameType, QueueAttributeNameType] = (
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        )
        counts = self.aws.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        waiting, in_flight = (int(counts.get(name, "0")) for name in names)
        return Depth(waiting, in_flight)

    def receive_now(self, most: int, lease: int, wait: int = 0) -> list[Delivery]:
        """Receive what is there, waiting at most `wait` seconds (blocks)."""
        answer = self.aws.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=lease,
            WaitTimeSeconds=wait,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "MessageGroupId"],
        )
        return [
            Delivery(
                body=message.get("Body", ""),
                receipt=message.get("ReceiptHandle", ""),
                count=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
                group=message.get("Attributes", {}).get("MessageGroupId", ""),
            )
            for message in answer.get("Messages", [])
        ]


_LOST_RECEIPT = {
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
}
