"""An SNS topic, and who is subscribed to it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from botocore.exceptions import ClientError

from services.foundation.aws.clients import Aws

_REFUSED: Final = {"InvalidParameter", "InvalidParameterException", "InvalidParameterValue"}
_MISSING: Final = {"NotFound", "NotFoundException"}


class Unacceptable(Exception):
    """SNS does not take the address, or the subscription is not in a state for this."""


@dataclass(frozen=True)
class Topic:
    """Publishes to subscribers, who may filter by attributes."""

    aws: Aws
    name: str

    async def publish(
        self, subject: str, message: str, *, attributes: Mapping[str, str], short: str | None = None
    ) -> None:
        """Tell all subscribers whose filter lets the attributes pass; `short` is for text messages, if not None."""
        await self.aws.run(self._publish, subject, message, attributes, short)

    @cached_property
    def arn(self) -> str:
        """Look the topic's ARN up; creating a topic that exists returns it (SNS API Reference, CreateTopic)."""
        return self.aws.sns.create_topic(Name=self.name)["TopicArn"]

    async def delete_other(self, name: str) -> None:
        """Delete another topic of the account with its subscriptions, if there is one."""
        await self.aws.run(self._delete_other, name)

    async def subscribe(
        self, protocol: Literal["email", "sms"], endpoint: str, *, only: Mapping[str, Sequence[str]]
    ) -> str:
        """Subscribe an address to the messages whose attributes have one of the values in `only`; return its ARN.

        Subscribing it again returns the same. SNS asks the owner of an e-mail address first. Raises Unacceptable.
        """
        return await self.aws.run(self._subscribe, protocol, endpoint, only)

    async def text(self, number: str, message: str) -> None:
        """Send a text message to a telephone, which need not be subscribed. Raises Unacceptable."""
        await self.aws.run(self._text, number, message)

    async def unsubscribe(self, arn: str) -> None:
        """End a subscription. Raises Unacceptable for one that was not confirmed: that ends by itself in some days."""
        await self.aws.run(self._unsubscribe, arn)

    async def is_confirmed(self, arn: str) -> bool | None:
        """Say whether the owner of a subscribed address has agreed; None where there is no such subscription."""
        return await self.aws.run(self._is_confirmed, arn)

    def _subscribe(self, protocol: str, endpoint: str, only: Mapping[str, Sequence[str]]) -> str:
        attributes: dict[str, Any] = {"FilterPolicy": json.dumps(only)} if only else {}
        try:
            subscribed = self.aws.sns.subscribe(
                TopicArn=self.arn,
                Protocol=protocol,
                Endpoint=endpoint,
                Attributes=attributes,
                ReturnSubscriptionArn=True,
            )
        except ClientError as error:
            if _code(error) in _REFUSED:
                raise Unacceptable from None
            raise
        return subscribed["SubscriptionArn"]

    def _text(self, number: str, message: str) -> None:
        kind: Any = {"DataType": "String", "StringValue": "Transactional"}
        try:
            self.aws.sns.publish(PhoneNumber=number, Message=message, MessageAttributes={"AWS.SNS.SMS.SMSType": kind})
        except ClientError as error:
            if _code(error) in _REFUSED:
                raise Unacceptable from None
            raise

    def _unsubscribe(self, arn: str) -> None:
        try:
            self.aws.sns.unsubscribe(SubscriptionArn=arn)
        except ClientError as error:
            if _code(error) in _REFUSED:
                raise Unacceptable from None
            if _code(error) not in _MISSING:
                raise

    def _is_confirmed(self, arn: str) -> bool | None:
        try:
            attributes = self.aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise
        return attributes.get("PendingConfirmation") != "true"

    def _delete_other(self, name: str) -> None:
        self.aws.sns.delete_topic(TopicArn=f"{self.arn.rpartition(':')[0]}:{name}")

    def _publish(self, subject: str, message: str, attributes: Mapping[str, str], short: str | None) -> None:
        by_protocol: Any = {}
        if short not in (None, message):  # SNS API Reference, Publish: MessageStructure
            message = json.dumps({"default": message, "sms": short})
            by_protocol = {"MessageStructure": "json"}
        self.aws.sns.publish(
            **by_protocol,
            TopicArn=self.arn,
            Subject=subject[:100],
            Message=message,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
