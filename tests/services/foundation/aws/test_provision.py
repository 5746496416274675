"""What provisioning makes, as AWS describes it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from cli.serving import provision_stage
from services.bootstrap import TABLES, table_name
from services.config import Config
from services.foundation.aws.clients import Aws, connect
from services.foundation.aws.provision import DoesNotFit
from services.foundation.limits.rate_limit import RATES
from services.journal.model import ACTIVITY
from services.projects.model import PROJECTS
from tests.snapinfra import settings


@pytest.fixture
async def stage(emulator: str) -> AsyncGenerator[tuple[Config, Aws]]:
    """Provision a stage, twice."""
    config = settings(emulator)
    await asyncio.to_thread(provision_stage, config)
    await asyncio.to_thread(provision_stage, config)
    aws = connect(region=config.aws_region, endpoint=config.aws_endpoint_url)
    yield config, aws
    aws.close()


async def test_jobs_have_queues_with_dead_letter_queues_that_keep_them_for_two_weeks(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    for name, visibility in ((config.generation_queue, 15 * 60), (config.deployment_queue, 30 * 60)):
        attributes = await queue(aws, config.name_of(name))
        dead = await queue(aws, f"{config.name_of(name)}-dlq")

        assert attributes["VisibilityTimeout"] == str(visibility)
        assert {attributes["MessageRetentionPeriod"], dead["MessageRetentionPeriod"]} == {str(14 * 24 * 3600)}
        assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == dead["QueueArn"]


async def test_the_bucket_is_private_and_keeps_old_versions_for_90_days(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    bucket = config.name_of(config.bucket)

    versioning = await aws.run(aws.s3.get_bucket_versioning, Bucket=bucket)
    public = await aws.run(aws.s3.get_public_access_block, Bucket=bucket)
    lifecycle = await aws.run(aws.s3.get_bucket_lifecycle_configuration, Bucket=bucket)

    assert versioning.get("Status") == "Enabled"
    assert all(public["PublicAccessBlockConfiguration"].values())
    everything, exports = lifecycle["Rules"]
    assert everything.get("NoncurrentVersionExpiration") == {"NoncurrentDays": 90}
    assert (exports.get("Filter"), exports.get("Expiration")) == ({"Prefix": "exports/"}, {"Days": 1})


async def test_every_table_can_be_restored_and_is_paid_by_request(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    for spec in TABLES:
        name = table_name(config, spec)
        backups = await aws.run(aws.dynamodb.describe_continuous_backups, TableName=name)
        table = (await aws.run(aws.dynamodb.describe_table, TableName=name))["Table"]

        recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        assert recovery.get("PointInTimeRecoveryStatus") == "ENABLED", name
        assert table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST", name
        assert table.get("StreamSpecification", {}).get("StreamEnabled", False) == spec.stream, name
        assert (await lifetime(aws, name)) == spec.ttl, name
        encryption = table.get("SSEDescription", {})
        assert (encryption.get("Status"), encryption.get("SSEType")) == ("ENABLED", "KMS"), name
    assert table_name(config, PROJECTS) == f"snapinfra-projects-{config.stage}"


async def test_rules_that_an_operator_has_put_on_the_bucket_stay(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    bucket = config.name_of(config.bucket)
    rules = (await aws.run(aws.s3.get_bucket_lifecycle_configuration, Bucket=bucket))["Rules"]
    own: Any = {"ID": "Ours", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 7}}
    changed: Any = {**rules[1], "Expiration": {"Days": 30}}
    await aws.run(
        aws.s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [own, changed]}
    )

    await asyncio.to_thread(provision_stage, config)

    after = (await aws.run(aws.s3.get_bucket_lifecycle_configuration, Bucket=bucket))["Rules"]
    assert {rule.get("ID"): rule.get("Expiration") for rule in after} == {
        "DeleteOldVersions": {"ExpiredObjectDeleteMarker": True},
        "DeleteExports": {"Days": 1},
        "Ours": {"Days": 7},
    }


async def test_a_stream_and_a_ttl_that_were_switched_off_are_switched_on(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    streamed, expiring = table_name(config, PROJECTS), table_name(config, ACTIVITY)
    off: Any = {"StreamEnabled": False}
    await aws.run(aws.dynamodb.update_table, TableName=streamed, StreamSpecification=off)
    await aws.run(
        aws.dynamodb.update_time_to_live,
        TableName=expiring,
        TimeToLiveSpecification={"Enabled": False, "AttributeName": "expiresAt"},
    )

    await asyncio.to_thread(provision_stage, config)

    table = (await aws.run(aws.dynamodb.describe_table, TableName=streamed))["Table"]
    state = (await aws.run(aws.dynamodb.describe_time_to_live, TableName=expiring))["TimeToLiveDescription"]
    assert table.get("StreamSpecification") == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert (state.get("TimeToLiveStatus"), state.get("AttributeName")) == ("ENABLED", "expiresAt")


async def test_a_table_from_before_is_encrypted_by_the_key_in_the_account(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    name = table_name(config, PROJECTS)
    await aws.run(aws.dynamodb.update_table, TableName=name, SSESpecification={"Enabled": False})
    before = (await aws.run(aws.dynamodb.describe_table, TableName=name))["Table"]

    await asyncio.to_thread(provision_stage, config)

    after = (await aws.run(aws.dynamodb.describe_table, TableName=name))["Table"]
    assert before.get("SSEDescription", {}).get("Status") != "ENABLED"
    assert after.get("SSEDescription", {}).get("Status") == "ENABLED"


async def test_what_can_not_be_changed_is_said_and_stays(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    name = table_name(config, ACTIVITY)
    ours: Any = {"Enabled": False, "AttributeName": "expiresAt"}
    other: Any = {"Enabled": True, "AttributeName": "ttl"}
    for specification in (ours, other):
        await aws.run(aws.dynamodb.update_time_to_live, TableName=name, TimeToLiveSpecification=specification)
    keyed: Any = {"KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}]}
    types: Any = [{"AttributeName": "key", "AttributeType": "S"}]
    rates = table_name(config, RATES)
    await aws.run(aws.dynamodb.delete_table, TableName=rates)
    await aws.run(
        aws.dynamodb.create_table, TableName=rates, BillingMode="PAY_PER_REQUEST", AttributeDefinitions=types, **keyed
    )

    with pytest.raises(DoesNotFit) as failure:
        await asyncio.to_thread(provision_stage, config)

    key, ttl = sorted(failure.value.faults, key=lambda fault: fault.startswith(name))
    assert key == f"{rates}: its key must be id, and is key"
    assert ttl.startswith(f"{name}: its TTL must be by 'expiresAt', and is by 'ttl'; switch it off ")
    assert await lifetime(aws, name) == "ttl"


async def test_a_queue_that_was_changed_fits_again(stage: tuple[Config, Aws]) -> None:
    config, aws = stage
    name = config.name_of(config.generation_queue)
    for changed in (name, f"{name}-dlq"):
        url = (await aws.run(aws.sqs.get_queue_url, QueueName=changed))["QueueUrl"]
        await aws.run(aws.sqs.set_queue_attributes, QueueUrl=url, Attributes={"MessageRetentionPeriod": "600"})

    await asyncio.to_thread(provision_stage, config)

    kept = [(await queue(aws, changed))["MessageRetentionPeriod"] for changed in (name, f"{name}-dlq")]
    assert kept == [str(14 * 24 * 3600)] * 2


async def queue(aws: Aws, name: str) -> dict[str, str]:
    url = (await aws.run(aws.sqs.get_queue_url, QueueName=name))["QueueUrl"]
    answer = await aws.run(aws.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


async def lifetime(aws: Aws, name: str) -> str | None:
    described = await aws.run(aws.dynamodb.describe_time_to_live, TableName=name)
    return described["TimeToLiveDescription"].get("AttributeName")
