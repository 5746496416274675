"""What neither role may do: on the stage's own resources, on another stage's, on somebody else's."""

from collections.abc import Sequence
from typing import Final

from tests.infra.requests import Asked

_HERE: Final = "us-east-1:000000000000"


def forbidden(stage: str, *, other: str) -> Sequence[Asked]:
    """Return what the roles of a stage may not do; `other` is another stage of the same account."""
    tables, queues = f"arn:aws:dynamodb:{_HERE}:table", f"arn:aws:sqs:{_HERE}"
    return (
        Asked("dynamodb:DeleteTable", f"{tables}/snapinfra-projects-{stage}"),
        Asked("dynamodb:CreateTable", f"{tables}/snapinfra-projects-{stage}"),
        Asked("dynamodb:Scan", f"{tables}/snapinfra-projects-{stage}"),
        Asked("dynamodb:Query", f"{tables}/snapinfra-projects-{other}"),
        Asked("dynamodb:Query", f"{tables}/somebody-elses"),
        Asked("s3:DeleteBucket", f"arn:aws:s3:::example-snapinfra-{stage}"),
        Asked("s3:PutBucketPolicy", f"arn:aws:s3:::example-snapinfra-{stage}"),
        Asked("s3:GetObject", f"arn:aws:s3:::example-snapinfra-{other}/a"),
        Asked("sqs:PurgeQueue", f"{queues}:snapinfra-deployments-{stage}"),
        Asked("sqs:DeleteQueue", f"{queues}:snapinfra-deployments-{stage}"),
        Asked("sqs:SendMessage", f"{queues}:snapinfra-deployments-{other}"),
        Asked("kms:ScheduleKeyDeletion", f"arn:aws:kms:{_HERE}:key/of-the-stage"),
        Asked("iam:CreateRole", "arn:aws:iam::000000000000:role/any"),
        Asked("iam:PassRole", "arn:aws:iam::000000000000:role/any"),
        Asked("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{_HERE}:secret:any"),
        Asked("sts:GetFederationToken", "*"),
    )
