"""One SQS queue: jobs out, jobs in, each with a receipt until it is deleted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from services.core.complaint import Complaint
from services.core.frozen import frozen
from services.foundation.aws.calls import SECONDS
from services.foundation.aws.clients import LONG_POLL, Aws

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
    _url: list[str] = field(default_factory=list[str], init=False, compare=False)

    async def url(self) -> str:
        """Return where the queue is; looked up once."""
        if self._url:
            return self._url[0]
        answer = await self.aws.queues.call("GetQueueUrl", {"QueueName": self.name})
        self._url.append(answer["QueueUrl"])
        return self._url[0]

    async def send(self, body: str, *, group: str, after: int = 0) -> None:
        """Put a message in, to be received after that many seconds, LONGEST_DELAY at most.

        `group` is the tenant: SQS serves groups fairly (SQS Developer Guide, fair queues).
        """
        request = {"MessageBody": body, "MessageGroupId": group, "DelaySeconds": after}
        await self._call("SendMessage", request)

    async def receive(self, *, most: int, lease: int) -> Sequence[Delivery]:
        """Wait for messages; each is hidden from others for `lease` seconds."""
        return await self.receive_now(most, lease, self.wait)

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
        try:
            await self._call("DeleteMessage", {"ReceiptHandle": receipt})
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") not in _LOST_RECEIPT:
                raise

    async def bury(self, body: str) -> None:
        """Put a message into the dead-letter queue."""
        await self.dead.send(body, group="dead")

    async def unbury(self, body: str) -> None:
        """Take a message out of the dead-letter queue, where it is among the first hundred."""
        for _ in range(10):
            deliveries = await self.dead.receive_now(BATCH, 5)
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
            seen = await self.receive_now(BATCH, 2)
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
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        counts = (await self._call("GetQueueAttributes", {"AttributeNames": names})).get("Attributes", {})
        waiting, in_flight = (int(counts.get(name, "0")) for name in names)
        return Depth(waiting, in_flight)

    async def extend(self, receipt: str, seconds: int) -> bool:
        """Hide a message for that long from now (0 gives it back); return False where the receipt is lost."""
        try:
            await self._call("ChangeMessageVisibility", {"ReceiptHandle": receipt, "VisibilityTimeout": seconds})
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") in _LOST_RECEIPT:
                return False
            raise
        return True

    async def give_back(self, receipt: str, *, after: int = 0) -> None:
        """Let others receive the message again after that many seconds, LONGEST_HIDDEN at most."""
        await self.extend(receipt, min(after, LONGEST_HIDDEN))

    @property
    def blocking(self) -> "Queue":
        """The same for threads that may block (calls.at_once)."""
        return replace(self, aws=self.aws.blocking)

    async def receive_now(self, most: int, lease: int, wait: int = 0) -> list[Delivery]:
        """Receive what is there, waiting at most `wait` seconds."""
        request = {
            "MaxNumberOfMessages": most,
            "VisibilityTimeout": lease,
            "WaitTimeSeconds": wait,
            "MessageSystemAttributeNames": ["ApproximateReceiveCount", "MessageGroupId"],
        }
        answer = await self._call("ReceiveMessage", request, seconds=wait + SECONDS)
        return [
            Delivery(
                body=message.get("Body", ""),
                receipt=message.get("ReceiptHandle", ""),
                count=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
                group=message.get("Attributes", {}).get("MessageGroupId", ""),
            )
            for message in answer.get("Messages", [])
        ]

    async def _call(self, operation: str, request: Mapping[str, Any], *, seconds: float = SECONDS) -> dict[str, Any]:
        return await self.aws.queues.call(operation, {"QueueUrl": await self.url(), **request}, seconds=seconds)


_LOST_RECEIPT = {
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
}
