"""This file is one SQS queue: jobs out, jobs in, each with a receipt until it is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from botocore.exceptions import ClientError

from services.aws.clients import LONG_POLL, Aws


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message. Another delivery of the same message has another receipt."""

    body: str
    receipt: str
    count: int
    """How often the message has been received, this time included."""


@dataclass(frozen=True)
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
        """Put a message in, to be received after that many seconds.

        `group` is the tenant: SQS serves groups fairly (SQS Developer Guide, fair queues).
        """
        await self.aws.run(self._send, body, group, after)

    async def receive(self, *, most: int, lease: int) -> Sequence[Delivery]:
        """Wait for messages; each is hidden from others for `lease` seconds."""
        return await self.aws.poll(self._receive, most, lease)

    async def delete(self, receipt: str) -> None:
        """Take a message out for good."""
        await self.aws.run(lambda: self.aws.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=receipt))

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
        """Let others receive the message again after that many seconds."""
        await self.aws.run(self.extend, receipt, after)

    def _send(self, body: str, group: str, after: int) -> None:
        self.aws.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=group, DelaySeconds=after)

    def _receive(self, most: int, lease: int) -> list[Delivery]:
        answer = self.aws.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=most,
            VisibilityTimeout=lease,
            WaitTimeSeconds=self.wait,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Delivery(
                body=message.get("Body", ""),
                receipt=message.get("ReceiptHandle", ""),
                count=int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
            )
            for message in answer.get("Messages", [])
        ]


_LOST_RECEIPT = {
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
    "ReceiptHandleIsInvalid",
    "InvalidParameterValue",
}
