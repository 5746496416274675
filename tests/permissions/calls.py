"""The calls that AWS clients make, as IAM names them and what they are made on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.foundation.aws.clients import Aws
from services.foundation.aws.permissions import Resource
from tests.wires import wire

Call = tuple[Resource, str]

_PREFIXES: Final = {"sesv2": "ses"}
_RENAMED: Final = {
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html, "Permissions" of each
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}
_TRANSACTED: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OF_OBJECTS: Final = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}
_OF_ANYTHING: Final = {"kms:CreateKey", "kms:CreateAlias", "sns:Unsubscribe"}


@dataclass
class Recorder:
    """Keeps what clients call; each process has one of its own."""

    calls: set[Call] = field(default_factory=set[Call])

    def listen(self, aws: Aws) -> None:
        """Record the calls of a process's clients from now on."""
        for client in (aws.dynamodb, aws.s3, aws.links, aws.sqs, aws.sns, aws.kms, aws.ses, aws.sts):
            events: Any = client.meta.events
            events.register("provide-client-params.*", self._take)
        wire(aws.tables).before.append(lambda operation, request: self._note("dynamodb", operation, request))
        wire(aws.queues).before.append(lambda operation, request: self._note("sqs", operation, request))

    def _take(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self._note(model.service_model.service_name, model.name, params)

    def _note(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        self.calls.update(named(service, operation, params))


def named(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the permissions that a call needs."""
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    if action == "dynamodb:TransactWriteItems":
        for part in params["TransactItems"]:
            yield from ((Resource.TABLES, f"dynamodb:{_TRANSACTED[kind]}") for kind in part)
        return
    action = _RENAMED.get(action, action)
    yield _resource(service, action, params), action


def _resource(service: str, action: str, params: Mapping[str, Any]) -> Resource:
    if action in _OF_ANYTHING or "PhoneNumber" in params:
        return Resource.ANY
    if service == "sqs":
        name = params.get("QueueUrl") or params["QueueName"]
        return Resource.DEAD_LETTER_QUEUES if name.endswith("-dlq") else Resource.QUEUES
    if service == "dynamodb":
        return Resource.INDEXES if "IndexName" in params else Resource.TABLES
    if service == "s3":
        return Resource.OBJECTS if action in _OF_OBJECTS else Resource.BUCKET
    return {"sns": Resource.TOPICS, "kms": Resource.KEY, "sesv2": Resource.SENDER, "sts": Resource.ROLES}[service]
