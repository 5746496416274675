"""How a bucket is built: its resource and rights, its settings, its routes, and what is said of them."""

from typing import Any, Final

from services.scaffold.literals import quoted
from services.scaffold.parts.plan import BucketPlan, PartsPlan
from services.scaffold.parts.wording import purpose
from services.scaffold.template import fill, read

PACKAGES: Final = frozenset(
    {
        "@aws-sdk/checksums",
        "@aws-sdk/client-s3",
        "@aws-sdk/client-sts",
        "@aws-sdk/middleware-sdk-s3",
        "@aws-sdk/s3-presigned-post",
        "@aws-sdk/s3-request-presigner",
    }
)
"""Packages that a backend with buckets needs."""
EMULATOR_KEY: Final = "local"
"""What the emulator takes as key and secret of what is presigned, as `compose.yaml` says."""
PREFIX_PARAMETER: Final = "BucketPrefix"
_SHARED: Final = ("src/parts/buckets.ts", "src/parts/fileBodies.ts", "src/parts/fileRoutes.ts", "src/parts/files.ts")
_ACTIONS: Final = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")


def files(plan: PartsPlan) -> dict[str, str]:
    """Write the code of all buckets."""
    if not plan.buckets:
        return {}
    return {path: read(path) for path in _SHARED} | {
        f"src/parts/buckets/{bucket.names.variable}.ts": fill(
            "src/parts/bucket.ts",
            purpose=purpose(bucket),
            variable=bucket.names.variable,
            name=quoted(bucket.names.physical),
        )
        for bucket in plan.buckets
    }


def tests(plan: PartsPlan) -> dict[str, str]:
    """Write the tests of all buckets."""
    return {
        f"src/tests/parts/{bucket.names.variable}Bucket.test.ts": fill(
            "src/tests/parts/bucket.test.ts", path=f"/{bucket.names.route}", setting=bucket.names.setting
        )
        for bucket in plan.buckets
    }


def resource(bucket: BucketPlan, tags: list[Any]) -> dict[str, Any]:
    """Return the bucket in CloudFormation: private, encrypted, and kept when the stack is deleted."""
    abort = {"Id": "unfinished", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    cors = {"AllowedMethods": ["GET", "POST"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"], "MaxAge": 3000}
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": {"Fn::Sub": f"${{{PREFIX_PARAMETER}}}{bucket.names.physical}-${{AWS::AccountId}}"},
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "LifecycleConfiguration": {"Rules": [abort]},
            "CorsConfiguration": {"CorsRules": [cors]},
            "Tags": tags,
        },
    }


def statements(buckets: tuple[BucketPlan, ...]) -> list[dict[str, Any]]:
    """Return what the code calls of some buckets."""
    places = [f"{PREFIX_PARAMETER}}}{bucket.names.physical}-${{AWS::AccountId}}" for bucket in buckets]
    arns = [f"arn:${{AWS::Partition}}:s3:::${{{place}" for place in places]
    objects = [{"Fn::Sub": f"{arn}/*"} for arn in arns]
    return [
        {"Effect": "Allow", "Action": list(_ACTIONS), "Resource": objects},
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [{"Fn::Sub": arn} for arn in arns]},
    ]


def config_types(plan: PartsPlan) -> str:
    return "".join(fill("src/config.bucketTypes.ts", **_settings(bucket)) for bucket in plan.buckets)


def config_settings(plan: PartsPlan) -> str:
    return "".join(fill("src/config.bucketSettings.ts", **_settings(bucket)) for bucket in plan.buckets)


def example(plan: PartsPlan) -> str:
    return "".join(fill("env.bucket.example", **_settings(bucket)) for bucket in plan.buckets)


def readme(plan: PartsPlan) -> str:
    """Write what the README says of buckets."""
    if not plan.buckets:
        return ""
    rows = "".join(
        f"| {purpose(bucket)} | `/{bucket.names.route}` | `{bucket.names.setting}_MAX_BYTES`,"
        f" `{bucket.names.setting}_TYPES` | `{bucket.names.setting}_BUCKET` |\n"
        for bucket in plan.buckets
    )
    first = plan.buckets[0].names
    return fill("README.buckets.md", rows=rows, path=first.route, name=first.physical)


def _settings(bucket: BucketPlan) -> dict[str, str]:
    names = bucket.names
    return {"variable": names.variable, "setting": names.setting, "purpose": purpose(bucket), "name": names.physical}
