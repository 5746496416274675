"""The roles of a site: what CodeBuild, ECS and the backend itself may do in the user's account, and nothing more."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.designs.bucket_names import bucket_prefix
from services.platforms.ecs.account import Account, Nothing, Owner
from services.platforms.ecs.site import Site

BUILD: Final = "build"
EXECUTION: Final = "execution"
TASK: Final = "task"
INFRASTRUCTURE: Final = "infrastructure"

_ROWS: Final = [
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
]
_MIGRATE: Final = [
    "dynamodb:CreateTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:UpdateTable",
    "dynamodb:UpdateTimeToLive",
]
"""What a backend does beside that where it brings its tables to what it needs."""
_FILES: Final = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
_MESSAGES: Final = [
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
]
_PUSH: Final = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]


@frozen
class Role:
    part: str
    service: str
    """Who takes it, such as `ecs-tasks`."""
    allows: Mapping[str, Sequence[str]]
    """Actions by the resource that they are allowed on."""
    managed: str | None = None
    """A policy of AWS's own."""


def roles_of(site: Site, owner: Owner, region: str) -> list[Role]:
    """Return the roles of a site."""
    partition = f"arn:{owner.partition}"
    here = f"{region}:{owner.account}"
    table = f"{partition}:dynamodb:{here}:table/{site.name}-*"
    files = f"{partition}:s3:::{bucket_prefix(f'{site.name}-')}*"
    task = {
        table: [*_ROWS, *_MIGRATE],
        f"{table}/index/*": ["dynamodb:Query", "dynamodb:Scan"],
        f"{files}/*": _FILES,
        files: ["s3:ListBucket"],
        f"{partition}:sqs:{here}:{site.name}-*": _MESSAGES,
        f"{partition}:sns:{here}:{site.name}-*": ["sns:Publish"],
    }
    build = {
        f"{partition}:logs:{here}:log-group:{site.build_log}:*": ["logs:CreateLogStream", "logs:PutLogEvents"],
        f"{partition}:s3:::{site.bucket(owner)}/*": ["s3:GetObject", "s3:GetObjectVersion"],
        f"{partition}:s3:::{site.bucket(owner)}": ["s3:GetBucketLocation"],
        f"{partition}:ecr:{here}:repository/{site.repository}": _PUSH,
        "*": ["ecr:GetAuthorizationToken"],
    }
    return [
        Role(BUILD, "codebuild", build),
        Role(EXECUTION, "ecs-tasks", {}, "service-role/AmazonECSTaskExecutionRolePolicy"),
        Role(TASK, "ecs-tasks", task),
        Role(INFRASTRUCTURE, "ecs", {}, "service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"),
    ]


async def ensure_role(account: Account, site: Site, role: Role) -> None:
    """Make a role, or bring it to what it should allow."""
    name, owner = site.role(role.part), await account.owner()
    trust = _policy([{"Principal": {"Service": f"{role.service}.amazonaws.com"}, "Action": "sts:AssumeRole"}])
    made = account.call(Nothing, "iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trust)
    await account.unless("EntityAlreadyExists", made)
    if role.allows:
        document = _policy([{"Resource": what, "Action": list(actions)} for what, actions in role.allows.items()])
        await account.call(
            Nothing, "iam", "put_role_policy", RoleName=name, PolicyName="snapinfra", PolicyDocument=document
        )
    if role.managed is not None:
        arn = f"arn:{owner.partition}:iam::aws:policy/{role.managed}"
        await account.call(Nothing, "iam", "attach_role_policy", RoleName=name, PolicyArn=arn)


def _policy(statements: Sequence[Mapping[str, object]]) -> str:
    allowing = [{"Effect": "Allow", **statement} for statement in statements]
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": allowing}).decode()
