"""The calls to AWS that each process makes, as IAM names them: what its role must allow, and nothing more.

docs/reference/permissions.md is written from it; tests/permissions compares it with the calls that are really made.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final


class Process(Enum):
    """What a role is for."""

    API = "api"
    WORKER = "worker"
    PROVISION = "provision"


class Resource(Enum):
    """What a call is made on."""

    TABLES = "tables"
    INDEXES = "indexes of tables"
    BUCKET = "the bucket"
    OBJECTS = "objects of the bucket"
    QUEUES = "queues"
    DEAD_LETTER_QUEUES = "dead-letter queues"
    TOPICS = "topics"
    KEY = "the key of secrets"
    SENDER = "the sender of mail"
    ROLES = "roles that teams let us assume"
    ANY = "anything"
    """Calls that IAM ties to no resource, or to one that does not exist yet."""


ARNS: Final[Mapping[Resource, str]] = {
    Resource.TABLES: "arn:aws:dynamodb:{region}:{account}:table/snapinfra-*",
    Resource.INDEXES: "arn:aws:dynamodb:{region}:{account}:table/snapinfra-*/index/*",
    Resource.BUCKET: "arn:aws:s3:::{S3_BUCKET_NAME}",
    Resource.OBJECTS: "arn:aws:s3:::{S3_BUCKET_NAME}/*",
    Resource.QUEUES: "arn:aws:sqs:{region}:{account}:snapinfra-*",
    Resource.DEAD_LETTER_QUEUES: "arn:aws:sqs:{region}:{account}:snapinfra-*-dlq",
    Resource.TOPICS: "arn:aws:sns:{region}:{account}:snapinfra-*",
    Resource.KEY: "arn:aws:kms:{region}:{account}:key/*",
    Resource.SENDER: "arn:aws:ses:{region}:{account}:identity/*",
    Resource.ROLES: "arn:aws:iam::*:role/*",
    Resource.ANY: "*",
}

Permissions = Mapping[Resource, frozenset[str]]

PERMISSIONS: Final[Mapping[Process, Permissions]] = {
    Process.API: {
        Resource.TABLES: frozenset(
            {
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:DescribeTable",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
            }
        ),
        Resource.INDEXES: frozenset({"dynamodb:Query"}),
        Resource.BUCKET: frozenset({"s3:ListBucket"}),
        Resource.OBJECTS: frozenset({"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"}),
        Resource.QUEUES: frozenset({"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}),
        Resource.DEAD_LETTER_QUEUES: frozenset(
            {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"}
        ),
        Resource.TOPICS: frozenset({"sns:CreateTopic", "sns:DeleteTopic", "sns:Publish", "sns:Subscribe"}),
        Resource.KEY: frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
        Resource.SENDER: frozenset({"ses:SendEmail"}),
        Resource.ROLES: frozenset({"sts:AssumeRole"}),
        Resource.ANY: frozenset({"sns:Publish", "sns:Unsubscribe"}),  # publishing to a telephone is on nothing of ours
    },
    Process.WORKER: {
        Resource.TABLES: frozenset(
            {
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:DescribeTable",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:UpdateItem",
            }
        ),
        Resource.INDEXES: frozenset({"dynamodb:Query"}),
        Resource.BUCKET: frozenset({"s3:ListBucket"}),
        Resource.OBJECTS: frozenset({"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}),
        Resource.QUEUES: frozenset(
            {
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            }
        ),
        Resource.DEAD_LETTER_QUEUES: frozenset({"sqs:GetQueueUrl", "sqs:SendMessage"}),
        Resource.TOPICS: frozenset({"sns:CreateTopic", "sns:Publish"}),
        Resource.KEY: frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
        Resource.SENDER: frozenset({"ses:SendEmail"}),
        Resource.ROLES: frozenset({"sts:AssumeRole"}),
    },
    Process.PROVISION: {
        Resource.TABLES: frozenset(
            {
                "dynamodb:CreateTable",
                "dynamodb:DescribeTable",
                "dynamodb:DescribeTimeToLive",
                "dynamodb:UpdateContinuousBackups",
                "dynamodb:UpdateTable",
                "dynamodb:UpdateTimeToLive",
            }
        ),
        Resource.BUCKET: frozenset(
            {
                "s3:CreateBucket",
                "s3:GetLifecycleConfiguration",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketVersioning",
                "s3:PutLifecycleConfiguration",
            }
        ),
        Resource.QUEUES: frozenset({"sqs:CreateQueue", "sqs:GetQueueUrl", "sqs:SetQueueAttributes"}),
        Resource.DEAD_LETTER_QUEUES: frozenset(
            {"sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SetQueueAttributes"}
        ),
        Resource.TOPICS: frozenset({"sns:CreateTopic"}),
        Resource.KEY: frozenset({"kms:DescribeKey", "kms:EnableKeyRotation"}),
        Resource.SENDER: frozenset({"ses:CreateEmailIdentity", "ses:GetEmailIdentity"}),
        Resource.ANY: frozenset({"kms:CreateAlias", "kms:CreateKey"}),
    },
}


def policy(process: Process) -> dict[str, Any]:
    """Return the IAM policy of a process's role; `{…}` in it are to be filled in."""
    statements: list[dict[str, Any]] = []
    for resource, actions in PERMISSIONS[process].items():
        statement: dict[str, Any] = {"Effect": "Allow", "Action": sorted(actions), "Resource": ARNS[resource]}
        if resource is Resource.KEY:
            statement["Condition"] = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "{KMS_KEY_ALIAS}"}}
        statements.append(statement)
    return {"Version": "2012-10-17", "Statement": statements}
