"""How a topic is built: its resources and rights, who publishes to it, which queues get it, and its README."""

from collections.abc import Sequence
from typing import Any, Final

from services.scaffold.literals import quoted
from services.scaffold.parts.messaging import named, types_of
from services.scaffold.parts.plan import PartsPlan, QueuePlan, TopicPlan
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

PACKAGES: Final = frozenset({"@aws-sdk/client-sns", "@aws-sdk/client-sts"})
"""Packages that a backend with topics needs."""


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of all topics."""
    if not plan.topics:
        return {}
    shared = ["src/parts/topics.ts", *(["src/parts/subscriptions.ts"] if subscriptions(plan) else [])]
    return {path: read(path) for path in shared} | {
        f"src/parts/topics/{topic.names.variable}.ts": fill(
            "src/parts/topic.ts", purpose=purpose(topic), name=quoted(topic.names.physical), **named(topic)
        )
        for topic in plan.topics
    }


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of topics: that of all on the first, and that of what comes into a queue."""
    if not plan.topics:
        return {}
    path = "src/tests/parts/{}.test.ts".format
    written = {path("topics"): fill(path("topics"), **named(plan.topics[0]))}
    for topic, queue in subscriptions(plan)[:1]:
        written[path("subscriptions")] = fill(path("subscriptions"), queue=queue.names.variable, **named(topic))
    return written


def subscriptions(plan: PartsPlan) -> list[tuple[TopicPlan, QueuePlan]]:
    """Return which queues get what is published to which topics."""
    return [(topic, queue) for topic in plan.topics for queue in plan.queues if queue.id in topic.queues]


def resources(plan: PartsPlan, tags: list[Any]) -> dict[str, Any]:
    """Return the topics in CloudFormation, and what lets them send to their queues, and to no others."""
    pairs = subscriptions(plan)
    policies = {
        f"{queue.names.resource}Policy": _policy(queue, [topic for topic, other in pairs if other is queue])
        for queue in plan.queues
        if any(other is queue for _, other in pairs)
    }
    return {
        **{topic.names.resource: _topic(topic, tags) for topic in plan.topics},
        **{f"{topic.names.resource}To{queue.names.resource}": _subscription(topic, queue) for topic, queue in pairs},
        **policies,
    }


def _topic(topic: TopicPlan, tags: list[Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::SNS::Topic",
        "Properties": {
            "TopicName": {"Fn::Sub": f"${{TablePrefix}}{topic.names.physical}"},
            "KmsMasterKeyId": "alias/aws/sns",
            "Tags": tags,
        },
    }


def _subscription(topic: TopicPlan, queue: QueuePlan) -> dict[str, Any]:
    return {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": topic.names.resource},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": [queue.names.resource, "Arn"]},
            "RawMessageDelivery": True,
        },
    }


def _policy(queue: QueuePlan, topics: Sequence[TopicPlan]) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": [queue.names.resource, "Arn"]},
        "Condition": {"ArnEquals": {"aws:SourceArn": [{"Ref": topic.names.resource} for topic in topics]}},
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": queue.names.resource}],
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def statements(topics: Sequence[TopicPlan]) -> list[dict[str, Any]]:
    """Return what the code calls of some topics."""
    arn = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${TablePrefix}"
    arns = [{"Fn::Sub": f"{arn}{topic.names.physical}"} for topic in topics]
    return [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": arns}]


def readme(plan: PartsPlan) -> str:
    """Write what the README says of topics."""
    if not plan.topics:
        return ""
    rows = "".join(_row(topic, plan) for topic in plan.topics)
    return fill("README.topics.md", rows=rows, **named(plan.topics[0]))


def _row(topic: TopicPlan, plan: PartsPlan) -> str:
    told = ", ".join(f"`{kind}`" for kind in types_of(topic.tellings))
    queues = [queue.names.physical for other, queue in subscriptions(plan) if other is topic]
    to = ", ".join(f"`TABLE_PREFIX{name}`" for name in queues)
    what = told or f"`publishTo{named(topic)['capital']}` of your code"
    return f"| {purpose(topic)} | `TABLE_PREFIX{topic.names.physical}` | {what} | {to or 'nobody here'} |\n"
