"""This file is what provisioning makes, as AWS describes it."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from cli.serving import provision_stage
from services.aws.clients import Aws, connect
from services.bootstrap import TABLES, table_name
from services.config import Config
from services.projects import PROJECTS
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
    assert table_name(config, PROJECTS) == f"snapinfra-projects-{config.stage}"


async def queue(aws: Aws, name: str) -> dict[str, str]:
    url = (await aws.run(aws.sqs.get_queue_url, QueueName=name))["QueueUrl"]
    answer = await aws.run(aws.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in answer["Attributes"].items()}


async def lifetime(aws: Aws, name: str) -> str | None:
    described = await aws.run(aws.dynamodb.describe_time_to_live, TableName=name)
    return described["TimeToLiveDescription"].get("AttributeName")
