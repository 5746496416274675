"""This file is the SNS topic that is told of every generation and deployment that ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from services.aws.clients import Aws


@dataclass(frozen=True)
class Topic:
    """Publishes to subscribers, who may filter by attributes."""

    aws: Aws
    name: str

    async def publish(self, subject: str, message: str, *, attributes: Mapping[str, str]) -> None:
        await self.aws.run(self._publish, subject, message, attributes)

    @cached_property
    def arn(self) -> str:
        """Look the topic's ARN up; creating a topic that exists returns it (SNS API Reference, CreateTopic)."""
        return self.aws.sns.create_topic(Name=self.name)["TopicArn"]

    def _publish(self, subject: str, message: str, attributes: Mapping[str, str]) -> None:
        self.aws.sns.publish(
            TopicArn=self.arn,
            Subject=subject[:100],
            Message=message,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
