"""The stack of what must not be lost: tables, queues, bucket, topic and key, as `provision` makes them."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import findings
from infra.stages import Stage
from services.foundation.aws.provision import (
    EXPORTS,
    OLD_VERSIONS_KEPT,
    RECEIVES,
    RETENTION,
    QueueSpec,
    Resources,
    key_types,
)
from services.foundation.aws.spec import Index, TableSpec


class DataStack(Stack):
    """Names are those of the settings: whatever else runs finds everything by them, and `provision` changes nothing."""

    def __init__(self, scope: Construct, stage: Stage, resources: Resources, **options: Any) -> None:
        super().__init__(scope, f"snapinfra-data-{stage.name}", **options)
        self._policy = RemovalPolicy.RETAIN if stage.is_kept else RemovalPolicy.DESTROY
        self._is_kept, self._log_days = stage.is_kept, stage.log_days
        for name, spec in resources.tables:
            self._table(name, spec)
        for queue in resources.queues:
            self._queue(queue)
        self._bucket(resources.bucket)
        self.topic = sns.CfnTopic(self, "Topic", topic_name=resources.topic, kms_master_key_id="alias/aws/sns")
        if resources.key_alias:
            self._key(resources.key_alias)
        images = self._images(stage)
        CfnOutput(self, "Repository", value=images.repository_uri, description="Push the image here")

    def _table(self, name: str, spec: TableSpec[Any]) -> None:
        table = dynamodb.CfnTable(
            self,
            f"Table{_pascal(spec.name)}",
            table_name=name,
            billing_mode="PAY_PER_REQUEST",
            key_schema=_keys(spec.partition, spec.sort),
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=attribute, attribute_type=kind)
                for attribute, kind in key_types(spec).items()
            ],
            global_secondary_indexes=[_index(index) for index in spec.indexes] or None,
            time_to_live_specification=None
            if spec.ttl is None
            else dynamodb.CfnTable.TimeToLiveSpecificationProperty(attribute_name=spec.ttl, enabled=True),
            stream_specification=dynamodb.CfnTable.StreamSpecificationProperty(stream_view_type="NEW_AND_OLD_IMAGES")
            if spec.stream
            else None,
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(sse_enabled=True, sse_type="KMS"),
            point_in_time_recovery_specification=dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection_enabled=self._is_kept,
        )
        table.apply_removal_policy(self._policy)

    def _queue(self, spec: QueueSpec) -> None:
        name = _pascal(spec.name)
        dead = sqs.CfnQueue(
            self,
            f"{name}Dlq",
            queue_name=f"{spec.name}-dlq",
            message_retention_period=RETENTION,
            sqs_managed_sse_enabled=True,
        )
        queue = sqs.CfnQueue(
            self,
            name,
            queue_name=spec.name,
            visibility_timeout=spec.visibility,
            message_retention_period=RETENTION,
            redrive_policy={"deadLetterTargetArn": dead.attr_arn, "maxReceiveCount": RECEIVES},
            sqs_managed_sse_enabled=True,
        )
        for each in (dead, queue):
            each.apply_removal_policy(self._policy)
            sqs.CfnQueuePolicy(
                self, f"{each.node.id}Policy", queues=[each.ref], policy_document=_over_tls("sqs:*", [each.attr_arn])
            )

    def _bucket(self, name: str) -> None:
        seen = self._access_logs(name)
        bucket = s3.CfnBucket(
            self,
            "Bucket",
            bucket_name=name,
            logging_configuration=s3.CfnBucket.LoggingConfigurationProperty(destination_bucket_name=seen.bucket_name),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True,
                ignore_public_acls=True,
                block_public_policy=True,
                restrict_public_buckets=True,
            ),
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(
                        server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                            sse_algorithm="AES256"
                        )
                    )
                ]
            ),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(rules=_lifecycle()),
        )
        bucket.apply_removal_policy(self._policy)
        s3.CfnBucketPolicy(
            self,
            "BucketPolicy",
            bucket=bucket.ref,
            policy_document=_over_tls("s3:*", [bucket.attr_arn, f"{bucket.attr_arn}/*"]),
        )

    def _access_logs(self, name: str) -> s3.Bucket:
        """Return the bucket in which S3 notes who asked what of the other."""
        seen = s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=f"{name}-access",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(expiration=Duration.days(self._log_days))],
            removal_policy=self._policy,
        )
        seen.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject"],
                resources=[seen.arn_for_objects("*")],
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                conditions={"ArnLike": {"aws:SourceArn": f"arn:{self.partition}:s3:::{name}"}},
            )
        )
        findings.explain(seen, "AwsSolutions-S1", "It holds access logs itself.")
        return seen

    def _images(self, stage: Stage) -> ecr.Repository:
        return ecr.Repository(
            self,
            "Images",
            repository_name=repository_name(stage),
            image_scan_on_push=True,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=50)],
            removal_policy=self._policy,
            empty_on_delete=not stage.is_kept,
        )

    def _key(self, alias: str) -> None:
        key = kms.CfnKey(
            self,
            "Key",
            description="Wraps the data keys of Snapinfra's secrets",
            enable_key_rotation=True,
            key_policy=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(actions=["kms:*"], resources=["*"], principals=[iam.AccountRootPrincipal()])
                ]
            ),
        )
        key.apply_removal_policy(self._policy)
        kms.CfnAlias(self, "KeyAlias", alias_name=alias, target_key_id=key.attr_key_id)


def repository_name(stage: Stage) -> str:
    """Return the name of a stage's repository of images."""
    return f"snapinfra-{stage.name}"


def _keys(partition: str, sort: str | None) -> list[dynamodb.CfnTable.KeySchemaProperty]:
    keys = [dynamodb.CfnTable.KeySchemaProperty(attribute_name=partition, key_type="HASH")]
    if sort is not None:
        keys.append(dynamodb.CfnTable.KeySchemaProperty(attribute_name=sort, key_type="RANGE"))
    return keys


def _index(index: Index) -> dynamodb.CfnTable.GlobalSecondaryIndexProperty:
    return dynamodb.CfnTable.GlobalSecondaryIndexProperty(
        index_name=index.name,
        key_schema=_keys(index.partition, index.sort),
        projection=dynamodb.CfnTable.ProjectionProperty(projection_type="ALL"),
    )


def _lifecycle() -> list[s3.CfnBucket.RuleProperty]:
    return [
        s3.CfnBucket.RuleProperty(
            id="DeleteOldVersions",
            status="Enabled",
            noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                noncurrent_days=OLD_VERSIONS_KEPT
            ),
            expired_object_delete_marker=True,
        ),
        s3.CfnBucket.RuleProperty(
            id="DeleteExports",
            status="Enabled",
            prefix=EXPORTS,
            expiration_in_days=1,
            noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(noncurrent_days=1),
            abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                days_after_initiation=1
            ),
        ),
    ]


def _over_tls(actions: str, resources: Sequence[str]) -> iam.PolicyDocument:
    """Return the policy that refuses everybody who does not come over TLS."""
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                actions=[actions],
                resources=list(resources),
                principals=[iam.AnyPrincipal()],
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            )
        ]
    )


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
