"""The tests of what the templates of infra/ say: the same as the product's own declarations.

They read the templates as `make infra` has kept them; it fails where they are others by now.
"""

from pathlib import Path
from typing import Any, Final

import pytest

from infra import roles, site
from infra.alarms import ALARMS
from infra.stages import STAGES
from services.bootstrap.resources import resources
from services.config import Config
from services.foundation.aws.permissions import PERMISSIONS, Process
from services.foundation.aws.provision import EXPORTS, OLD_VERSIONS_KEPT, key_types
from tests.infra.forbidden import forbidden
from tests.infra.policies import allows
from tests.infra.templates import PSEUDO, policy_of, snapshot

DECLARED: Final = resources(Config.model_validate(site.settings(site.read(site.EXAMPLE), "production")))
RUNBOOKS: Final = Path(__file__).parents[2] / "docs" / "operations" / "runbooks.md"


def made(stack: str, kind: str) -> list[dict[str, Any]]:
    """Return the properties of all resources of a type."""
    return [each["Properties"] for each in snapshot(stack)["Resources"].values() if each["Type"] == kind]


def keys(schema: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in schema)


def test_the_tables_are_those_that_are_declared() -> None:
    tables = {table["TableName"]: table for table in made("data", "AWS::DynamoDB::Table")}

    assert tables.keys() == {name for name, _ in DECLARED.tables}
    for name, spec in DECLARED.tables:
        table = tables[name]
        indexes = {index["IndexName"]: keys(index["KeySchema"]) for index in table.get("GlobalSecondaryIndexes", [])}
        assert keys(table["KeySchema"]) == spec.key
        assert indexes == {index.name: tuple(filter(None, (index.partition, index.sort))) for index in spec.indexes}
        assert table.get("TimeToLiveSpecification", {}).get("AttributeName") == spec.ttl
        assert ("StreamSpecification" in table) is spec.stream
        assert table["DeletionProtectionEnabled"]
        attributes = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        assert attributes == key_types(spec)


def test_the_queues_are_those_that_are_declared() -> None:
    queues = {queue["QueueName"]: queue for queue in made("data", "AWS::SQS::Queue")}

    assert queues.keys() == {name for queue in DECLARED.queues for name in (queue.name, f"{queue.name}-dlq")}
    for queue in DECLARED.queues:
        assert queues[queue.name]["VisibilityTimeout"] == queue.visibility


def test_the_bucket_forgets_as_provisioning_says() -> None:
    (bucket,) = (one for one in made("data", "AWS::S3::Bucket") if one["BucketName"] == DECLARED.bucket)
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert rules["DeleteOldVersions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": OLD_VERSIONS_KEPT}
    assert (rules["DeleteExports"]["Prefix"], rules["DeleteExports"]["ExpirationInDays"]) == (EXPORTS, 1)
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_what_must_not_be_lost_outlives_the_stack() -> None:
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SQS::Queue"}
    policies = {each["DeletionPolicy"] for each in snapshot("data")["Resources"].values() if each["Type"] in kinds}

    assert policies == {"Retain"}


@pytest.mark.parametrize("process", [Process.API, Process.WORKER])
def test_a_role_allows_the_calls_of_its_process_on_its_stage_and_nothing_else(process: Process) -> None:
    policy = policy_of(snapshot("run"), process)
    account = roles.Account("aws", PSEUDO["AWS::Region"], PSEUDO["AWS::AccountId"])

    assert policy == roles.policy(process, DECLARED, account)
    assert {action for statement in policy["Statement"] for action in statement["Action"]} == {
        action for actions in PERMISSIONS[process].values() for action in actions
    }
    assert [each for each in forbidden("production", other="staging") if allows(policy, each.action, each.arn)] == []


def test_every_alarm_has_a_runbook_and_is_made() -> None:
    sections = {line.removeprefix("## ") for line in RUNBOOKS.read_text().splitlines() if line.startswith("## ")}
    described = " ".join(alarm["AlarmDescription"] for alarm in made("watch", "AWS::CloudWatch::Alarm"))

    assert {alarm.name for alarm in ALARMS} <= sections
    assert [alarm.name for alarm in ALARMS if f"runbooks.md#{alarm.name}" not in described] == []


def test_stages_differ_in_what_is_kept() -> None:
    assert [stage.name for stage in STAGES.values() if not stage.is_kept] == ["dev"]
    assert all(stage.backup_days > 0 for stage in STAGES.values() if stage.is_kept)


POLICY: Final = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:Get*", "S3:PutObject"],
            "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/?"],
        },
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::a/secret*"},
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/ours"}},
        },
    ]
}


@pytest.mark.parametrize(
    ("action", "arn", "aliases", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::a/x/y", [], True),
        ("s3:putobject", "arn:aws:s3:::a/x", [], True),
        ("s3:DeleteObject", "arn:aws:s3:::a/x", [], False),
        ("s3:GetObject", "arn:aws:s3:::a", [], False),
        ("s3:GetObject", "arn:aws:s3:::a/secret/x", [], False),
        ("s3:GetObject", "arn:aws:s3:::b/x", [], True),
        ("s3:GetObject", "arn:aws:s3:::b/xy", [], False),
        ("kms:Decrypt", "arn:aws:kms:r:1:key/k", ["alias/ours", "alias/other"], True),
        ("kms:Decrypt", "arn:aws:kms:r:1:key/k", ["alias/other"], False),
        ("kms:Decrypt", "arn:aws:kms:r:1:key/k", [], False),
    ],
)
def test_a_policy_is_read_as_iam_does(action: str, arn: str, aliases: list[str], expected: bool) -> None:  # noqa: FBT001 - a column
    assert allows(POLICY, action, arn, {"kms:ResourceAliases": aliases}) is expected
