"""The policies of the roles: the calls that each process makes, on the resources of its stage alone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from services.core.frozen import frozen
from services.foundation.aws.permissions import PERMISSIONS, Process, Resource
from services.foundation.aws.provision import Resources


@frozen
class Account:
    """Where resources are; of the CDK's, a stack has the three."""

    partition: str
    region: str
    number: str

    def arn(self, service: str, name: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.number}:{name}"


WILD: Final[Mapping[Resource, str]] = {
    Resource.OBJECTS: "The objects of its own bucket, whose keys are made as it runs.",
    Resource.TOPICS: "The subscriptions of its own topic, whose ARNs end in what SNS chooses.",
    Resource.KEY: "Any key, on the condition that it has the alias of the stage's.",
    Resource.ROLES: "Roles of teams' own accounts, which trust this one under an external id, and nobody else's.",
    Resource.ANY: "A text message to a telephone, and the end of a subscription, are on no resource that IAM knows.",
}
"""Why ARNs with an asterisk are no narrower."""


def wild(process: Process, resources: Resources, account: Account) -> Iterator[tuple[str, str]]:
    """Yield the ARNs with an asterisk in a process's policy, each with why it is no narrower."""
    for resource, arns in _arns(resources, account).items():
        if resource in PERMISSIONS[process]:
            yield from ((arn, WILD[resource]) for arn in arns if "*" in arn)


def policy(process: Process, resources: Resources, account: Account) -> dict[str, Any]:
    """Return the policy of a process's role."""
    arns = _arns(resources, account)
    statements = [
        {
            "Sid": resource.name.title().replace("_", ""),
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": arns[resource],
            **_conditions(resource, resources),
        }
        for resource, actions in PERMISSIONS[process].items()
        if arns[resource]
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _arns(resources: Resources, account: Account) -> Mapping[Resource, Sequence[str]]:
    tables = [account.arn("dynamodb", f"table/{name}") for name, _ in resources.tables]
    indexes = [
        account.arn("dynamodb", f"table/{name}/index/{index.name}")
        for name, spec in resources.tables
        for index in spec.indexes
    ]
    queues = [queue.name for queue in resources.queues]
    bucket = f"arn:{account.partition}:s3:::{resources.bucket}"
    sender = resources.mail_from
    return {
        Resource.TABLES: tables,
        Resource.INDEXES: indexes,
        Resource.BUCKET: [bucket],
        Resource.OBJECTS: [f"{bucket}/*"],
        Resource.QUEUES: [account.arn("sqs", name) for name in queues],
        Resource.DEAD_LETTER_QUEUES: [account.arn("sqs", f"{name}-dlq") for name in queues],
        Resource.TOPICS: [account.arn("sns", resources.topic), account.arn("sns", f"{resources.topic}:*")],
        Resource.KEY: [account.arn("kms", "key/*")] if resources.key_alias else [],
        Resource.SENDER: [account.arn("ses", f"identity/{name}") for name in _identities(sender)],
        Resource.ROLES: [f"arn:{account.partition}:iam::*:role/*"],
        Resource.ANY: ["*"],
    }


def _identities(sender: str | None) -> Sequence[str]:
    """Return what SES may know an address by: itself, or its domain."""
    return [] if sender is None else [sender, sender.rpartition("@")[2]]


def _conditions(resource: Resource, resources: Resources) -> Mapping[str, Any]:
    if resource is not Resource.KEY:
        return {}
    return {"Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": resources.key_alias}}}
